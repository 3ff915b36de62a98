"""procrastinate on PostgreSQL."""

import os
import sys
from datetime import UTC, datetime

from posting import post
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector

_URL = os.environ["BENCH_POSTGRES"]
app = App(connector=PsycopgConnector(conninfo=_URL))
send = app.task(post, name="post")


def schedule(jobs: list[tuple[str, float]]) -> None:
    """Schedule a job for each key and Unix time."""
    connector = SyncPsycopgConnector(conninfo=_URL)
    with app.replace_connector(connector) as sync, sync.open():
        sync.schema_manager.apply_schema()
        for key, due in jobs:
            at = datetime.fromtimestamp(due, UTC)
            sync.configure_task("post", schedule_at=at).defer(key=key)


if __name__ == "__main__":
    assert sys.argv[1:] == ["work"]
    # Its default looks every five seconds; a tenth of that costs little.
    app.run_worker(concurrency=8, fetch_job_polling_interval=0.5, install_signal_handlers=False)

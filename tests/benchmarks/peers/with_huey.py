"""huey on Redis."""

import os
from datetime import UTC, datetime

from huey import RedisHuey
from posting import post

huey = RedisHuey("bench", url=os.environ["BENCH_REDIS"], results=False)
send = huey.task()(post)


def schedule(jobs: list[tuple[str, float]]) -> None:
    """Schedule a task for each key and Unix time."""
    for key, due in jobs:
        # huey expects local time without a zone.
        local = datetime.fromtimestamp(due, UTC).astimezone().replace(tzinfo=None)
        send.schedule((key,), eta=local)

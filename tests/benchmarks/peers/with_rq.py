"""RQ's own scheduler: SimpleWorkers, one of which runs it."""

import os
import sys
from datetime import UTC, datetime

from posting import post
from redis import Redis
from rq import Queue, SimpleWorker

connection = Redis.from_url(os.environ["BENCH_REDIS"])


def schedule(jobs: list[tuple[str, float]]) -> None:
    """Schedule a job for each key and Unix time."""
    queue = Queue("bench", connection=connection)
    for key, due in jobs:
        queue.enqueue_at(datetime.fromtimestamp(due, UTC), post, key, result_ttl=0)


if __name__ == "__main__":
    assert sys.argv[1:] == ["work"]
    SimpleWorker(["bench"], connection=connection).work(with_scheduler=True, logging_level="ERROR")

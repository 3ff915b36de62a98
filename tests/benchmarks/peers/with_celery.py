"""Celery on Redis, tasks with an ETA."""

import os
from datetime import UTC, datetime

from celery import Celery
from posting import post

app = Celery("with_celery", broker=os.environ["BENCH_REDIS"])
app.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
send = app.task(post, name="post")


def schedule(jobs: list[tuple[str, float]]) -> None:
    """Schedule a task for each key and Unix time."""
    for key, due in jobs:
        send.apply_async((key,), eta=datetime.fromtimestamp(due, UTC))

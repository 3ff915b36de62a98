"""dramatiq on Redis, messages with a delay."""

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from posting import post

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_REDIS"]))
send = dramatiq.actor(post)


def schedule(jobs: list[tuple[str, float]]) -> None:
    """Schedule a message for each key and Unix time."""
    for key, due in jobs:
        delay = int((due - time.time()) * 1000 + 0.999)
        send.send_with_options(args=(key,), delay=max(0, delay))

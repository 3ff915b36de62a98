"""The functions that RQ calls, run by a real worker in this process."""

from __future__ import annotations

import signal
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rq import SimpleWorker
from sqlalchemy import select

from contentsvc.db.models import Delivery
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.runtime import Runtime
from contentsvc.worker.connections import connect
from contentsvc.worker.jobs import serve_with
from contentsvc.worker.queue import PUBLISH, RENDER, SERIALIZER, RqQueue
from tests.factories import Clock, make_calendar, make_channel, make_entry, make_runtime


def _work_off(url: str, *queues: str) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with closing(connect(url)) as redis:
            worker = SimpleWorker(list(queues), connection=redis, serializer=SERIALIZER)
            worker.work(burst=True, logging_level="WARNING")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _statuses(runtime: Runtime) -> list[DeliveryStatus]:
    with runtime.database.read() as session:
        return list(session.scalars(select(Delivery.status)))


def test_a_delivery_goes_through_both_queues(
    database: Database, redis_url: str, tmp_path: Path
) -> None:
    """A delivery is enqueued for rendering, then for publishing; jobs contain only ids."""
    with closing(RqQueue(redis_url)) as queue:
        runtime = replace(make_runtime(database, tmp_path), queue=queue)
        make_channel(runtime)
        make_entry(runtime, make_calendar(runtime))
        publisher = serve_with(runtime)
        dispatcher = Dispatcher(runtime, "test:1")
        clock = runtime.clock
        assert isinstance(clock, Clock)

        dispatcher.turn(clock())
        _work_off(redis_url, RENDER)
        assert _statuses(runtime) == [DeliveryStatus.SCHEDULED]

        dispatcher.turn(clock.turn(hours=8, minutes=1))
        _work_off(redis_url, PUBLISH)
        publisher.close()
        assert _statuses(runtime) == [DeliveryStatus.PUBLISHED]

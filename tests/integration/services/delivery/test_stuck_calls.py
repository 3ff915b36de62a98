"""Calls that never return: their deliveries end, and the worker is replaced at a quiet moment."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from contentsvc.channels import Accepted, Receipt
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery import sending
from contentsvc.services.delivery.publishing import Publisher
from tests.acceptance.running import PATIENCE, until
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Make calls count as overdue at once; yield an event that ends the blocked calls."""
    # The time limit is CONTENTSVC_CALL_TIMEOUT, 30 s, and the grace.
    monkeypatch.setattr(sending, "_GRACE", -29.9)
    monkeypatch.setattr(sending, "_LEAST_LIFE", 0.0)
    monkeypatch.setattr(sending, "_SPREAD", 0.0)
    go_on = threading.Event()
    yield go_on
    go_on.set()


def _replaced(engine: Engine) -> threading.Event:
    """Give the engine a publisher whose wish to be replaced sets the returned event."""
    stuck = threading.Event()
    engine.publisher = Publisher(engine.runtime, "host:2", on_stuck=stuck.set)
    return stuck


def _plan_due(engine: Engine) -> None:
    engine.plan()
    engine.due()
    engine.turn()


def test_a_worker_with_a_call_that_never_returns_is_replaced(
    engine: Engine, blocked: threading.Event
) -> None:
    """The delivery becomes unknown, and the worker asks for its end once nothing else is left."""
    channel = engine.script("scripted")
    channel.script += [lambda: blocked.wait(PATIENCE)]
    stuck = _replaced(engine)
    _plan_due(engine)

    for lane, claims in engine.take():
        engine.publisher.submit(lane, claims)

    assert stuck.wait(PATIENCE)
    assert engine.delivery().status is S.UNKNOWN


def test_a_call_that_returns_late_keeps_its_worker(
    engine: Engine, blocked: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that returns after its limit, before the worker ends, is no reason to end it."""
    monkeypatch.setattr(sending, "_LEAST_LIFE", 3600.0)
    channel = engine.script("scripted")
    channel.script += [lambda: Receipt("late") if blocked.wait(PATIENCE) else None]
    stuck = _replaced(engine)
    _plan_due(engine)
    for lane, claims in engine.take():
        engine.publisher.submit(lane, claims)
    until("unknown", lambda: engine.delivery().status is S.UNKNOWN)

    blocked.set()
    until("published", lambda: engine.delivery().status is S.PUBLISHED)
    engine.publisher._sender._replace_at = 0.0
    engine.publisher.close()

    assert not stuck.is_set()


def test_a_blocked_question_keeps_nobody_waiting(engine: Engine, blocked: threading.Event) -> None:
    """`submit` returns although the question of a post blocks; the post stays accepted."""
    channel = engine.script("scripted")
    channel.script += [Accepted("t", 0), lambda: blocked.wait(PATIENCE)]
    _plan_due(engine)
    for lane, claims in engine.take():
        engine.publish(lane, claims)
    engine.clock.turn(seconds=1)
    engine.turn()
    assert engine.queue.published == []
    ((lane, claims),) = engine.take()

    began = time.monotonic()
    engine.publisher.submit(lane, claims)

    assert time.monotonic() - began < PATIENCE
    assert engine.delivery().status is S.ACCEPTED

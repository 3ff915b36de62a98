"""What is withdrawn while it is under way does not go out, and is not denied where it may be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import InputError, OutcomeUnknownError, TemporaryError
from contentsvc.services.deliveries import Resolution, resolve_delivery
from contentsvc.services.delivery.sending import has_time_for_a_call
from contentsvc.services.entries import cancel_entry, delete_entry, get_entry, return_entry
from contentsvc.services.planning import approve
from tests.factories import USEFULNESS
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
Change = Callable[..., Any]
_CHANGES = pytest.mark.parametrize("change", [cancel_entry, delete_entry, return_entry])


def withdraw(engine: Engine, change: Change) -> None:
    """Take the one entry back."""
    with engine.runtime.database.write() as session:
        entry = get_entry(session, engine.delivery().entry_id)
        change(session, entry.id, entry.rev, by="mei", now=engine.clock.at, usefulness=USEFULNESS)


def withdraw_amid(engine: Engine, change: Change, error: Exception) -> Callable[[], Any]:
    """Return a call amid which the entry is taken back, and which fails then."""

    def call() -> None:
        withdraw(engine, change)
        raise error

    return call


@_CHANGES
def test_what_is_withdrawn_amid_a_call_is_not_tried_again(engine: Engine, change: Change) -> None:
    """The call under way published nothing: no other is made, and the delivery is cancelled."""
    channel = engine.script("scripted")
    channel.script += [withdraw_amid(engine, change, TemporaryError("busy"))]
    engine.plan()
    engine.due()
    engine.settle(60)

    assert len(channel.calls) == 1
    assert engine.delivery().status is S.CANCELLED


def test_what_was_withdrawn_amid_a_call_goes_out_when_it_is_approved_again(
    engine: Engine,
) -> None:
    """The person who approves it has changed their mind."""
    channel = engine.script("scripted")
    channel.script += [withdraw_amid(engine, return_entry, TemporaryError("busy"))]
    engine.plan()
    engine.due()
    engine.settle(60)
    with engine.runtime.database.write() as session:
        entry = get_entry(session, engine.delivery().entry_id)
        approve(session, entry, by="lan", now=engine.clock.at, usefulness=USEFULNESS)
    engine.settle(5)

    assert len(channel.calls) == 2
    assert engine.delivery().status is S.PUBLISHED


@_CHANGES
def test_what_is_withdrawn_in_doubt_is_not_sent_to_find_out(engine: Engine, change: Change) -> None:
    """A repeated key would publish it if the first call had not."""
    channel = engine.script("scripted_idempotent")
    channel.script += [withdraw_amid(engine, change, OutcomeUnknownError("cut off"))]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.settle(60)

    assert len(channel.calls) == 1
    assert engine.delivery().status is S.UNKNOWN


def test_what_is_withdrawn_and_proves_not_to_be_out_is_cancelled(engine: Engine) -> None:
    """The channel is asked, it is not there, and it is not sent."""
    channel = engine.script("scripted_findable")
    channel.script += [withdraw_amid(engine, delete_entry, OutcomeUnknownError("cut off"))]
    channel.found += [None]
    engine.plan("scripted_findable")
    engine.due()
    engine.settle(60)

    assert len(channel.calls) == 1
    assert engine.delivery().status is S.CANCELLED


def in_doubt_and_lost(engine: Engine) -> Any:
    """Bring a delivery to where it may be out, and its second worker is lost before the call."""
    channel = engine.script("scripted_idempotent")
    channel.script += [OutcomeUnknownError("cut off")]
    engine.plan("scripted_idempotent")
    engine.due()
    engine.work()
    for _ in range(2):
        engine.clock.turn(seconds=2.5)
        engine.turn()
    assert engine.delivery().status is S.CLAIMED
    list(engine.take())
    return channel


@pytest.mark.parametrize("change", [cancel_entry, None])
def test_what_may_be_out_is_never_called_cancelled(engine: Engine, change: Change | None) -> None:
    """In a worker's hands or back from a lost one: in doubt it becomes unknown, and stays."""
    channel = in_doubt_and_lost(engine)
    if change is None:
        engine.lease_out()
        engine.queue.is_down = True
        engine.turn()
        engine.queue.is_down = False
        assert engine.delivery().status is S.SCHEDULED
    withdraw(engine, cancel_entry)
    engine.settle(30)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1


def test_what_may_be_out_and_is_too_late_comes_to_rest(engine: Engine) -> None:
    """A lost worker's claim of it ends, its time goes by: a person is told, nothing goes round."""
    channel = in_doubt_and_lost(engine)
    engine.clock.turn(hours=3)
    engine.settle(5)

    assert engine.delivery().status is S.UNKNOWN
    assert len(channel.calls) == 1


def test_a_withdrawn_post_cannot_be_sent_again_by_a_person(engine: Engine) -> None:
    """What is not approved is not sent, whoever asks."""
    channel = engine.script("scripted")
    channel.script += [withdraw_amid(engine, cancel_entry, OutcomeUnknownError("cut off"))]
    engine.plan()
    engine.due()
    engine.work()

    with (
        pytest.raises(InputError, match="not approved"),
        engine.runtime.database.write() as session,
    ):
        resolve_delivery(
            session,
            engine.delivery().id,
            Resolution.SEND_AGAIN,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )


@pytest.mark.parametrize(
    ("passed", "jumped", "has_time"), [(0, 0, True), (61, 0, False), (0, 61, False), (59, 59, True)]
)
def test_a_call_is_made_only_within_its_lease(
    engine: Engine, passed: float, jumped: float, *, has_time: bool
) -> None:
    """A worker that stood still between its intent and its call leaves the call alone."""
    intended_at = engine.clock.at
    engine.clock.turn(seconds=jumped)

    answer = has_time_for_a_call(engine.runtime, intended_at, timedelta(seconds=passed))

    assert answer is has_time

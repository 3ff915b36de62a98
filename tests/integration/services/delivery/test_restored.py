"""After a backup is restored, nothing that may be out is sent again blindly."""

from __future__ import annotations

from datetime import timedelta

import pytest

from contentsvc.channels import Receipt
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.deliveries import Resolution, resolve_delivery
from contentsvc.services.delivery.restored import doubt_overdue
from tests.factories import USEFULNESS, make_calendar, make_channel, make_entry
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def _restore(engine: Engine, after: timedelta) -> int:
    """Restore the present database *after* the time at which its next delivery is due."""
    engine.clock.at = engine.delivery().due_at + after
    with engine.runtime.database.write() as session:
        return doubt_overdue(session, engine.clock.at)


def _resolve(engine: Engine, resolution: Resolution) -> None:
    with engine.runtime.database.write() as session:
        resolve_delivery(
            session,
            engine.delivery().id,
            resolution,
            by="mei",
            now=engine.clock.at,
            usefulness=USEFULNESS,
        )


def test_a_person_decides_about_what_may_be_out(engine: Engine) -> None:
    """On a channel that cannot be asked, nothing is sent; no reminder is due for each delivery."""
    channel = engine.script("scripted")
    engine.plan()

    assert _restore(engine, timedelta(minutes=1)) == 1
    engine.settle(600)

    held = engine.delivery()
    assert (held.status, held.in_doubt, channel.calls) == (S.UNKNOWN, True, [])
    assert "restored from a backup" in str(held.error)
    assert held.told_at is not None
    _resolve(engine, Resolution.OUT)
    assert engine.delivery().status is S.PUBLISHED


def test_what_is_not_due_yet_is_sent_as_planned(engine: Engine) -> None:
    """Nothing was sent before it was due, so these deliveries are certain."""
    channel = engine.script("scripted")
    engine.plan()

    assert _restore(engine, -timedelta(seconds=1)) == 0
    engine.settle(30)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


@pytest.mark.parametrize(("found", "calls"), [(Receipt("7"), 0), (None, 1)])
def test_a_platform_that_can_be_asked_is_asked(
    found: Receipt | None, calls: int, engine: Engine
) -> None:
    """It is published if the platform has it, and sent if the platform does not."""
    channel = engine.script("scripted_findable")
    engine.plan("scripted_findable")
    channel.found[:] = [found]

    _restore(engine, timedelta(minutes=1))
    engine.settle(120)

    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == calls


def test_an_idempotent_channel_gets_the_same_key_again(engine: Engine) -> None:
    """The platform recognizes the key, if it has it already."""
    channel = engine.script("scripted_idempotent")
    engine.plan("scripted_idempotent")
    key = engine.delivery().key

    _restore(engine, timedelta(minutes=1))
    engine.settle(60)

    assert engine.delivery().status is S.PUBLISHED
    assert [call_key for call_key, _ in channel.calls] == [key]


def test_what_was_not_rendered_is_rendered_before_it_is_sent(engine: Engine) -> None:
    """The backup may be older than the rendition; until a person decides, nothing is sent."""
    channel = engine.script("scripted_idempotent")
    make_channel(engine.runtime, "there", "scripted_idempotent")
    make_entry(engine.runtime, make_calendar(engine.runtime, "there"))
    assert engine.delivery().status is S.PLANNED

    _restore(engine, timedelta(minutes=1))
    engine.settle(60)
    assert (engine.delivery().status, channel.calls) == (S.UNKNOWN, [])

    _resolve(engine, Resolution.SEND_AGAIN)
    engine.settle(60)
    assert engine.delivery().status is S.PUBLISHED
    assert len(channel.calls) == 1


def test_a_worker_from_before_the_restore_sends_nothing(engine: Engine) -> None:
    """A claim that still lies in the queue is no longer valid."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.turn()
    assert engine.delivery().status is S.CLAIMED

    _restore(engine, timedelta(0))
    for lane, claims in engine.take():
        engine.publish(lane, claims)

    assert (engine.delivery().status, channel.calls) == (S.UNKNOWN, [])

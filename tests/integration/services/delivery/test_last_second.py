"""Changes in the last second, while a worker waits with a delivery that is due soon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_of
from contentsvc.db.models import Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.services.channel_setup.channels import pause_channel, resume_channel
from contentsvc.services.entries import (
    cancel_entry,
    change_entry,
    delete_entry,
    get_entry,
    move_entry,
    return_entry,
)
from contentsvc.services.switch import pause_all, resume_all
from tests.acceptance.running import until
from tests.factories import USEFULNESS
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


def _handed_ahead(engine: Engine, times: int = 1) -> Any:
    """Give a delivery to a worker 0.8 seconds before it is due."""
    channel = engine.script("scripted")
    engine.plan()
    engine.due()
    engine.clock.turn(milliseconds=-800)
    engine.turn()
    for lane, claims in engine.take():
        for _ in range(times):
            engine.publisher.begin_batch(lane, claims)
    return channel


def _change(engine: Engine, change: Callable[[Session, Entry], Any]) -> None:
    with engine.runtime.database.write() as session:
        change(session, get_entry(session, engine.delivery().entry_id))


@pytest.mark.parametrize("change", [cancel_entry, delete_entry, return_entry])
def test_what_is_taken_back_does_not_go_out(engine: Engine, change: Callable[..., Any]) -> None:
    """A delivery is not sent if its entry is cancelled, deleted or returned to review meanwhile."""
    channel = _handed_ahead(engine)
    said: dict[str, Any] = {"by": "mei", "now": engine.clock.at, "usefulness": USEFULNESS}
    _change(engine, lambda session, entry: change(session, entry.id, entry.rev, **said))
    assert engine.delivery().status is S.CANCELLED

    engine.clock.turn(seconds=1)
    engine.settle(60)

    assert channel.calls == []
    assert engine.delivery().status is S.CANCELLED


def test_what_is_moved_goes_out_at_its_new_time_only(engine: Engine) -> None:
    """A delivery that is moved by a day is sent once, a day later."""
    channel = _handed_ahead(engine)
    said: dict[str, Any] = {"by": "mei", "now": engine.clock.at, "usefulness": USEFULNESS}

    def move(session: Session, entry: Entry) -> None:
        week = IsoWeek.parse(entry.week)
        to: dict[str, Any] = {"week": week, "day": Weekday.THU, "slot": entry.slot, "time": None}
        move_entry(session, entry.id, entry.rev, **to, **said)

    first = engine.delivery().due_at
    _change(engine, move)
    engine.clock.turn(seconds=1)
    engine.settle(60)
    assert channel.calls == []
    assert engine.delivery().due_at == first + timedelta(days=1)

    engine.due()
    engine.settle(5)

    assert len(channel.calls) == 1
    assert engine.delivery().status is S.PUBLISHED


def test_what_is_edited_goes_out_with_its_new_words_only(engine: Engine) -> None:
    """An edited post is sent with its new title, although the worker has loaded the old title."""
    channel = _handed_ahead(engine)
    said: dict[str, Any] = {
        "by": "mei",
        "now": engine.clock.at,
        "usefulness": USEFULNESS,
        "review_on_edit": False,
    }

    def edit(session: Session, entry: Entry) -> None:
        content = replace(content_of(entry), title="改过的标题")
        change_entry(session, entry.id, entry.rev, content, **said)

    _change(engine, edit)
    engine.clock.turn(seconds=1)
    engine.settle(10)

    assert [title for _, title in channel.calls] == ["改过的标题"]
    assert engine.delivery().status is S.PUBLISHED


def test_a_paused_channel_holds_it(engine: Engine) -> None:
    """The delivery is released while its channel is paused, and sent after the pause."""
    channel = _handed_ahead(engine)
    with engine.runtime.database.write() as session:
        pause_channel(session, "there", reason="wait", now=engine.clock.at)
    engine.clock.turn(seconds=1)
    until("it was let go", lambda: engine.delivery().status is S.SCHEDULED)
    assert channel.calls == []

    with engine.runtime.database.write() as session:
        resume_channel(session, "there", now=engine.clock.at)
    engine.settle(5)

    assert len(channel.calls) == 1


def test_the_red_switch_holds_it(engine: Engine) -> None:
    """The delivery is released while the red switch is on, and sent after it is turned off."""
    channel = _handed_ahead(engine)
    with engine.runtime.database.write() as session:
        pause_all(session, reason="wait", by="mei", now=engine.clock.at)
    engine.clock.turn(seconds=1)
    until("it was let go", lambda: engine.delivery().status is S.SCHEDULED)
    assert channel.calls == []

    with engine.runtime.database.write() as session:
        resume_all(session, now=engine.clock.at)
    engine.settle(5)

    assert len(channel.calls) == 1


def test_a_worker_that_stops_lets_go_of_what_is_not_due(engine: Engine) -> None:
    """A stopping worker releases deliveries that are not due yet for another worker."""
    channel = _handed_ahead(engine)

    engine.publisher.close()

    assert engine.delivery().status is S.SCHEDULED
    assert channel.calls == []


def test_a_clock_that_is_set_back_keeps_nothing_waiting_in_a_worker(engine: Engine) -> None:
    """If the clock is set back by an hour, the worker releases the delivery within seconds."""
    channel = _handed_ahead(engine)
    engine.clock.turn(hours=-1)

    until("it was let go", lambda: engine.delivery().status is S.SCHEDULED)

    assert channel.calls == []


def test_a_job_that_comes_twice_is_done_once(engine: Engine) -> None:
    """If the queue delivers a job twice, its delivery is sent once."""
    channel = _handed_ahead(engine, times=2)

    engine.clock.turn(seconds=1)
    until("it went out", lambda: engine.delivery().status is S.PUBLISHED)
    engine.settle(60)

    assert len(channel.calls) == 1

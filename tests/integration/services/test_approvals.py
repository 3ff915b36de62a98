"""An approval is bound to what was approved, and nothing else goes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
from sqlalchemy import update

from contentsvc.db.mapping import content_of, head_of
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import InputError
from contentsvc.services import entries as service
from contentsvc.services.approvals import channels_of
from contentsvc.services.deliveries import plan_again
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import approve_entry, plan_deliveries
from contentsvc.services.renditions import load_rendition
from contentsvc.services.runtime import Runtime
from contentsvc.services.week_board import week_board
from tests.factories import (
    NOW,
    USEFULNESS,
    WEEK,
    make_calendar,
    make_channel,
    make_entry,
)
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus


@pytest.fixture
def planned(runtime: Runtime) -> Runtime:
    """Give a runtime with the channels `site` and `other`."""
    make_channel(runtime)
    make_channel(runtime, "other", "scripted")
    return runtime


def statuses(runtime: Runtime, entry: Entry) -> dict[str, DeliveryStatus]:
    """Return the status of each delivery of an entry, by channel."""
    with runtime.database.read() as session:
        rows = load_entry(session, entry.id).deliveries
        return {row.channel.name: row.status for row in rows}


def widen(runtime: Runtime, calendar: Calendar, *channels: str) -> None:
    """Give a calendar other channels, as a process that does not ask would."""
    with runtime.database.write() as session:
        session.execute(
            update(Calendar).where(Calendar.id == calendar.id).values(channels=list(channels))
        )


def edit(runtime: Runtime, entry: Entry, *, take_back: bool = False, **said: object) -> Entry:
    """Change an approved entry, which then waits for review."""
    with runtime.database.write() as session:
        entry = load_entry(session, entry.id)
        return service.change_entry(
            session,
            entry.id,
            entry.rev,
            replace(content_of(entry), **said),  # type: ignore[arg-type]
            by="mei",
            now=NOW,
            usefulness=USEFULNESS,
            take_back=take_back,
        )


def test_an_approved_entry_keeps_its_channels(planned: Runtime) -> None:
    """A channel that the calendar gets later is not planned for it, however often it is planned."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    widen(planned, calendar, "site", "other")
    with planned.database.write() as session:
        again = load_entry(session, entry.id)
        plan_deliveries(session, again, now=NOW, usefulness=USEFULNESS)

    assert statuses(planned, entry) == {"site": S.PLANNED}


def test_a_moved_entry_keeps_its_channels(planned: Runtime) -> None:
    """Moving renews the approval for the new time, and for nothing else."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    widen(planned, calendar, "site", "other")
    with planned.database.write() as session:
        moved = service.move_entry(
            session,
            entry.id,
            entry.rev,
            week=WEEK,
            day=Weekday.FRI,
            slot="早安",
            time=None,
            by="mei",
            now=NOW,
            usefulness=USEFULNESS,
        )

    assert moved.status is EntryStatus.APPROVED
    assert statuses(planned, entry) == {"site": S.PLANNED}


def test_new_channels_go_out_after_a_new_approval(planned: Runtime) -> None:
    """Taken back and approved again, the entry goes to the channels that its calendar has."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    widen(planned, calendar, "site", "other")
    with planned.database.write() as session:
        back = service.take_back_entry(
            session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS
        )
        assert channels_of(back) == ("site", "other")
        approve_entry(session, entry.id, back.rev, by="lan", now=NOW, usefulness=USEFULNESS)

    assert statuses(planned, entry) == {"site": S.PLANNED, "other": S.PLANNED}


def test_the_approved_revision_goes_out_while_an_edit_waits(engine: Engine) -> None:
    """Readers get the approved text at the approved time; the new one waits."""
    engine.script("scripted")
    entry = engine.plan()
    changed = edit(engine.runtime, entry, title="新的标题", slot=None, time=time(22))
    engine.due()
    engine.settle(5)

    delivery = engine.delivery()
    assert changed.status is EntryStatus.IN_REVIEW
    assert delivery.status is S.PUBLISHED
    with engine.runtime.database.read() as session:
        sent = load_rendition(engine.runtime, session, delivery.rendition_hash or "")
    assert sent.title == entry.title


def test_what_is_rendered_after_an_edit_is_what_was_approved(engine: Engine) -> None:
    """An edit between approval and rendering does not reach the rendition."""
    make_channel(engine.runtime, "there", "scripted")
    entry = make_entry(engine.runtime, make_calendar(engine.runtime, "there"))
    edit(engine.runtime, entry, title="新的标题")
    engine.turn()

    delivery = engine.delivery()
    assert delivery.status is S.SCHEDULED
    with engine.runtime.database.read() as session:
        rendition = load_rendition(engine.runtime, session, delivery.rendition_hash or "")
    assert rendition.title == entry.title


def test_an_edit_may_take_the_approved_revision_back(planned: Runtime) -> None:
    """What is not out yet is cancelled until the new text is approved."""
    entry = make_entry(planned, make_calendar(planned))
    changed = edit(planned, entry, title="新的标题", take_back=True)
    assert (changed.status, statuses(planned, entry)) == (
        EntryStatus.IN_REVIEW,
        {"site": S.CANCELLED},
    )

    with planned.database.write() as session:
        approve_entry(session, entry.id, changed.rev, by="lan", now=NOW, usefulness=USEFULNESS)

    assert statuses(planned, entry) == {"site": S.PLANNED}


def test_what_was_sent_for_review_can_be_taken_back_later(planned: Runtime) -> None:
    """The edit stays in review, and the approved revision no longer goes out."""
    entry = edit(planned, make_entry(planned, make_calendar(planned)), title="新的标题")
    assert statuses(planned, entry) == {"site": S.PLANNED}

    with planned.database.write() as session:
        back = service.take_back_entry(
            session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS
        )

    assert (back.status, back.title) == (EntryStatus.IN_REVIEW, "新的标题")
    assert statuses(planned, entry) == {"site": S.CANCELLED}


def test_a_restored_entry_goes_out_as_it_was_approved(planned: Runtime) -> None:
    """Undoing a deletion undoes it wholly."""
    entry = make_entry(planned, make_calendar(planned))
    with planned.database.write() as session:
        service.delete_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)
    assert statuses_of_deleted(planned, entry) == [S.CANCELLED]
    with planned.database.write() as session:
        restored = service.restore_entry(
            session, entry.id, by="mei", now=NOW, usefulness=USEFULNESS
        )

    assert restored.status is EntryStatus.APPROVED
    assert statuses(planned, entry) == {"site": S.PLANNED}


def test_a_restored_entry_whose_time_has_passed_waits_for_review(planned: Runtime) -> None:
    """It is not published at once."""
    entry = make_entry(planned, make_calendar(planned))
    with planned.database.write() as session:
        service.delete_entry(session, entry.id, entry.rev, by="mei", now=NOW, usefulness=USEFULNESS)
        late = entry.starts_at.replace(minute=30)
        restored = service.restore_entry(
            session, entry.id, by="mei", now=late, usefulness=USEFULNESS
        )

    assert restored.status is EntryStatus.IN_REVIEW
    assert statuses(planned, entry) == {"site": S.CANCELLED}


def statuses_of_deleted(runtime: Runtime, entry: Entry) -> list[DeliveryStatus]:
    """Return the statuses of a deleted entry's deliveries."""
    with runtime.database.read() as session:
        return [row.status for row in load_entry(session, entry.id, deleted=True).deliveries]


@pytest.mark.parametrize("stage", ["planned", "scheduled", "claimed"])
def test_nothing_goes_out_under_another_approval(engine: Engine, stage: str) -> None:
    """Rendering, claiming and sending each compare the hash."""
    channel = engine.script("scripted")
    if stage == "planned":
        make_channel(engine.runtime, "there", "scripted")
        make_entry(engine.runtime, make_calendar(engine.runtime, "there"))
    else:
        engine.plan()
    engine.due()
    if stage == "claimed":
        engine.turn()
    with engine.runtime.database.write() as session:
        session.execute(update(Entry).values(approval_hash="0" * 64))
    if stage == "claimed":
        for lane, claims in engine.take():
            engine.publish(lane, claims)
        engine.lease_out()
    engine.settle(30)

    assert channel.calls == []
    assert engine.delivery().status in {S.PLANNED, S.CANCELLED}


def test_a_changed_revision_is_not_what_was_approved(planned: Runtime) -> None:
    """A stored revision that does not have the approved hash is not planned."""
    entry = make_entry(planned, make_calendar(planned))
    with planned.database.write() as session:
        row = load_entry(session, entry.id)
        assert row.approval is not None
        content = {**row.approval["content"], "title": "没有通过的标题"}
        row.approval = {**row.approval, "content": content}
        session.flush()
        plan_deliveries(session, row, now=NOW, usefulness=USEFULNESS)

    assert statuses(planned, entry) == {"site": S.CANCELLED}


def test_a_channel_with_other_settings_is_not_what_was_approved(engine: Engine) -> None:
    """Settings that changed behind the service's back stop rendering and planning."""
    make_channel(engine.runtime, "there", "scripted")
    entry = make_entry(engine.runtime, make_calendar(engine.runtime, "there"))
    with engine.runtime.database.write() as session:
        session.execute(update(ChannelRow).values(settings={"group": "another"}))
    engine.turn()
    assert engine.delivery().status is S.PLANNED
    with engine.runtime.database.write() as session:
        plan_deliveries(session, load_entry(session, entry.id), now=NOW, usefulness=USEFULNESS)

    assert engine.delivery().status is S.CANCELLED


def test_a_delivery_is_not_planned_again_on_a_channel_that_was_dropped(planned: Runtime) -> None:
    """The entry was approved for another channel since."""
    entry = make_entry(planned, make_calendar(planned, "site", "other"))
    with planned.database.write() as session:
        service.change_entry(
            session,
            entry.id,
            entry.rev,
            replace(content_of(entry), channels=("site",)),
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
            review_on_edit=False,
        )
        rows = {row.channel.name: row.id for row in load_entry(session, entry.id).deliveries}
        with pytest.raises(InputError, match="not approved"):
            plan_again(session, rows["other"], by="mei", now=NOW, usefulness=USEFULNESS)


def test_the_board_shows_where_a_post_went(engine: Engine) -> None:
    """A channel that the calendar has lost stays on the card, and a new one does not appear."""
    engine.script("scripted")
    engine.plan()
    engine.due()
    engine.settle(5)
    make_channel(engine.runtime, "later", "scripted")
    with engine.runtime.database.write() as session:
        session.execute(update(Calendar).values(channels=["later"]))
    with engine.runtime.database.read() as session:
        calendar = session.query(Calendar).one()
        board = week_board(session, calendar, WEEK, now=engine.clock.at)
        cards = [card for row in board.rows for cell in row.cells for card in cell.cards]

    assert [channel.name for card in cards for channel in card.channels] == ["there"]
    assert board.channels == {"there": 1}


def test_the_board_shows_every_channel_of_an_entry_that_is_edited(engine: Engine) -> None:
    """It went to one channel, and now waits to go to another."""
    engine.script("scripted")
    entry = engine.plan()
    engine.due()
    engine.settle(5)
    make_channel(engine.runtime, "later", "scripted")
    edit(engine.runtime, entry, channels=("later",))
    with engine.runtime.database.read() as session:
        calendar = session.query(Calendar).one()
        assert head_of(calendar).channels == ("there",)
        board = week_board(session, calendar, WEEK, now=engine.clock.at)
        cards = [card for row in board.rows for cell in row.cells for card in cell.cards]
        rows = session.query(Delivery).all()

    assert [channel.name for card in cards for channel in card.channels] == ["there", "later"]
    assert len(rows) == 1

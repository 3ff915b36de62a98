"""Approval, and what becomes of the deliveries when an entry changes afterwards."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from contentsvc.channels import RenditionWarning, WarningLevel
from contentsvc.db.mapping import content_of
from contentsvc.db.models import Delivery, Entry
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus, Livestream
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services import entries as service
from contentsvc.services.calendar_settings import get_calendar
from contentsvc.services.entry_lookup import load_entry
from contentsvc.services.planning import approve_entry, approve_week, plan_deliveries
from contentsvc.services.runtime import Runtime
from tests.acceptance.running import PATIENCE, until
from tests.factories import (
    NOW,
    USEFULNESS,
    WEEK,
    change_calendar,
    make_calendar,
    make_channel,
    make_content,
    make_entry,
)
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
LIVE: Mapping[str, Any] = {
    "kind": EntryKind.LIVESTREAM,
    "day": Weekday.THU,
    "key": "thu-live",
    "livestream": Livestream(host="林晓", url="https://live.example.com/1"),
}
#: Thursday 20:00 in Shanghai.
LIVE_AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def planned(runtime: Runtime) -> Runtime:
    """Give a runtime with the channels `site` and `other`."""
    make_channel(runtime)
    make_channel(runtime, "other", "scripted")
    return runtime


def deliveries(runtime: Runtime, entry: Entry) -> list[Delivery]:
    """Return an entry's deliveries, by time."""
    with runtime.database.read() as session:
        return sorted(load_entry(session, entry.id).deliveries, key=lambda row: row.due_at)


def test_approval_plans_one_delivery_a_channel(planned: Runtime) -> None:
    """Each has its own key and the entry's instant in UTC."""
    entry = make_entry(planned, make_calendar(planned, "site", "other"))

    rows = deliveries(planned, entry)

    assert [row.due_at for row in rows] == [datetime(2026, 11, 25, 12, tzinfo=UTC)] * 2
    assert {row.status for row in rows} == {S.PLANNED}
    assert len({row.key for row in rows}) == 2


def test_a_draft_has_no_deliveries(planned: Runtime) -> None:
    """Nothing goes out unapproved."""
    entry = make_entry(planned, make_calendar(planned), approved=False)

    assert deliveries(planned, entry) == []


def test_planning_twice_changes_nothing(planned: Runtime) -> None:
    """The same rows stand after a second planning."""
    entry = make_entry(planned, make_calendar(planned, "site", "other"))
    before = [(row.id, row.key, row.due_at) for row in deliveries(planned, entry)]
    with planned.database.write() as session:
        plan_deliveries(session, load_entry(session, entry.id), now=NOW, usefulness=USEFULNESS)

    assert [(row.id, row.key, row.due_at) for row in deliveries(planned, entry)] == before


def test_a_livestream_plans_its_chain(planned: Runtime) -> None:
    """Without notices of its own it has the usual five, of which yesterday's is not past yet."""
    entry = make_entry(planned, make_calendar(planned), **LIVE)

    offsets = [row.due_at - LIVE_AT for row in deliveries(planned, entry)]

    assert offsets == [
        timedelta(hours=-24),
        timedelta(hours=-1),
        timedelta(minutes=-10),
        timedelta(0),
        timedelta(minutes=90),
    ]


def test_notices_that_are_past_are_not_planned(planned: Runtime) -> None:
    """A livestream approved half an hour before plans only what is still to come."""
    entry = make_entry(planned, make_calendar(planned), now=LIVE_AT - timedelta(minutes=30), **LIVE)

    assert [row.notice for row in deliveries(planned, entry)] == ["-10m", "0m", "+90m"]


def test_a_moved_livestream_moves_its_notices(planned: Runtime) -> None:
    """The chain keeps its distances and the entry stays approved."""
    entry = make_entry(planned, make_calendar(planned), **LIVE)
    with planned.database.write() as session:
        moved = service.move_entry(
            session,
            entry.id,
            entry.rev,
            week=WEEK,
            day=Weekday.FRI,
            slot=None,
            time=time(21, 30),
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
        )
    new_start = LIVE_AT + timedelta(days=1, hours=1, minutes=30)

    assert moved.status is EntryStatus.APPROVED
    assert [row.due_at - new_start for row in deliveries(planned, entry)] == [
        notice.offset for notice in map(Notice.parse, ["-24h", "-1h", "-10m", "0m", "+90m"])
    ]


def test_nothing_moves_into_the_past(planned: Runtime) -> None:
    """The refusal names the time and leaves the entry where it was."""
    entry = make_entry(planned, make_calendar(planned))
    with (
        pytest.raises(InputError, match="in the past") as caught,
        planned.database.write() as session,
    ):
        service.move_entry(
            session,
            entry.id,
            entry.rev,
            week=WEEK,
            day=Weekday.MON,
            slot="早安",
            time=None,
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
        )

    assert caught.value.field == "time"
    assert deliveries(planned, entry)[0].due_at == datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_editing_an_approved_entry_sends_it_back_to_review(planned: Runtime) -> None:
    """The approved words stay planned until the new ones are approved, with the same key."""
    entry = make_entry(planned, make_calendar(planned))
    before = deliveries(planned, entry)[0]
    changed = _change(planned, entry, title="新的标题")
    (waiting,) = deliveries(planned, entry)
    assert changed.status is EntryStatus.IN_REVIEW
    assert (waiting.status, waiting.approval_hash) == (S.PLANNED, before.approval_hash)

    with planned.database.write() as session:
        approve_entry(session, entry.id, changed.rev, by="lan", now=NOW, usefulness=USEFULNESS)

    (after,) = deliveries(planned, entry)
    assert (after.status, after.key) == (S.PLANNED, before.key)
    assert after.approval_hash != before.approval_hash


def test_editing_may_keep_the_approval(planned: Runtime) -> None:
    """Where review is switched off the delivery is planned anew with its key."""
    entry = make_entry(planned, make_calendar(planned))
    key = deliveries(planned, entry)[0].key
    changed = _change(planned, entry, review_on_edit=False, title="新的标题")

    (delivery,) = deliveries(planned, entry)
    assert changed.status is EntryStatus.APPROVED
    assert (delivery.status, delivery.key) == (S.PLANNED, key)


def test_a_change_that_says_nothing_new_changes_nothing(planned: Runtime) -> None:
    """Saving an unchanged form keeps the approval and the revision."""
    entry = make_entry(planned, make_calendar(planned))

    changed = _change(planned, entry)

    assert (changed.rev, changed.status) == (entry.rev, EntryStatus.APPROVED)


def test_two_people_do_not_overwrite_each_other(planned: Runtime) -> None:
    """The second to save is told who was first."""
    entry = make_entry(planned, make_calendar(planned), approved=False)
    _change(planned, entry, title="先来的")

    with pytest.raises(ConflictError, match="lan changed it"):
        _change(planned, entry, title="后到的")


def test_another_channel_list_cancels_and_plans(planned: Runtime) -> None:
    """A channel taken away is cancelled, one added is planned, the third stays."""
    entry = make_entry(planned, make_calendar(planned, "site", "other"))
    _change(planned, entry, review_on_edit=False, channels=("other",))

    with planned.database.read() as session:
        rows = load_entry(session, entry.id).deliveries
        assert {row.channel.name: row.status for row in rows} == {
            "site": S.CANCELLED,
            "other": S.PLANNED,
        }


def test_a_cancelled_or_deleted_entry_sends_nothing(planned: Runtime) -> None:
    """Both cancel what is not out; a deleted entry comes back as it was approved."""
    calendar = make_calendar(planned)
    first = make_entry(planned, calendar)
    second = make_entry(planned, calendar, key="second")
    with planned.database.write() as session:
        service.cancel_entry(session, first.id, first.rev, by="lan", now=NOW, usefulness=USEFULNESS)
        service.delete_entry(
            session, second.id, second.rev, by="lan", now=NOW, usefulness=USEFULNESS
        )
    assert deliveries(planned, first)[0].status is S.CANCELLED
    with planned.database.read() as session, pytest.raises(NotFoundError):
        load_entry(session, second.id)

    with planned.database.write() as session:
        restored = service.restore_entry(
            session, second.id, by="lan", now=NOW, usefulness=USEFULNESS
        )

    assert restored.status is EntryStatus.APPROVED
    assert deliveries(planned, second)[0].status is S.PLANNED


def test_an_entry_comes_back_though_its_slot_is_gone(planned: Runtime) -> None:
    """A deleted entry does not keep a slot alive, and keeps its time when it is restored."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar, approved=False)
    with planned.database.write() as session:
        service.delete_entry(session, entry.id, entry.rev, by="lan", now=NOW, usefulness=USEFULNESS)
    change_calendar(planned, calendar, slots={"早安": time(8, 30)})
    with planned.database.write() as session:
        restored = service.restore_entry(
            session, entry.id, by="lan", now=NOW, usefulness=USEFULNESS
        )

    assert (restored.slot, restored.time) == (None, "20:00")
    assert restored.starts_at == datetime(2026, 11, 25, 12, tzinfo=UTC)


def test_what_is_out_stays_out(engine: Engine) -> None:
    """Cancelling after publication leaves the published delivery as it is."""
    engine.script("scripted")
    entry = engine.plan()
    engine.due()
    engine.work()
    with engine.runtime.database.write() as session:
        entry = load_entry(session, entry.id)
        service.cancel_entry(
            session, entry.id, entry.rev, by="lan", now=engine.clock.at, usefulness=USEFULNESS
        )

    assert engine.delivery().status is S.PUBLISHED


def test_a_claimed_delivery_that_is_cancelled_is_not_sent(engine: Engine) -> None:
    """The worker that holds the older fence sends nothing."""
    channel = engine.script("scripted")
    entry = engine.plan()
    engine.due()
    engine.turn()
    with engine.runtime.database.write() as session:
        entry = load_entry(session, entry.id)
        service.cancel_entry(
            session, entry.id, entry.rev, by="lan", now=engine.clock.at, usefulness=USEFULNESS
        )
    for lane, claims in engine.take():
        engine.publish(lane, claims)

    assert channel.calls == []
    assert engine.delivery().status is S.CANCELLED


def test_an_edit_while_it_is_going_out_is_refused(engine: Engine) -> None:
    """One clear answer in place of a text that half went out."""
    channel = engine.script("scripted")
    entry = engine.plan()
    engine.due()
    engine.turn()
    forever = threading.Event()
    channel.script += [lambda: forever.wait(PATIENCE)]
    for lane, claims in engine.take():
        engine.publisher.submit(lane, claims)
    until("the call has begun", lambda: engine.delivery().status is S.SENDING)

    with pytest.raises(ConflictError, match="being published right now"):
        _change(engine.runtime, entry, title="太迟了")
    forever.set()


@pytest.mark.parametrize("said", [{"day": Weekday.MON}, {"channels": ()}])
def test_what_cannot_go_out_is_not_approved(planned: Runtime, said: dict[str, Any]) -> None:
    """A past entry and one without a channel are refused with the reason."""
    entry = make_entry(planned, make_calendar(planned), approved=False, **said)

    with planned.database.write() as session, pytest.raises(InputError):
        approve_entry(session, entry.id, entry.rev, by="lan", now=NOW, usefulness=USEFULNESS)


def test_a_blocking_warning_refuses_approval(planned: Runtime) -> None:
    """A plain warning does not."""
    entry = make_entry(planned, make_calendar(planned), approved=False)
    mild = RenditionWarning(WarningLevel.WARN, "title", "a little long")
    hard = RenditionWarning(WarningLevel.BLOCK, "body", "too long")
    with planned.database.write() as session, pytest.raises(InputError, match="too long"):
        approve_entry(
            session,
            entry.id,
            entry.rev,
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
            warnings=[mild, hard],
        )

    with planned.database.write() as session:
        approved = approve_entry(
            session, entry.id, entry.rev, by="lan", now=NOW, usefulness=USEFULNESS, warnings=[mild]
        )

    assert approved.status is EntryStatus.APPROVED


def test_a_week_is_approved_but_for_what_is_past(planned: Runtime) -> None:
    """Monday's draft stays a draft."""
    calendar = make_calendar(planned)
    make_entry(planned, calendar, approved=False, key="mon", day=Weekday.MON)
    make_entry(planned, calendar, approved=False, key="fri", day=Weekday.FRI)
    with planned.database.write() as session:
        approved = approve_week(
            session,
            get_calendar(session, calendar.slug),
            WEEK,
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
        )

    assert [entry.key for entry in approved] == ["fri"]


def test_a_later_slot_takes_its_entries_along(planned: Runtime) -> None:
    """Changing 晚间 from 20:00 to 21:00 moves what is planned in it."""
    calendar = make_calendar(planned)
    entry = make_entry(planned, calendar)
    slots = {"早安": time(8, 30), "晚间": time(21)}
    change_calendar(planned, calendar, Answer(Decision.KEEP), slots=slots)

    assert deliveries(planned, entry)[0].due_at == datetime(2026, 11, 25, 13, tzinfo=UTC)


def test_a_slot_in_use_cannot_go(planned: Runtime) -> None:
    """The refusal names the entry that stands in it."""
    calendar = make_calendar(planned)
    make_entry(planned, calendar)

    with pytest.raises(InputError, match="wed-post"):
        change_calendar(planned, calendar, slots={"早安": time(8, 30)})


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "长" * 201}, "title"),
        ({"body": "长" * 100_001}, "body"),
        ({"slot": "半夜"}, "slot"),
        ({"slot": None}, "time"),
        ({"time": time(9)}, "time"),
        ({"channels": ("nowhere",)}, "channels"),
        ({"kind": EntryKind.LIVESTREAM}, "livestream.url"),
        ({"kind": EntryKind.POSTER}, "poster.template"),
        ({"livestream": Livestream()}, "kind"),
    ],
)
def test_what_an_entry_cannot_say_is_named(
    planned: Runtime, said: dict[str, Any], field: str
) -> None:
    """The error carries the form's field, and nothing is saved."""
    calendar = make_calendar(planned)
    with planned.database.write() as session, pytest.raises(InputError) as caught:
        service.create_entry(
            session, session.merge(calendar), WEEK, make_content(**said), by="mei", now=NOW
        )

    assert caught.value.field == field


def test_a_duplicate_is_a_draft_with_a_key_of_its_own(planned: Runtime) -> None:
    """It says the same at the new time."""
    entry = make_entry(planned, make_calendar(planned))
    with planned.database.write() as session:
        copy = service.duplicate_entry(
            session,
            entry.id,
            week=WEEK.plus(1),
            day=Weekday.MON,
            slot="早安",
            time=None,
            by="mei",
            now=NOW,
        )

    assert (copy.status, copy.title, copy.week) == (EntryStatus.DRAFT, entry.title, "2026-W49")
    assert copy.key != entry.key


def _change(runtime: Runtime, entry: Entry, *, review_on_edit: bool = True, **said: Any) -> Entry:
    with runtime.database.write() as session:
        return service.change_entry(
            session,
            entry.id,
            entry.rev,
            replace(content_of(entry), **said),
            by="lan",
            now=NOW,
            usefulness=USEFULNESS,
            review_on_edit=review_on_edit,
        )

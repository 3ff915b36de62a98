"""Stamping a template on a week, and copying one week to another."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from contentsvc.db.models import Entry
from contentsvc.domain.calendar_files import read_calendar
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services.calendar_files.stamping import (
    ClashReason,
    CopyReport,
    copy_week,
    preview_copy,
    stamp,
)
from contentsvc.services.calendar_settings import get_calendar
from tests.integration.services.calendar_world import CHECK_IN, HEAD, LIVE, NOW, USEFULNESS, World

THIS, NEXT = IsoWeek(2026, 48), IsoWeek(2026, 49)
TEMPLATE = (HEAD + CHECK_IN % ", status: approved" + LIVE).replace("week: 2026-W48\n", "")


def copied(world: World, *, now: datetime = NOW, preview: bool = False) -> CopyReport:
    """Copy 2026-W48 of `mums` to the week after it."""
    with world.write() as session:
        calendar = get_calendar(session, "mums")
        if preview:
            return preview_copy(session, calendar, THIS, NEXT, now=now)
        return copy_week(session, calendar, THIS, NEXT, now=now, by="mei")


def in_week(world: World, week: IsoWeek) -> dict[str, Entry]:
    """Return a week's entries by key."""
    with world.database.read() as session:
        rows = session.scalars(select(Entry).where(Entry.week == str(week)))
        return {row.key: row for row in rows}


def test_stamp_brings_the_template_into_the_week(world: World) -> None:
    """A template's entries are imported into the given week."""
    with world.write() as session:
        plan = read_calendar(TEMPLATE, "t.yaml")
        report = stamp(session, plan, NEXT, now=NOW, by="mei", usefulness=USEFULNESS)

    assert (report.week, report.created) == (NEXT, ["check-in", "live"])
    at = datetime(2026, 11, 30, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert world.entry("check-in").starts_at == at
    assert world.entry("check-in").status is EntryStatus.APPROVED


def test_copy_makes_drafts(world: World) -> None:
    """Approved entries are copied as drafts without deliveries, and texts stay the same."""
    world.take(HEAD + CHECK_IN % "" + LIVE, approve=True)

    report = copied(world)

    entries = in_week(world, NEXT)
    assert (report.copied, report.clashes) == (["check-in", "live"], [])
    assert {entry.status for entry in entries.values()} == {EntryStatus.DRAFT}
    assert entries["live"].livestream == world_livestream(world)
    assert entries["live"].starts_at == in_week(world, THIS)["live"].starts_at + timedelta(days=7)


def world_livestream(world: World) -> object:
    """Return the livestream block of the source week."""
    return in_week(world, THIS)["live"].livestream


def test_copy_twice_reports_the_same_keys(world: World) -> None:
    """A second copy creates nothing and reports that the keys exist."""
    world.take(HEAD + CHECK_IN % "" + LIVE)
    copied(world)

    report = copied(world)

    assert report.copied == []
    assert [clash.reason for clash in report.clashes] == [ClashReason.SAME_KEY] * 2
    assert len(in_week(world, NEXT)) == 2


def test_copy_leaves_out_a_taken_time(world: World) -> None:
    """An entry whose time is taken is not copied, and the report names the other entry."""
    world.take(HEAD + CHECK_IN % "" + LIVE)
    other = (HEAD + CHECK_IN % "").replace("W48", "W49").replace("check-in", "hello")
    world.take(other)

    report = copied(world)

    assert report.copied == ["live"]
    assert [(clash.key, clash.reason, clash.other) for clash in report.clashes] == [
        ("check-in", ClashReason.TIME_TAKEN, "hello")
    ]


def test_copy_leaves_out_past_times(world: World) -> None:
    """A copy in the middle of the target week leaves out its earlier days."""
    world.take(HEAD + CHECK_IN % "" + LIVE)

    report = copied(world, now=NOW + timedelta(days=9))

    assert report.copied == ["live"]
    assert [clash.reason for clash in report.clashes] == [ClashReason.PAST]


def test_copy_leaves_out_cancelled_and_deleted_entries(world: World) -> None:
    """Cancelled and deleted entries are not copied."""
    world.take(HEAD + CHECK_IN % ", status: cancelled" + LIVE)
    world.edit("live", deleted_at=NOW)

    report = copied(world)

    assert (report.copied, report.clashes) == ([], [])


def test_preview_changes_nothing(world: World) -> None:
    """A preview reports what the copy would do and creates no entry."""
    world.take(HEAD + CHECK_IN % "" + LIVE)

    report = copied(world, preview=True)

    assert report.copied == ["check-in", "live"]
    assert in_week(world, NEXT) == {}


def test_a_week_is_not_copied_to_itself(world: World) -> None:
    """Copying a week to itself is refused."""
    world.take(HEAD + CHECK_IN % "")

    with world.write() as session, pytest.raises(InputError, match="choose another week"):
        copy_week(session, get_calendar(session, "mums"), THIS, THIS, now=NOW, by="mei")

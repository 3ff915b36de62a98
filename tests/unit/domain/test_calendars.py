"""A calendar's settings and the instants of its entries."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.entries import EntryContent, EntryKind
from contentsvc.domain.walltime import Fit
from contentsvc.domain.weeks import IsoWeek, Weekday


def entry(day: Weekday, *, slot: str | None = None, wall: time | None = None) -> EntryContent:
    """Return a post on a day, in a slot or at a time of its own."""
    return EntryContent(key="k", day=day, kind=EntryKind.POST, title="t", slot=slot, time=wall)


def head(zone: str) -> CalendarHead:
    """Return the settings of a calendar with one slot."""
    return CalendarHead(
        slug="c",
        name="C",
        zone=ZoneInfo(zone),
        community=Community(),
        slots={"早安": time(8, 30)},
        channels=("site",),
    )


def test_slot_gives_the_time() -> None:
    """An entry in a slot is due at the slot's time in the calendar's zone."""
    instant = head("Asia/Shanghai").starts_at(entry(Weekday.SUN, slot="早安"), IsoWeek(2026, 53))

    assert instant.at == datetime(2027, 1, 3, 0, 30, tzinfo=UTC)
    assert instant.fit is Fit.EXACT


def test_own_time() -> None:
    """An entry with a time of its own is due at that time, midnight too."""
    midnight = head("Asia/Shanghai").starts_at(entry(Weekday.MON, wall=time(0)), IsoWeek(2026, 48))

    assert midnight.at == datetime(2026, 11, 22, 16, tzinfo=UTC)


def test_daylight_saving() -> None:
    """A time that clocks skip is reported as a gap."""
    instant = head("Europe/Berlin").starts_at(
        entry(Weekday.SUN, wall=time(2, 30)), IsoWeek(2026, 13)
    )

    assert instant.fit is Fit.GAP


def test_unknown_slot() -> None:
    """A slot that the calendar does not have raises KeyError."""
    with pytest.raises(KeyError):
        head("UTC").wall_time(entry(Weekday.MON, slot="晚间"))

"""Reading a place on the board - week, day, slot or own time - from a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from contentsvc.db.models import Entry
from contentsvc.domain.walltime import format_time, parse_time
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.web.current import now

__all__ = ["Place", "place_of", "read_day", "read_place", "read_rev", "read_week", "this_week"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: one of slot and time is given."""

    week: IsoWeek
    day: Weekday
    slot: str | None
    time: time | None

    def values(self) -> dict[str, str]:
        """Return it as form fields."""
        return {
            "week": str(self.week),
            "day": self.day.value,
            "slot": self.slot or "",
            "time": format_time(self.time) if self.time else "",
        }


def place_of(entry: Entry) -> Place:
    """Return where an entry stands."""
    own = parse_time(entry.time) if entry.time else None
    return Place(IsoWeek.parse(entry.week), Weekday(entry.day), entry.slot, own)


def this_week(zone: str) -> IsoWeek:
    """Return the week that it is in *zone*."""
    return IsoWeek.of(now().astimezone(ZoneInfo(zone)).date())


def read_week(text: str | None, zone: str) -> IsoWeek:
    """Read `2026-W48`, the present week where nothing is given; InputError otherwise."""
    if not text:
        return this_week(zone)
    try:
        return IsoWeek.parse(text)
    except InputError as error:
        raise InputError(error.message, field="week") from error


def read_day(text: str | None) -> Weekday:
    """Read `mon` to `sun`; InputError otherwise."""
    try:
        return Weekday(text or "")
    except ValueError as error:
        raise InputError(f"{text!r} is not a day from mon to sun", field="day") from error


def read_place(form: Mapping[str, str], zone: str) -> Place:
    """Read week, day and slot or time; a slot goes before a time. InputError otherwise."""
    week = read_week(form.get("week"), zone)
    day = read_day(form.get("day"))
    slot = form.get("slot", "")
    if slot:
        return Place(week, day, slot, None)
    try:
        return Place(week, day, None, parse_time(form.get("time", "")))
    except InputError as error:
        raise InputError(error.message, field="time") from error


def read_rev(form: Mapping[str, str]) -> int:
    """Read the revision that a form was made from; InputError where it is none."""
    text = form.get("rev", "")
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - far beyond any real revision
        raise InputError("the form does not say which revision it was made from", field="rev")
    return int(text)

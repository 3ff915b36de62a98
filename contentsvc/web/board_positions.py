"""Positions on the week board (week, day, and slot or time), and reading them from forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from zoneinfo import ZoneInfo

from contentsvc.db.models import Entry
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.walltime import format_time, parse_time
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError
from contentsvc.web.current import now

__all__ = [
    "Position",
    "position_of",
    "read_day",
    "read_position",
    "read_rev",
    "read_week",
    "this_week",
]


@dataclass(frozen=True, slots=True)
class Position:
    """An entry's place on the week board; either *slot* (a named time) or *time* is set."""

    week: IsoWeek
    day: Weekday
    slot: str | None
    time: time | None

    def values(self) -> dict[str, str]:
        """Return the position as values of the form fields `week`, `day`, `slot` and `time`."""
        return {
            "week": str(self.week),
            "day": self.day.value,
            "slot": self.slot or "",
            "time": format_time(self.time) if self.time else "",
        }


def position_of(entry: Entry) -> Position:
    """Return the week, day, and slot or time of *entry*."""
    own = parse_time(entry.time) if entry.time else None
    return Position(IsoWeek.parse(entry.week), Weekday(entry.day), entry.slot, own)


def this_week(zone: str) -> IsoWeek:
    """Return the current ISO week in the time zone *zone*."""
    return IsoWeek.of(now().astimezone(ZoneInfo(zone)).date())


def read_week(text: str | None, zone: str) -> IsoWeek:
    """Parse *text* as an ISO week such as `2026-W48`; return the current week if it is empty.

    Raises:
        InputError: *text* is not an ISO week.
    """
    if not text:
        return this_week(zone)
    try:
        return IsoWeek.parse(text)
    except InputError as error:
        raise InputError(error.message, field="week") from error


def read_day(text: str | None) -> Weekday:
    """Return the weekday that *text* names, `mon` to `sun`.

    Raises:
        InputError: *text* is not a weekday.
    """
    try:
        return Weekday(text or "")
    except ValueError as error:
        raise InputError("weekday-unknown", text=text or "", field="day") from error


def read_position(form: Mapping[str, str], zone: str) -> Position:
    """Return the week-board position in the form fields `week`, `day`, `slot` and `time`.

    A slot takes precedence over a time.

    Raises:
        InputError: a field cannot be read; `field` names it.
        FieldsError: several fields cannot be read.
    """
    checks = InputChecks()
    slot, own_time = form.get("slot", "") or None, None
    with checks.collect():
        week = read_week(form.get("week"), zone)
    with checks.collect():
        day = read_day(form.get("day"))
    with checks.collect("time"):
        own_time = None if slot else parse_time(form.get("time", ""))
    checks.raise_errors()
    return Position(week, day, slot, own_time)


def read_rev(form: Mapping[str, str]) -> int:
    """Return the field `rev`: the revision number of the entry that the form was filled from.

    Raises:
        InputError: the form has no revision.
    """
    text = form.get("rev", "")
    if not text.isdecimal() or len(text) > 9:  # noqa: PLR2004 - far beyond any real revision
        raise InputError("form-revision-missing", field="rev")
    return int(text)

"""Converts wall-clock times in a calendar's zone to instants in UTC, by RFC 5545 §3.3.5."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contentsvc.domain.typed_text import half_width
from contentsvc.errors import InputError

__all__ = [
    "Fit",
    "Instant",
    "format_time",
    "parse_local",
    "parse_time",
    "parse_zone",
    "resolve",
]

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


class Fit(StrEnum):
    """Whether the clocks of a time zone show a given local time once, twice or never."""

    EXACT = "exact"
    #: Clocks show this time twice; the first of the two is used.
    OVERLAP = "overlap"
    #: Clocks skip this time; it is read with the offset before the gap (02:30 becomes 03:30).
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Instant:
    """The instant of a wall-clock time, and whether clocks show that time once, twice or never."""

    #: An aware datetime in UTC.
    at: datetime
    fit: Fit


def resolve(day: date, wall: time, zone: ZoneInfo) -> Instant:
    """Return the instant at which clocks in *zone* show *wall* on *day*."""
    local = datetime.combine(day, wall, tzinfo=zone).replace(fold=0)
    at = local.astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        return Instant(at, Fit.GAP)
    if local.replace(fold=1).utcoffset() != local.utcoffset():
        return Instant(at, Fit.OVERLAP)
    return Instant(at, Fit.EXACT)


def parse_time(text: str) -> time:
    """Parse a time of day, `HH:MM` or `HH:MM:SS` on a 24-hour clock.

    Full-width digits and colons are allowed.

    Raises:
        InputError: *text* is not a time of day.
    """
    match = _TIME.fullmatch(half_width(text))
    if match is None:
        raise InputError("time-invalid", text=text)
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError as error:
        raise InputError("time-invalid", text=text) from error


def parse_local(text: str, zone: ZoneInfo) -> datetime:
    """Parse a local time in *zone* such as `2026-11-26T20:00`; return it in UTC.

    Raises:
        InputError: *text* is not a day and a time.
    """
    try:
        local = datetime.fromisoformat(half_width(text)).replace(tzinfo=None)
        return resolve(local.date(), local.time(), zone).at
    except (ValueError, OverflowError) as error:
        raise InputError("day-and-time-needed", field="at") from error


def format_time(wall: time) -> str:
    """Format a time of day as `HH:MM`, or as `HH:MM:SS` if the seconds are not zero."""
    return wall.strftime("%H:%M:%S" if wall.second else "%H:%M")


def parse_zone(name: str) -> ZoneInfo:
    """Return the time zone with the IANA name *name*, such as Asia/Shanghai.

    Raises:
        InputError: there is no such time zone.
    """
    try:
        return ZoneInfo(half_width(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InputError("zone-invalid", text=name) from error

"""Wall-clock times of a calendar's zone as instants in UTC, as RFC 5545 §3.3.5 has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

__all__ = ["Fit", "Instant", "format_time", "parse_time", "parse_zone", "resolve"]

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


class Fit(StrEnum):
    """How a wall-clock time met the zone's changes."""

    EXACT = "exact"
    #: The clock shows this time twice; the first of the two was taken.
    OVERLAP = "overlap"
    #: The clock skips this time; it was read with the offset before the gap (02:30 is 03:30).
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Instant:
    """A wall-clock time made an instant."""

    #: Aware, UTC.
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
    """Read `HH:MM` or `HH:MM:SS`, 24 hours; ValueError otherwise."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a time of day such as 08:30 or 20:00:15")
    try:
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    except ValueError as error:
        raise ValueError(f"{text!r} is not a time of day: {error}") from error


def format_time(wall: time) -> str:
    """Write `HH:MM`, with seconds only where there are any."""
    return wall.strftime("%H:%M:%S" if wall.second else "%H:%M")


def parse_zone(name: str) -> ZoneInfo:
    """Return the IANA zone *name*, such as Asia/Shanghai; ValueError where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not a time zone such as Asia/Shanghai") from error

"""When a community is left in peace: quiet hours and quotas."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from contentsvc.domain.walltime import format_time, parse_time, resolve

__all__ = ["Pacing", "QuietHours", "Quota", "day_bounds", "month_bounds"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of the day, on the calendar's wall clock, in which nothing is sent."""

    start: time
    #: The first moment at which something may be sent again; may lie after midnight.
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `22:00-08:00`; ValueError otherwise."""
        start, dash, end = text.partition("-")
        if not dash:
            raise ValueError(f"{text!r} is not a span such as 22:00-08:00")
        hours = cls(parse_time(start), parse_time(end))
        if hours.start == hours.end:
            raise ValueError(f"{text!r} is a whole day; leave it out where nothing is quiet")
        return hours

    def ends_at(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return when the quiet around *at* (UTC) ends, in UTC; None where it is not quiet."""
        local = at.astimezone(zone)
        wall = local.time()
        if self.start < self.end:
            is_quiet, day = self.start <= wall < self.end, local.date()
        else:
            is_quiet = wall >= self.start or wall < self.end
            day = local.date() + timedelta(days=1) if wall >= self.start else local.date()
        return resolve(day, self.end, zone).at if is_quiet else None

    def __str__(self) -> str:
        return f"{format_time(self.start)}-{format_time(self.end)}"


@dataclass(frozen=True, slots=True)
class Quota:
    """How many deliveries one community gets through one channel; None where it is not limited."""

    day: int | None = None
    month: int | None = None
    #: As many in a month as the month has days; `month` is then not looked at.
    days_of_month: bool = False

    def spans(
        self, day: date, zone: ZoneInfo
    ) -> Iterator[tuple[str, int, tuple[datetime, datetime]]]:
        """Yield what holds on a local day: `day` or `month`, the most, its bounds in UTC."""
        if self.day is not None:
            yield "day", self.day, day_bounds(day, zone)
        month = monthrange(day.year, day.month)[1] if self.days_of_month else self.month
        if month is not None:
            yield "month", month, month_bounds(day, zone)


@dataclass(frozen=True, slots=True)
class Pacing:
    """How a community wants to be written to."""

    quiet: QuietHours | None = None
    #: By channel name; without one the channel's own quota holds, with an empty one none.
    quotas: Mapping[str, Quota] = field(default_factory=dict)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a local day begins and ends, in UTC."""
    first = datetime.combine(day, time(), tzinfo=zone)
    last = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return first.astimezone(UTC), last.astimezone(UTC)


def month_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when the month of a local day begins and ends, in UTC."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return day_bounds(first, zone)[0], day_bounds(following, zone)[0]

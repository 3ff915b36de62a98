"""Quiet hours and quotas, which limit when and how often a community gets messages."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from contentsvc.domain.typed_text import split_span
from contentsvc.domain.walltime import format_time, parse_time, resolve
from contentsvc.errors import InputError

__all__ = ["Pacing", "QuietHours", "Quota", "day_bounds", "month_bounds"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of each day, in the calendar's time zone, in which nothing is published."""

    start: time
    #: The first moment at which publishing is allowed again; may be after midnight.
    end: time

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse quiet hours such as `22:00-08:00` or `22：00～8：00`.

        Raises:
            InputError: *text* is not a span of two times, or both times are the same.
        """
        ends = split_span(text)
        if ends is None:
            raise InputError("quiet-hours-invalid", text=text)
        hours = cls(parse_time(ends[0]), parse_time(ends[1]))
        if hours.start == hours.end:
            raise InputError("quiet-hours-whole-day", text=text)
        return hours

    def ends_at(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """Return the end of the quiet hours (UTC) if *at* is within them, else None.

        *at* is in UTC; *zone* is the time zone of the calendar.
        """
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
    """The maximum numbers of deliveries to one community through one channel, per day and month."""

    #: The most deliveries in a day and in a month; None for no limit.
    day: int | None = None
    month: int | None = None
    #: Allow as many deliveries in a month as the month has days, and ignore `month`.
    days_of_month: bool = False

    def spans(
        self, day: date, zone: ZoneInfo
    ) -> Iterator[tuple[str, int, tuple[datetime, datetime]]]:
        """Yield each limit for *day*: `day` or `month`, the maximum number, and the span of time.

        The span is the start and end (UTC) of that day or month in the time zone *zone*.
        """
        if self.day is not None:
            yield "day", self.day, day_bounds(day, zone)
        month = monthrange(day.year, day.month)[1] if self.days_of_month else self.month
        if month is not None:
            yield "month", month, month_bounds(day, zone)


@dataclass(frozen=True, slots=True)
class Pacing:
    """The limits on when and how often a community gets messages: quiet hours and quotas."""

    quiet: QuietHours | None = None
    #: The quota by channel name. A channel that is not listed here has its own default quota; an
    #: empty quota removes that default.
    quotas: Mapping[str, Quota] = field(default_factory=dict)


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and the end (UTC) of *day* in the time zone *zone*."""
    first = datetime.combine(day, time(), tzinfo=zone)
    last = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone)
    return first.astimezone(UTC), last.astimezone(UTC)


def month_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the start and the end (UTC) of the month of *day* in the time zone *zone*."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return day_bounds(first, zone)[0], day_bounds(following, zone)[0]

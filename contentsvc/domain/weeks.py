"""ISO weeks, which begin on Monday, and their days."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from contentsvc.domain.typed_text import half_width
from contentsvc.errors import InputError

__all__ = ["IsoWeek", "Weekday"]

_WEEK = re.compile(r"(\d{4})-W(\d{2})")


#: In the years beside these, an instant may have no date in another time zone.
_FIRST_YEAR, _LAST_YEAR = 1000, 9998


class Weekday(StrEnum):
    """A day of the week, in the short form of calendar files: `mon` to `sun`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"

    @property
    def number(self) -> int:
        """Return the ISO number of this weekday, from 1 for Monday to 7 for Sunday."""
        return list(Weekday).index(self) + 1

    @classmethod
    def of(cls, day: date) -> Weekday:
        """Return the weekday of a date."""
        return list(cls)[day.weekday()]


@dataclass(frozen=True, slots=True, order=True)
class IsoWeek:
    """One week of the ISO 8601 calendar, which begins on Monday."""

    year: int
    week: int

    def __post_init__(self) -> None:
        # A year has 52 or 53 weeks; the standard library knows which.
        date.fromisocalendar(self.year, self.week, 1)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a week such as `2026-W48`.

        Raises:
            InputError: *text* does not name a week that exists.
        """
        match = _WEEK.fullmatch(half_width(text))
        if match is None:
            raise InputError("week-invalid", text=text)
        if not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
            raise InputError("week-out-of-range", text=text, first=_FIRST_YEAR, last=_LAST_YEAR)
        try:
            return cls(int(match[1]), int(match[2]))
        except ValueError as error:
            raise InputError("week-nonexistent", text=text) from error

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the week that contains a date."""
        year, week, _ = day.isocalendar()
        return cls(year, week)

    @property
    def monday(self) -> date:
        """Return the date of the week's Monday."""
        return date.fromisocalendar(self.year, self.week, 1)

    def day(self, weekday: Weekday) -> date:
        """Return the date of a weekday in this week."""
        return date.fromisocalendar(self.year, self.week, weekday.number)

    def plus(self, weeks: int) -> Self:
        """Return this week plus *weeks*. A negative number gives an earlier week."""
        return self.of(self.monday + timedelta(weeks=weeks))

    def __str__(self) -> str:
        return f"{self.year:04d}-W{self.week:02d}"

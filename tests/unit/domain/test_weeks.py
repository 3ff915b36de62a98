"""ISO weeks and weekdays."""

from __future__ import annotations

from datetime import date

import pytest

from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import InputError


@pytest.mark.parametrize(
    ("day", "week"),
    [
        (date(2026, 11, 23), "2026-W48"),
        (date(2026, 11, 29), "2026-W48"),
        (date(2027, 1, 1), "2026-W53"),
        (date(2024, 12, 30), "2025-W01"),
        (date(2021, 1, 3), "2020-W53"),
    ],
)
def test_week_of_a_date(day: date, week: str) -> None:
    """A date belongs to the ISO week that contains its Thursday."""
    assert str(IsoWeek.of(day)) == week


@pytest.mark.parametrize("text", ["2026-W01", "2026-W53", " 2026-W48 "])
def test_parse_and_write(text: str) -> None:
    """A week that exists is parsed and written back."""
    assert str(IsoWeek.parse(text)) == text.strip()


@pytest.mark.parametrize(
    "text", ["2025-W53", "2026-W00", "2026-W54", "2026-48", "W48", "", "0000-W01"]
)
def test_parse_refuses(text: str) -> None:
    """A week that does not exist, or has another format, is refused."""
    with pytest.raises(InputError, match=r"is not an ISO week|does not exist|is not in the years"):
        IsoWeek.parse(text)


def test_days_of_a_week() -> None:
    """A week begins on Monday and has seven consecutive days."""
    week = IsoWeek(2026, 53)

    assert [week.day(day) for day in Weekday] == [
        date(2026, 12, 28),
        date(2026, 12, 29),
        date(2026, 12, 30),
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 2),
        date(2027, 1, 3),
    ]
    assert week.monday == date(2026, 12, 28)


def test_plus_crosses_the_year() -> None:
    """Adding weeks crosses a year of 53 weeks in both directions."""
    assert IsoWeek(2026, 52).plus(2) == IsoWeek(2027, 1)
    assert IsoWeek(2027, 1).plus(-1) == IsoWeek(2026, 53)


def test_weeks_are_in_order_of_time() -> None:
    """Weeks sort by time."""
    weeks = [IsoWeek(2027, 1), IsoWeek(2026, 9), IsoWeek(2026, 10)]

    assert sorted(weeks) == [weeks[1], weeks[2], weeks[0]]


def test_weekday_numbers() -> None:
    """Weekdays have their ISO numbers, and the weekday of a date is found."""
    assert [day.number for day in Weekday] == [1, 2, 3, 4, 5, 6, 7]
    assert Weekday.of(date(2026, 11, 26)) is Weekday.THU

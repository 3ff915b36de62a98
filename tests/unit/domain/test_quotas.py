"""Quiet hours, and the bounds of days and months, on the calendar's wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from contentsvc.domain.quotas import QuietHours, Quota, day_bounds, month_bounds
from contentsvc.errors import InputError

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("span", "at", "ends"),
    [
        ("22:00-08:00", "2026-11-25T21:59:59", None),
        ("22:00-08:00", "2026-11-25T22:00:00", "2026-11-26T08:00:00"),
        ("22:00-08:00", "2026-11-26T03:00:00", "2026-11-26T08:00:00"),
        ("22:00-08:00", "2026-11-26T08:00:00", None),
        ("12:00-14:00", "2026-11-25T13:00:00", "2026-11-25T14:00:00"),
        ("12:00-14:00", "2026-11-25T11:59:59", None),
    ],
)
def test_quiet_hours_may_span_midnight(span: str, at: str, ends: str | None) -> None:
    """Quiet hours may span midnight, and their end is no longer quiet."""
    moment = datetime.fromisoformat(at).replace(tzinfo=SHANGHAI)
    expected = datetime.fromisoformat(ends).replace(tzinfo=SHANGHAI) if ends else None

    assert QuietHours.parse(span).ends_at(moment.astimezone(UTC), SHANGHAI) == expected


@pytest.mark.parametrize("text", ["", "22:00", "22:00-22:00", "25:00-08:00", "a-b"])
def test_bad_spans_are_refused(text: str) -> None:
    """A text that is not a span of hours is refused with an example of the format."""
    with pytest.raises(InputError, match=r"22:00|time of day|whole day"):
        QuietHours.parse(text)


def test_a_day_may_have_twenty_five_hours() -> None:
    """The bounds of a day follow daylight saving."""
    begins, ends = day_bounds(date(2026, 10, 25), BERLIN)

    assert (ends - begins).total_seconds() == 25 * 3600


def test_a_month_ends_where_the_next_begins() -> None:
    """A month ends when the next one begins, December too."""
    begins, ends = month_bounds(date(2026, 12, 31), SHANGHAI)

    assert begins == datetime(2026, 11, 30, 16, tzinfo=UTC)
    assert ends == datetime(2026, 12, 31, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("quota", "day", "most"),
    [
        (Quota(), date(2026, 11, 25), {}),
        (Quota(day=0), date(2026, 11, 25), {"day": 0}),
        (Quota(day=3, month=60), date(2026, 11, 25), {"day": 3, "month": 60}),
        (Quota(days_of_month=True), date(2026, 11, 25), {"month": 30}),
        (Quota(days_of_month=True), date(2027, 2, 28), {"month": 28}),
        (Quota(days_of_month=True), date(2028, 2, 1), {"month": 29}),
    ],
)
def test_limits_of_a_day(quota: Quota, day: date, most: dict[str, int]) -> None:
    """A quota of one delivery per day of the month counts the days of that month."""
    found = list(quota.spans(day, SHANGHAI))

    assert {span: count for span, count, _ in found} == most
    bounds = {"day": day_bounds(day, SHANGHAI), "month": month_bounds(day, SHANGHAI)}
    assert all(given == bounds[span] for span, _, given in found)

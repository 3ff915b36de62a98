"""The due time of the welcome post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contentsvc.domain.walltime import resolve
from contentsvc.domain.weeks import Weekday
from contentsvc.launcher.sample import welcome_time

_SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("now", "week", "day", "time"),
    [
        ("2026-11-21T10:00:00", "2026-W47", Weekday.SAT, "10:00:20"),
        ("2026-11-21T10:00:00.000001", "2026-W47", Weekday.SAT, "10:00:21"),
        ("2026-11-21T23:59:50", "2026-W47", Weekday.SUN, "00:00:10"),
        ("2026-11-22T23:59:50", "2026-W48", Weekday.MON, "00:00:10"),
        ("2026-12-31T23:59:45", "2026-W53", Weekday.FRI, "00:00:05"),
        ("2027-01-03T23:59:59.5", "2027-W01", Weekday.MON, "00:00:20"),
    ],
)
def test_the_post_near_midnight_and_the_end_of_a_week(
    now: str, week: str, day: Weekday, time: str
) -> None:
    """Shortly before midnight the post is on the next day, and on Sunday in the next week."""
    local = datetime.fromisoformat(now).replace(tzinfo=_SHANGHAI)

    found, content = welcome_time(local.astimezone(UTC), _SHANGHAI)

    assert (str(found), content.day, str(content.time)) == (week, day, time)


@given(st.integers(0, 20 * 365 * 86_400 * 10**6))
def test_the_post_is_about_twenty_seconds_ahead(microseconds: int) -> None:
    """At any time of the first start, the post is due about twenty seconds later."""
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)

    week, content = welcome_time(now, _SHANGHAI)

    assert content.time is not None
    at = resolve(week.day(content.day), content.time, _SHANGHAI).at
    assert timedelta(seconds=20) <= at - now <= timedelta(seconds=21)

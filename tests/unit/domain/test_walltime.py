"""Wall-clock times, with daylight saving."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from contentsvc.domain.walltime import Fit, format_time, parse_time, parse_zone, resolve
from contentsvc.errors import InputError

E, O, G = Fit.EXACT, Fit.OVERLAP, Fit.GAP  # noqa: E741 - a letter each keeps the table in shape


@pytest.mark.parametrize(
    ("zone", "wall", "utc", "fit"),
    [
        # China has one zone and no daylight saving since 1991.
        ("Asia/Shanghai", "2026-11-26 20:00", "2026-11-26 12:00", E),
        ("Asia/Shanghai", "2026-11-26 00:30", "2026-11-25 16:30", E),
        ("Asia/Shanghai", "1991-04-14 02:30", "1991-04-13 18:30", G),
        # New York, spring: 02:00 EST becomes 03:00 EDT.
        ("America/New_York", "2026-03-08 01:59", "2026-03-08 06:59", E),
        ("America/New_York", "2026-03-08 02:00", "2026-03-08 07:00", G),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30", G),
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 07:00", E),
        # New York, autumn: 01:00 to 02:00 happens twice; the first is EDT.
        ("America/New_York", "2026-11-01 00:59", "2026-11-01 04:59", E),
        ("America/New_York", "2026-11-01 01:00", "2026-11-01 05:00", O),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 05:30", O),
        ("America/New_York", "2026-11-01 02:00", "2026-11-01 07:00", E),
        # Berlin changes at 01:00 UTC both times.
        ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30", G),
        ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00", E),
        ("Europe/Berlin", "2026-10-25 02:30", "2026-10-25 00:30", O),
        ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", E),
        # Lord Howe Island shifts by half an hour.
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45", G),
        ("Australia/Lord_Howe", "2026-10-04 02:30", "2026-10-03 15:30", E),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", O),
        ("Australia/Lord_Howe", "2026-04-05 02:00", "2026-04-04 15:30", E),
        ("UTC", "2026-03-08 02:30", "2026-03-08 02:30", E),
    ],
)
def test_wall_clock_becomes_an_instant(zone: str, wall: str, utc: str, fit: Fit) -> None:
    """In an overlap the first time counts, in a gap the offset before it, as RFC 5545 says."""
    local = datetime.fromisoformat(wall)

    instant = resolve(local.date(), local.time(), ZoneInfo(zone))

    assert instant.at == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert instant.at.tzinfo is UTC
    assert instant.fit is fit


def test_gap_is_shown_an_hour_later() -> None:
    """02:30 on the day of the change becomes 03:30."""
    zone = ZoneInfo("America/New_York")

    at = resolve(date(2026, 3, 8), time(2, 30), zone).at

    assert at.astimezone(zone).time() == time(3, 30)


def test_overlap_ignores_the_callers_fold() -> None:
    """A time with fold=1 still means the first of the two."""
    zone = ZoneInfo("Europe/Berlin")

    at = resolve(date(2026, 10, 25), time(2, 30, fold=1), zone).at

    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "wall", "written"),
    [
        ("08:30", time(8, 30), "08:30"),
        ("8:30", time(8, 30), "08:30"),
        (" 20:00 ", time(20), "20:00"),
        ("20:00:15", time(20, 0, 15), "20:00:15"),
        ("00:00:00", time(0), "00:00"),
        ("23:59:59", time(23, 59, 59), "23:59:59"),
    ],
)
def test_times_are_read_and_written(text: str, wall: time, written: str) -> None:
    """Times have hours and minutes, and seconds only if they are not zero."""
    assert parse_time(text) == wall
    assert format_time(wall) == written


@pytest.mark.parametrize(
    "text", ["24:00", "12:60", "12", "1200", "8.30", "08:30:61", "晚上八点", ""]
)
def test_bad_times_are_refused(text: str) -> None:
    """A text that is not a time of day is refused, and the error repeats it."""
    with pytest.raises(InputError, match="is not a time of day"):
        parse_time(text)


@pytest.mark.parametrize(
    "name", ["Asia/Peking", "+08:00", "", "../etc/passwd", "/etc/passwd", "a" * 300]
)
def test_bad_zones_are_refused(name: str) -> None:
    """A zone that does not exist, or is a path, is refused."""
    with pytest.raises(InputError, match="is not a time zone such as Asia/Shanghai"):
        parse_zone(name)


def test_zone() -> None:
    """An IANA name is parsed to its zone."""
    assert parse_zone("Asia/Shanghai").key == "Asia/Shanghai"

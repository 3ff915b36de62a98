"""The notices of a livestream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from contentsvc.domain.notices import (
    DEFAULT_CHAIN,
    Notice,
    NoticeState,
    default_chain,
    parse_chain,
)
from contentsvc.errors import InputError

STARTS_AT = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "minutes", "written", "state"),
    [
        ("-7d", -10080, "-168h", NoticeState.BEFORE),
        ("-48h", -2880, "-48h", NoticeState.BEFORE),
        ("-36h", -2160, "-36h", NoticeState.TOMORROW),
        ("-24h", -1440, "-24h", NoticeState.TOMORROW),
        ("-12h", -720, "-12h", NoticeState.TOMORROW),
        ("-1h", -60, "-1h", NoticeState.SOON),
        ("-10m", -10, "-10m", NoticeState.SOON),
        ("-5m", -5, "-5m", NoticeState.SOON),
        ("-1m", -1, "-1m", NoticeState.NOW),
        ("0m", 0, "0m", NoticeState.NOW),
        ("-0h", 0, "0m", NoticeState.NOW),
        ("+90m", 90, "+90m", NoticeState.REPLAY),
        ("90m", 90, "+90m", NoticeState.REPLAY),
        (" +1d ", 1440, "+24h", NoticeState.REPLAY),
    ],
)
def test_offsets(text: str, minutes: int, written: str, state: NoticeState) -> None:
    """An offset is parsed, written in its shortest form, and decides the notice's state."""
    notice = Notice.parse(text)

    assert notice.offset == timedelta(minutes=minutes)
    assert str(notice) == written
    assert notice.state is state
    assert Notice.parse(str(notice)) == notice


@pytest.mark.parametrize(
    "text", ["", "1", "-1w", "soon", "- 1h", "1.5h", "32d", "-9999h", "12345m"]
)
def test_bad_offsets_are_refused(text: str) -> None:
    """A text that is not an offset, or is further than a month, is refused."""
    with pytest.raises(InputError, match=r"is not an offset|is more than 31 days away"):
        Notice.parse(text)


def test_due_at() -> None:
    """A notice is due at its offset from the start."""
    assert Notice.parse("-24h").due_at(STARTS_AT) == STARTS_AT - timedelta(days=1)
    assert Notice.parse("+90m").due_at(STARTS_AT) == STARTS_AT + timedelta(minutes=90)


def test_default_chain() -> None:
    """The default chain is a day, an hour, ten minutes before, the start, and the replay."""
    assert [str(notice) for notice in DEFAULT_CHAIN] == ["-24h", "-1h", "-10m", "0m", "+90m"]


def test_chain_is_sorted_without_duplicates() -> None:
    """A chain is sorted by time, and a notice that is given twice occurs once."""
    chain = parse_chain(["0m", "-60m", "+90m", "-1h"])

    assert [str(notice) for notice in chain] == ["-1h", "0m", "+90m"]


def test_chain_is_not_too_long() -> None:
    """A chain of more than twelve notices is refused."""
    texts = [f"-{hours}h" for hours in range(1, 14)]

    assert len(parse_chain(texts[:12])) == 12
    with pytest.raises(InputError, match="13 notices are too many; 12 are allowed"):
        parse_chain(texts)


@pytest.mark.parametrize(
    ("text", "minutes", "state"),
    [
        ("+30m", 60, NoticeState.NOW),
        ("+59m", 60, NoticeState.NOW),
        ("+60m", 60, NoticeState.REPLAY),
        ("+90m", 120, NoticeState.NOW),
        ("0m", 60, NoticeState.NOW),
        ("-1h", 60, NoticeState.SOON),
    ],
)
def test_a_notice_knows_whether_the_livestream_is_still_on(
    text: str, minutes: int, state: NoticeState
) -> None:
    """Only a notice after the planned end announces the replay."""
    notice = Notice.parse(text)

    assert notice.within(minutes).state is state
    assert notice.within(minutes) == notice


@pytest.mark.parametrize(
    ("text", "starts_at", "zone", "days"),
    [
        ("-24h", "2026-11-26T12:00", "Asia/Shanghai", 1),
        ("-13h", "2026-11-26T12:00", "Asia/Shanghai", 0),
        ("-3d", "2026-11-26T12:00", "Asia/Shanghai", 3),
        ("-2h", "2026-11-25T17:00", "Asia/Shanghai", 1),
        ("-20h", "2026-11-25T16:00", "Asia/Shanghai", 1),
        # The night in which New York's clock is set back has 25 hours.
        ("-24h", "2026-11-02T04:30", "America/New_York", 0),
        ("-25h", "2026-11-02T04:30", "America/New_York", 1),
        # The night in which it is set forward has 23.
        ("-24h", "2026-03-09T04:30", "America/New_York", 2),
    ],
)
def test_days_are_counted_on_the_wall_clock(
    text: str, starts_at: str, zone: str, days: int
) -> None:
    """The days before the start are counted in midnights, even if a day has 23 or 25 hours."""
    at = datetime.fromisoformat(starts_at).replace(tzinfo=UTC)

    assert Notice.parse(text).days_ahead(at, ZoneInfo(zone)) == days


@pytest.mark.parametrize(("minutes", "replay"), [(60, "+90m"), (90, "+2h"), (120, "+150m")])
def test_the_default_replay_comes_after_the_end(minutes: int, replay: str) -> None:
    """The default chain ends with a replay for every planned length."""
    last = default_chain(minutes)[-1]

    assert (str(last), last.state) == (replay, NoticeState.REPLAY)

"""The notices of a livestream."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from contentsvc.domain.notices import DEFAULT_CHAIN, Notice, NoticeState, parse_chain

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
    """An offset is read, written shortly, and tells what the notice says."""
    notice = Notice.parse(text)

    assert notice.offset == timedelta(minutes=minutes)
    assert str(notice) == written
    assert notice.state is state
    assert Notice.parse(str(notice)) == notice


@pytest.mark.parametrize(
    "text", ["", "1", "-1w", "soon", "- 1h", "1.5h", "32d", "-9999h", "12345m"]
)
def test_what_is_no_offset_is_named(text: str) -> None:
    """What is no offset, or is further than a month, is refused."""
    with pytest.raises(ValueError, match=r"is not an offset|is further than 31 days"):
        Notice.parse(text)


def test_due_at() -> None:
    """A notice is due at its distance from the start."""
    assert Notice.parse("-24h").due_at(STARTS_AT) == STARTS_AT - timedelta(days=1)
    assert Notice.parse("+90m").due_at(STARTS_AT) == STARTS_AT + timedelta(minutes=90)


def test_usual_chain() -> None:
    """The usual chain is a day, an hour, ten minutes, the start and the replay."""
    assert [str(notice) for notice in DEFAULT_CHAIN] == ["-24h", "-1h", "-10m", "0m", "+90m"]


def test_chain_is_in_order_and_without_doubles() -> None:
    """A chain is put in order of time; a notice given twice stands once."""
    chain = parse_chain(["0m", "-60m", "+90m", "-1h"])

    assert [str(notice) for notice in chain] == ["-1h", "0m", "+90m"]


def test_chain_is_not_too_long() -> None:
    """More than twelve notices would flood a group."""
    texts = [f"-{hours}h" for hours in range(1, 14)]

    assert len(parse_chain(texts[:12])) == 12
    with pytest.raises(ValueError, match="13 notices are too many; 12 are allowed"):
        parse_chain(texts)

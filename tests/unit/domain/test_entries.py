"""Entries and their versions."""

from __future__ import annotations

import dataclasses

import pytest

from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    NoticeVersion,
    Version,
)
from contentsvc.domain.notices import Notice, NoticeState, parse_chain
from contentsvc.domain.weeks import Weekday

ENTRY = EntryContent(
    key="mon-check-in",
    day=Weekday.MON,
    kind=EntryKind.POST,
    title="签到",
    slot="早安",
    body="早上好",
    versions={
        "group": Version(body="早！"),
        "page": Version(title="周一签到"),
        "silent": Version(title="无", body=""),
    },
)


@pytest.mark.parametrize(
    ("channel", "title", "body"),
    [
        ("site", "签到", "早上好"),
        ("group", "签到", "早！"),
        ("page", "周一签到", "早上好"),
        ("silent", "无", ""),
    ],
)
def test_texts_of_a_channel(channel: str, title: str, body: str) -> None:
    """A channel has its version's texts, empty ones too, and else the entry's."""
    assert (ENTRY.title_for(channel), ENTRY.body_for(channel)) == (title, body)


def test_an_entry_is_a_draft_at_first() -> None:
    """An entry is a draft by default."""
    assert ENTRY.status is EntryStatus.DRAFT


def test_entries_do_not_change() -> None:
    """An entry's content is immutable."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ENTRY.title = "x"  # type: ignore[misc]


LIVE = dataclasses.replace(
    ENTRY,
    kind=EntryKind.LIVESTREAM,
    livestream=Livestream(url="https://l.example/1"),
    notices=parse_chain(["-3d", "-24h", "-1h", "0m", "+90m"]),
    notice_versions={"-1h": NoticeVersion(body="一小时后见"), "-24h": NoticeVersion(body="")},
)


@pytest.mark.parametrize(
    ("at", "channel", "body"),
    [
        ("-3d", "site", "早上好"),
        ("-3d", "group", "早！"),
        ("-24h", "site", ""),
        ("-1h", "group", "一小时后见"),
        ("0m", "site", ""),
        ("+90m", "site", ""),
    ],
)
def test_text_of_a_notice(at: str, channel: str, body: str) -> None:
    """A notice has its own text, else the entry's if it is early, else none."""
    assert LIVE.notice_body(channel, Notice.parse(at)) == body


def test_the_first_notice_has_the_text() -> None:
    """The first notice has the entry's text even if it is ten minutes before the start."""
    late = dataclasses.replace(LIVE, notices=parse_chain(["-10m", "0m"]), notice_versions={})

    assert [late.notice_body("site", notice) for notice in late.chain] == ["早上好", ""]


def test_only_a_livestream_has_a_chain() -> None:
    """Only a livestream has notices; by default the usual chain for its length."""
    usual = dataclasses.replace(LIVE, notices=(), livestream=Livestream(minutes=120))

    assert ENTRY.chain == ()
    assert [str(notice) for notice in usual.chain] == ["-24h", "-1h", "-10m", "0m", "+150m"]
    assert [notice.state for notice in LIVE.chain][-1] is NoticeState.REPLAY


_WATCH, _BOOK, _REPLAY, _PAGE = "https://w", "https://b", "https://r", "https://p"


@pytest.mark.parametrize(
    ("live", "page", "before", "now", "replay"),
    [
        (Livestream(), "", "", "", ""),
        (Livestream(url=_WATCH), "", _WATCH, _WATCH, _WATCH),
        (Livestream(url=_WATCH), _PAGE, _PAGE, _WATCH, _PAGE),
        (Livestream(), _PAGE, _PAGE, _PAGE, _PAGE),
        (Livestream(url=_WATCH, booking_url=_BOOK), _PAGE, _BOOK, _WATCH, _PAGE),
        (Livestream(booking_url=_BOOK), "", _BOOK, _BOOK, ""),
        (Livestream(url=_WATCH, replay_url=_REPLAY), _PAGE, _PAGE, _WATCH, _REPLAY),
    ],
)
def test_link_of_a_notice(live: Livestream, page: str, before: str, now: str, replay: str) -> None:
    """A notice links to the entry's address, else to the public page, else to the next best."""
    states = (NoticeState.TOMORROW, NoticeState.NOW, NoticeState.REPLAY)

    assert tuple(live.link_at(state, page) for state in states) == (before, now, replay)

"""Entries and their versions."""

from __future__ import annotations

import dataclasses

import pytest

from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus, Version
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
def test_what_a_channel_shows(channel: str, title: str, body: str) -> None:
    """A channel shows its version's words and the common ones for the rest; empty is a word."""
    assert (ENTRY.title_for(channel), ENTRY.body_for(channel)) == (title, body)


def test_an_entry_is_a_draft_at_first() -> None:
    """Nothing is approved unless somebody says so."""
    assert ENTRY.status is EntryStatus.DRAFT


def test_entries_do_not_change() -> None:
    """An entry's content is a value."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ENTRY.title = "x"  # type: ignore[misc]

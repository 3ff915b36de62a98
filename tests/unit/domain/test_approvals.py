"""The hash that an approval is bound to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contentsvc.domain.approvals import COVERED, Approval, approval_hash

CONTENT: dict[str, Any] = {
    "key": "wed-poster",
    "day": "wed",
    "slot": "晚间",
    "time": None,
    "kind": "poster",
    "element": "quote",
    "title": "给妈妈的一句话",
    "body": "已经做得很好了。",
    "versions": {"site": {"title": None, "body": "网站"}},
    "channels": None,
    "livestream": None,
    "notices": [],
    "poster": {"template": "quote", "fields": {"text": "很好"}},
    "pictures": [{"source": "a.jpg", "alt": "茶"}],
}
APPROVAL = Approval(
    content=CONTENT,
    week="2026-W48",
    starts_at=datetime(2026, 11, 25, 12, tzinfo=UTC),
    zone="Asia/Shanghai",
    brand=None,
    channels={"site": "1", "group": "2"},
)


@pytest.mark.parametrize(
    "change",
    [
        {"content": {**CONTENT, "title": "别的"}},
        {"content": {**CONTENT, "body": "别的"}},
        {"content": {**CONTENT, "versions": {}}},
        {"content": {**CONTENT, "pictures": []}},
        {"content": {**CONTENT, "poster": {"template": "quote", "fields": {"text": "别的"}}}},
        {"content": {**CONTENT, "livestream": {"host": "林晓"}}},
        {"content": {**CONTENT, "notices": ["-1h"]}},
        {"starts_at": APPROVAL.starts_at + timedelta(seconds=1)},
        {"zone": "Asia/Tokyo"},
        {"brand": "qinghe"},
        {"channels": {"site": "1"}},
        {"channels": {"site": "1", "group": "3"}},
    ],
)
def test_everything_that_is_approved_changes_the_hash(change: dict[str, Any]) -> None:
    """Text, versions, pictures, poster, channels with their settings, time, zone and brand do."""
    assert replace(APPROVAL, **change).hash != APPROVAL.hash


@pytest.mark.parametrize(
    "change",
    [
        {"content": {**CONTENT, "slot": None, "time": "20:00"}},
        {"channels": {"group": "2", "site": "1"}},
    ],
)
def test_what_readers_do_not_see_leaves_the_hash(change: dict[str, Any]) -> None:
    """A slot with another name at the same time, and the order of channels, change nothing."""
    assert replace(APPROVAL, **change).hash == APPROVAL.hash


def test_an_approval_is_stored_and_read_again() -> None:
    """What comes back from JSON is the same approval with the same hash."""
    read = Approval.from_json(APPROVAL.to_json())

    assert (read, read.hash) == (APPROVAL, APPROVAL.hash)


def test_an_ingredient_that_is_not_there_leaves_the_hash() -> None:
    """An entry without a template has the hash from before templates were covered."""
    ingredients = APPROVAL.ingredients

    assert approval_hash({**ingredients, "template": None}) == approval_hash(ingredients)


@pytest.mark.parametrize("name", ["template", "source", "rules"])
def test_content_made_later_is_covered_by_what_it_is_made_from(name: str) -> None:
    """A leader board or a triggered message is bound to its template, source and rules."""
    ingredients = APPROVAL.ingredients

    assert approval_hash({**ingredients, name: {"top": 10}}) != approval_hash(ingredients)


def test_an_unknown_ingredient_is_refused() -> None:
    """A misspelt name does not make a hash that nobody can compare."""
    with pytest.raises(ValueError, match="covers no colour"):
        approval_hash({"colour": "red"})
    assert "title" in COVERED

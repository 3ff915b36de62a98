"""docs/calendars.md describes the format that the code reads."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from contentsvc.domain.calendar_files import FIELDS, read_calendar
from contentsvc.domain.elements import CommunityKind, Element
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.weeks import Weekday

DOCS = (Path(__file__).parents[3] / "docs" / "calendars.md").read_text(encoding="utf-8")

#: Under which heading the fields of each mapping stand.
HEADINGS = {
    "calendar": "## The calendar",
    "community": "### `community`",
    "quota": "### `quotas`",
    "entry": "## An entry",
    "version": "### `versions`",
    "livestream": "### `livestream`",
    "notice": "### `notices`",
    "poster": "### `poster`",
    "picture": "### `pictures`",
}


def section(heading: str) -> str:
    """Return the text from a heading to the next one."""
    _, _, after = DOCS.partition(f"\n{heading}\n")
    return re.split(r"\n#", after)[0]


@pytest.mark.parametrize("mapping", FIELDS)
def test_every_field_has_its_row(mapping: str) -> None:
    """Each mapping's table has exactly its fields, in the order of writing."""
    rows = re.findall(r"^\| `(\w+)` \|", section(HEADINGS[mapping]), re.MULTILINE)

    assert tuple(rows) == FIELDS[mapping]


@pytest.mark.parametrize("kind", [CommunityKind, Element, EntryKind, EntryStatus, Weekday])
def test_every_choice_is_named(kind: type[StrEnum]) -> None:
    """Each value that a field may have is in the text."""
    assert [value for value in kind if f"`{value}`" not in DOCS] == []


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL))
def test_examples_can_be_read(example: str) -> None:
    """Each example is a valid calendar file."""
    assert read_calendar(example, "docs/calendars.md").entries


def test_the_first_example_shows_every_field() -> None:
    """The first example uses every field of the format."""
    example = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)[0]

    names = {name for fields in FIELDS.values() for name in fields}
    assert [name for name in sorted(names) if f"{name}:" not in example] == []

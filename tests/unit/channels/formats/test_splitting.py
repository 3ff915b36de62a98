"""Tests of dividing long text into messages where a reader would pause."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.channels import split_text
from contentsvc.channels.formats.graphemes import graphemes
from contentsvc.channels.formats.result import utf8, utf16
from tests.growth import LINEAR, growth
from tests.unit.channels.formats.bodies import texts

_BLANK = re.compile(r"[\n \u3000]")


@given(texts, st.integers(16, 200), st.sampled_from([len, utf8, utf16]))
@settings(max_examples=400, deadline=None)
def test_nothing_is_lost_and_nothing_is_too_long(text: str, most: int, size: object) -> None:
    """The messages have the whole text in order, apart from spaces between them, and each fits."""
    found = split_text(text, most, size=size)  # type: ignore[arg-type]

    assert _BLANK.sub("", "".join(found)) == _BLANK.sub("", text)
    assert all(0 < size(message) <= most for message in found)  # type: ignore[operator]


@given(texts, st.integers(80, 200))
@settings(max_examples=300, deadline=None)
def test_no_border_within_an_emoji_or_an_address(text: str, most: int) -> None:
    """A grapheme cluster is not divided, nor is an address that fits into a message."""
    found = split_text(text, most)

    place = 0
    borders = set()
    for message in found:
        begin = text.index(message, place)
        borders.add(begin)
        place = begin + len(message)
    for address in re.finditer(r"https?://[!-~]+", text):
        if len(address[0]) <= most:
            assert not borders & set(range(address.start() + 1, address.end()))
    assert _in_whole_units(text, borders - {0}, most)


def _in_whole_units(text: str, borders: set[int], most: int) -> bool:
    place = 0
    for unit in graphemes(text):
        if len(unit) <= most and borders & set(range(place + 1, place + len(unit))):
            return False
        place += len(unit)
    return True


@pytest.mark.parametrize(
    "unit",
    [
        *("👨‍👩‍👧‍👦", "👋🏻", "🇨🇳", "1️⃣", "❤️‍🔥", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301", "각", "각", "क्षि", "நி", "\r\n"),
        *("🧑🏽‍💻", "👁️‍🗨️", "ท่า"[:2], "ก็"),
    ],
)
def test_what_is_seen_as_one_character_is_one(unit: str) -> None:
    """Families, skin tones, flags, keycaps, tags, marks, jamo and conjuncts are one unit each."""
    assert list(graphemes(f"a{unit}字")) == ["a", unit, "字"]


def test_flags_come_in_pairs() -> None:
    """Adjacent flag letters are divided in pairs."""
    assert list(graphemes("🇨🇳🇯🇵🇨")) == ["🇨🇳", "🇯🇵", "🇨"]


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        ("一" * 12 + "\n\n" + "二" * 12, ["一" * 12, "二" * 12]),
        ("一" * 12 + "\n" + "二" * 12, ["一" * 12, "二" * 12]),
        (
            "今天早上天气很好。我们去公园玩吧！好不好",
            ["今天早上天气很好。我们去公园玩吧！", "好不好"],
        ),
        ("他说：“今天天气很好。”我们去公园玩吧", ["他说：“今天天气很好。”", "我们去公园玩吧"]),
        ("今天早上天气不错，我们都去公园走一走吧", ["今天早上天气不错，", "我们都去公园走一走吧"]),
        ("It is fine today. Let us go out.", ["It is fine today.", "Let us go out."]),
        ("字" * 20, ["字" * 18, "字" * 2]),
        ("看 https://a.example", ["看", "https://a.example"]),
        ("", []),
        ("\n\n 　", []),
    ],
)
def test_a_border_is_where_a_reader_pauses(text: str, messages: list[str]) -> None:
    """Text is divided between paragraphs, else lines, sentences, clauses or characters."""
    assert split_text(text, 18) == messages


def test_a_message_must_hold_something() -> None:
    """A limit that is too small for one emoji raises ValueError."""
    with pytest.raises(ValueError, match="at least 16"):
        split_text("早安", 15)


@pytest.mark.parametrize("text", ["字", "\n", "a"])
def test_the_work_grows_with_the_length(text: str) -> None:
    """The work grows linearly with the length of the text."""

    def split(length: int) -> None:
        assert all(len(message) <= 2_000 for message in split_text(text * length, 2_000))

    assert growth(split, 6_000) < LINEAR


def test_marks_heaped_on_one_letter_are_divided() -> None:
    """A letter with too many marks for one message is divided in linear time."""

    def split(marks: int) -> None:
        assert all(len(message) <= 2_000 for message in split_text("e" + "\u0301" * marks, 2_000))

    assert growth(split, 6_000) < LINEAR

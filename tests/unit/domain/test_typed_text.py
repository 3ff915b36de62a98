"""Values typed with a Chinese input method."""

from __future__ import annotations

import string

import pytest

from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import QuietHours
from contentsvc.domain.typed_text import digits, half_width, split_list, split_span, typed_address
from contentsvc.domain.walltime import parse_local, parse_time, parse_zone
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError


@pytest.mark.parametrize(
    ("typed", "ordinary"),
    [
        ("１２：３０", "12:30"),
        ("　９０％　", "90%"),
        ("＃ｆｆ００aa", "#ff00aa"),
        ("２０２６－Ｗ４８", "2026-W48"),
        ("a—b–c−d", "a-b-c-d"),
        ("22:00～8:00〜9", "22:00~8:00~9"),
        ("￥２９．９", "¥29.9"),
        ("福利群，（一）", "福利群,(一)"),
        ("早安 08:30", "早安 08:30"),
    ],
)
def test_full_width_characters_become_ordinary(typed: str, ordinary: str) -> None:
    """Letters, digits, punctuation, dashes and blanks become ASCII; Chinese stays."""
    assert half_width(typed) == ordinary


def test_every_full_width_character_has_its_ascii() -> None:
    """The whole block of full-width forms is covered."""
    printable = [char for char in string.printable if char.isprintable() and char != " "]

    assert half_width("".join(chr(ord(char) + 0xFEE0) for char in printable)) == "".join(printable)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("６０", 60),
        (" 60 ", 60),
        ("", None),
        ("－５", None),
        ("１．５", None),
        ("999999999", 999_999_999),
        ("9" * 10, None),
        ("9" * 100_000, None),
        ("六十", None),
    ],
)
def test_digits(typed: str, number: int | None) -> None:
    """A whole number of up to nine digits is read; anything else is none."""
    assert digits(typed) == number


@pytest.mark.parametrize(
    ("typed", "items"),
    [
        ("有车，有娃", ["有车", "有娃"]),
        ("-24h, -1h、0m；+90m;1d", ["-24h", "-1h", "0m", "+90m", "1d"]),
        ("，，有车，", ["有车"]),
        ("０-１岁（女），ＶＩＰ", ["０-１岁（女）", "ＶＩＰ"]),
        ("", []),
    ],
)
def test_lists_are_split_and_items_kept(typed: str, items: list[str]) -> None:
    """Any usual separator divides a list; the items keep their characters."""
    assert split_list(typed) == items


@pytest.mark.parametrize(
    "typed",
    [
        *("22:30-7:30", "22:30～7:30", "２２：３０～７：３０", "22：30 — 7：30", "22:30——7:30"),
        *("22:30－7:30", "22:30 至 7:30", "22:30到7:30", "　22:30~7:30　"),
    ],
)
def test_quiet_hours_are_taken_as_typed(typed: str) -> None:
    """Every usual sign between two times makes quiet hours, stored in one form."""
    assert str(QuietHours.parse(typed)) == "22:30-07:30"


def test_a_span_has_two_ends() -> None:
    """A text without a sign in between is no span."""
    assert split_span("22:30") is None


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        (" https：／／a.example/１，２？x ", "https://a.example/１，２？x"),
        ("ｈｔｔｐ：／／a.example", "http://a.example"),
        ("https://a.example/中文（一）", "https://a.example/中文（一）"),
        ("ｊａｖａｓｃｒｉｐｔ：alert(1)", "ｊａｖａｓｃｒｉｐｔ：alert(1)"),
        ("", ""),
    ],
)
def test_only_the_start_of_an_address_changes(typed: str, address: str) -> None:
    """The path of an address may contain full-width characters, which stay."""
    assert typed_address(typed) == address


def test_formats_are_read_in_full_width() -> None:
    """Times, weeks, offsets, zones and local times are parsed as typed."""
    shanghai = parse_zone("Ａｓｉａ／Ｓｈａｎｇｈａｉ")

    assert parse_time("２０：０５").isoformat() == "20:05:00"
    assert str(IsoWeek.parse("２０２６－Ｗ４８")) == "2026-W48"
    assert str(Notice.parse("－２４ｈ")) == "-24h"
    assert str(Notice.parse("＋90ｍ")) == "+90m"
    assert parse_local("２０２６－１１－２６　２０：００", shanghai).isoformat() == (
        "2026-11-26T12:00:00+00:00"
    )


@pytest.mark.parametrize("typed", ["２５：００", "12。30", "１２：３", "：", "ー１ｈ"])
def test_what_is_wrong_stays_wrong(typed: str) -> None:
    """An error names the text as it was typed."""
    with pytest.raises(InputError) as error:
        parse_time(typed)

    assert typed in error.value.message.text("zh")


@pytest.mark.parametrize(
    "typed", ["", "明天", "２０２６－１３－０１　２０：００", "0001-01-01T00:00"]
)
def test_a_local_time_that_does_not_exist_is_refused(typed: str) -> None:
    """A day and time are needed, within the years that have an instant in UTC."""
    with pytest.raises(InputError):
        parse_local(typed, parse_zone("Asia/Shanghai"))

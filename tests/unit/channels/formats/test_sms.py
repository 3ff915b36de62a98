"""Tests of the text message and its number of segments."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.channels import (
    RenderError,
    WarningLevel,
    format_sms,
    markdown_html,
    sms_encoding,
)
from tests.unit.channels.formats.bodies import bodies

_GSM = st.text(alphabet="abcXYZ 019@£ΔΩé\n^{}\\[]~|€", max_size=500)


@pytest.mark.parametrize(
    ("text", "name", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        # An escape and its letter are not divided: 76 per segment, one septet of which is unused.
        ("€" * 152, "GSM-7", 304, 2),
        ("€" * 153, "GSM-7", 306, 3),
        ("字" * 70, "UCS-2", 70, 1),
        ("字" * 71, "UCS-2", 71, 2),
        ("字" * 134, "UCS-2", 134, 2),
        ("字" * 135, "UCS-2", 135, 3),
        ("a" * 69 + "字", "UCS-2", 70, 1),
        ("a" * 70 + "字", "UCS-2", 71, 2),
        ("𠮷" * 35, "UCS-2", 70, 1),
        ("𠮷" * 36, "UCS-2", 72, 2),
        # A character of two units is not divided: 33 per segment.
        ("𠮷" * 66, "UCS-2", 132, 2),
        ("𠮷" * 67, "UCS-2", 134, 3),
        ("`", "UCS-2", 1, 1),
    ],
)
def test_segments_are_counted(text: str, name: str, units: int, segments: int) -> None:
    """A single message has 70 or 160 units, and each of several has 67 or 153."""
    found = sms_encoding(text)

    assert (found.name, found.units, found.segments) == (name, units, segments)


@given(st.text(max_size=500) | _GSM | st.text(alphabet="字a𠮷", max_size=500))
@settings(max_examples=300, deadline=None)
def test_segments_hold_the_units(text: str) -> None:
    """The segments have room for all units, with at most one unit unused in each."""
    found = sms_encoding(text)
    alone, each = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[found.name]

    if found.units <= alone:
        assert found.segments == bool(text)
    else:
        least = math.ceil(found.units / each)
        assert least <= found.segments <= math.ceil(found.units / (each - 1))


@given(bodies)
@settings(max_examples=200, deadline=None)
def test_the_signature_stands_once(body: str) -> None:
    """【】 occur only in the signature; emoji and control characters are removed."""
    try:
        form = format_sms(
            markdown_html(body), title="【题】", signature="贝贝", opt_out="拒收请回复R"
        )
    except RenderError:
        return

    assert form.text.startswith("【贝贝】「题」")
    assert form.text.endswith("拒收请回复R")
    assert (form.text.count("【"), form.text.count("】")) == (1, 1)
    assert not set(form.text) & set("👋🏻🇨❤\ufe0f\u202e\x07")
    encoding = sms_encoding(form.text)
    assert (form.count("units"), form.count("segments")) == (encoding.units, encoding.segments)


@pytest.mark.parametrize(
    ("body", "opt_out", "text"),
    [
        ("好", "拒收请回复R", "好，拒收请回复R"),
        ("好。", "拒收请回复R", "好。拒收请回复R"),
        ("看 https://a.example/x", "拒收请回复R", "看 https://a.example/x 拒收请回复R"),
        ("好", "", "好"),
        ("", "拒收请回复R", "拒收请回复R"),
    ],
)
def test_the_way_out_is_set_apart(body: str, opt_out: str, text: str) -> None:
    """A comma precedes the text for opting out, or a space after an address."""
    assert format_sms(markdown_html(body), opt_out=opt_out).text == text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("    - 【", "- 「"),
        ("`【限时】`", "「限时」"),
        ("```\n【a】\n```", "「a」"),
        ("[看](https://a.example/【a】)", "看 https://a.example/%E3%80%90a%E3%80%91"),
        ("<https://a.example/【>", "https://a.example/%E3%80%90"),
        ("[信](mailto:【a@b.example)", "信 %E3%80%90a@b.example"),
        ("| 【 | b | c |\n|--|--|--|\n| 】 | 2 | 3 |", "」，b：2，c：3"),
    ],
)
def test_no_bracket_passes_for_a_signature_s(body: str, text: str) -> None:
    """【】 in text and code become 「」, and in an address they are percent-encoded."""
    form = format_sms(markdown_html(body), signature="贝贝", opt_out="【R】")

    assert form.text.startswith(f"【贝贝】{text}")
    assert form.text.endswith("「R」")
    assert (form.text.count("【"), form.text.count("】")) == (1, 1)


def test_typographers_marks_are_typed_where_that_spares_segments() -> None:
    """Typographic marks become ASCII if the message then needs fewer segments."""
    assert (
        format_sms(markdown_html("It’s “on” – come…"), language="en").text == 'It\'s "on" - come...'
    )
    assert format_sms(markdown_html("他说“好”…")).text == "他说“好”…"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("早安👋🏻，大家好", "早安，大家好"),
        ("见，😀 记得带", "见，记得带"),
        ("good 😀 day", "good day"),
        ("1️⃣清洁 2️⃣保湿", "1清洁 2保湿"),
        ("👨‍👩‍👧‍👦🇨🇳❤️‍🔥", ""),
        ("𠮷野家™ ①", "𠮷野家™ ①"),
    ],
)
def test_emoji_are_taken_out_and_rare_characters_stay(body: str, text: str) -> None:
    """An emoji keycap becomes its digit, and a rare character counts two units."""
    assert format_sms(markdown_html(body)).text == text


def test_what_is_lost_and_what_is_over_is_told() -> None:
    """Removed emoji, and more units than most platforms accept, cause warnings."""
    form = format_sms(markdown_html("😀" + "字" * 501))

    assert [w.level for w in form.warnings] == [WarningLevel.WARN] * 2
    assert [w.message.text("zh") for w in form.warnings] == [
        "短信：有 501 字，多数平台最多发 500 字",
        "短信：表情已去掉：😀",
    ]

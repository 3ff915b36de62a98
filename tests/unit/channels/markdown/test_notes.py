"""Tests of footnotes, whose text no format may lose."""

from __future__ import annotations

import re

import pytest

from contentsvc.channels import (
    WecomVersion,
    article_summary,
    format_article,
    format_chat,
    format_note,
    format_sms,
    format_wecom,
    markdown_html,
)

_BODY = "限时[^1]优惠\n\n[^1]: 以门店为准"
_LONG = "仅限本月在门店购买的会员，" * 12


def _article(body: str) -> str:
    return re.sub(r' style="[^"]*"', "", format_article(markdown_html(body)).html)


def test_a_page_has_the_notes_at_its_end() -> None:
    """In HTML a number refers to the note, which is an item of a list at the end."""
    assert re.sub(r"\n", "", markdown_html(_BODY)) == (
        '<p>限时<sup data-note="1">[1]</sup>优惠</p>'
        '<ol><li data-note="1"><p>以门店为准</p></li></ol>'
    )


def test_plain_text_has_the_note_in_brackets() -> None:
    """Each format of plain text shows a short note where the text refers to it."""
    html = markdown_html(_BODY)
    text = "限时（以门店为准）优惠"

    assert format_chat(html).text == text
    assert format_sms(html).text == text
    assert format_note(html).text == text
    assert article_summary(html) == text
    for version in WecomVersion:
        assert format_wecom(html, version=version).text == text
    assert format_sms(markdown_html("Sale[^1] now\n\n[^1]: in shops"), language="en").text == (
        "Sale (in shops) now"
    )


def test_an_article_numbers_notes_and_links_together() -> None:
    """Notes and the addresses of links share their numbers, so that none means two things."""
    body = "看[回放](https://a.example/r)，限时[^甲]\n\n[^甲]: 见[规则](https://a.example/2)"

    assert _article(body) == (
        "<section><p>看回放<sup>[1]</sup>，限时<sup>[2]</sup></p><section><p>注释</p>"
        "<p>[1] 回放<br>https://a.example/r</p>"
        "<section>[2] 见规则<sup>[3]</sup></section>"
        "<p>[3] 规则<br>https://a.example/2</p></section></section>"
    )


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"限时[^1]优惠\n\n[^1]: {_LONG}", f"限时[1]优惠\n\n[1] {_LONG}"),
        ("甲[^a]乙[^b]丙[^a]\n\n[^b]: 二\n[^a]: 一", "甲（一）乙（二）丙（一）"),
        ("甲[^1]\n\n[^1]: 一\n\n    - 二\n    - 三", "甲[1]\n\n[1] 一\n\n• 二\n• 三"),
        ("甲[^1]\n\n[^1]: 一\n    又一行", "甲（一\n又一行）"),
        ("甲[^1]\n[^1]: 紧接着", "甲（紧接着）"),
        ("- 甲[^1]\n- 乙\n\n[^1]: 一", "• 甲（一）\n• 乙"),
        ("- 甲[^1]\n\n  [^1]: 一", "• 甲（一）"),
        ("> 甲[^1]\n>\n> [^1]: 一", "▎甲（一）"),
        ("| 甲[^1] | 乙 |\n|---|---|\n| 1 | 2 |\n\n[^1]: 一", "甲（一）：乙\n1：2"),
        ("# 甲[^1]\n\n[^1]: 一", "【甲（一）】"),
        ("**甲[^1]**\n\n[^1]: 见 [规则](https://a.example/r)", "甲（见规则 https://a.example/r ）"),
        ("[^1]: 没有引用", "[1] 没有引用"),
        ("甲\n\n[^1]: 没有引用", "甲\n\n[1] 没有引用"),
        ("`[^1]`\n\n[^1]: 在代码里", "[^1]\n\n[1] 在代码里"),
        ("甲[^1]\n\n[^1]: 自己[^1]", "甲（自己[1]）\n\n[1] 自己[1]"),
        ("甲[^1]\n\n[^1]: 见[^2]\n[^2]: 二", "甲（见[2]）\n\n[2] 二"),
        ("甲[^1]，没有注释", "甲[^1]，没有注释"),
        ("甲[^1]\n\n[^1]: 一\n[^1]: 又一", "甲（一）\n\n（一）: 又一"),
        ("甲[^1]\n\n[^1]:\n    下一行", "甲（下一行）"),
        ("```\n[^1]: 代码\n```", "[^1]: 代码"),
    ],
)
def test_no_note_vanishes(body: str, text: str) -> None:
    """Every note is told, in brackets or after the text, or stays as it was typed."""
    assert format_chat(markdown_html(body)).text == text


def test_a_long_note_is_told_once() -> None:
    """The text does not grow by a long note for each of its references."""
    body = "满减[^1]" * 200 + f"\n\n[^1]: {_LONG}"

    assert format_chat(markdown_html(body), most=10_000).text.count(_LONG) == 1
    assert _article(body).count(_LONG) == 1


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"[^{n}]: 见[^{n + 1}]\n\n" for n in range(20)) + "甲[^0]",
        "甲[^1]乙\n\n" * 200 + "[^1]: [规则](https://a.example/r)",
        "".join(f"甲[^{n}]\n\n[^{n}]: 注 {n}\n\n" for n in range(200)),
    ],
)
def test_notes_grow_no_faster_than_the_text(body: str) -> None:
    """Notes that refer to notes, and many references to one, make no text of endless length."""
    html = markdown_html(body)

    assert len(format_chat(html, most=10**6).text) < 10 * len(body)
    assert len(_article(body)) < 40 * len(body)

"""Tests of the Xiaohongshu note: its counts, and its hashtags at the end."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings

from contentsvc.channels import (
    RenderError,
    WarningLevel,
    format_note,
    hashtags,
    markdown_html,
    note_title_length,
)
from contentsvc.channels.formats.result import utf16
from contentsvc.channels.formats.tree import Node, parse, raw
from tests.unit.channels.formats.bodies import bodies


@pytest.mark.parametrize(
    ("title", "length"),
    [
        *(("", 0), ("字", 1), ("a", 1), ("ab", 1), ("abc", 2), ("字a", 2), ("😀", 2), ("👋🏻", 4)),
        *(("字" * 20, 20), ("a" * 40, 20), ("a" * 41, 21), ("，！", 2)),
    ],
)
def test_a_title_is_counted_as_the_page_does(title: str, length: int) -> None:
    """A Chinese character counts 1, ASCII ½ and an emoji 2; the sum is rounded up."""
    assert note_title_length(title) == length


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#宝宝护肤 #早安", ["宝宝护肤", "早安"]),
        ("#宝宝护肤#今天说说", ["宝宝护肤"]),
        ("#早安##签到#", ["早安", "签到"]),
        ("#早安[话题]# 好", ["早安"]),
        ("今天#早安，大家", ["早安"]),
        ("C#语言 第 #1 名 a&#x b/#c", []),
        ("#618大促 #2026", ["618大促"]),
        ("# 标题", []),
        ("#早安 #早安", ["早安"]),
    ],
)
def test_hashtags_are_found(text: str, found: list[str]) -> None:
    """Hashtags have one # or two, and are not found within words, addresses and numbers."""
    assert hashtags(text) == found


def test_hashtags_go_to_the_end() -> None:
    """The hashtags of the text and of *tags* end the note, each once."""
    html = markdown_html("说说#宝宝护肤 吧\n#早安 #签到\n\n#冬季")

    form = format_note(html, tags=["早安", "#母婴 ", ""])

    assert form.text == "说说宝宝护肤 吧\n\n#宝宝护肤 #早安 #签到 #冬季 #母婴"
    assert form.count("hashtags") == 5


def test_code_has_no_hashtags() -> None:
    """A # in code is no hashtag."""
    assert format_note(markdown_html("`#早安`")).text == "#早安"


@pytest.mark.parametrize(
    ("body", "title", "told"),
    [
        ("字" * 1000, "字" * 20, []),
        ("字" * 1001, "题", [(WarningLevel.BLOCK, "body")]),
        ("好", "字" * 21, [(WarningLevel.BLOCK, "title")]),
        (" ".join(f"#话{n}" for n in range(11)), "题", [(WarningLevel.WARN, "body")]),
        ("加V看 [这里](https://a.example)", "题", [(WarningLevel.WARN, "body")] * 2),
        ("![图](https://a.example/1.png)好", "题", [(WarningLevel.WARN, "body")]),
    ],
)
def test_what_the_platform_refuses_is_told(
    body: str, title: str, told: list[tuple[WarningLevel, str]]
) -> None:
    """A note that is too long blocks approval; removed parts are warnings."""
    form = format_note(markdown_html(body), title=title)

    assert [(warning.level, warning.field) for warning in form.warnings] == told


def test_numbers_are_keycaps_up_to_ten() -> None:
    """Numbers to 10 become keycaps; larger numbers stay."""
    text = format_note(markdown_html("9. 九\n10. 十\n11. 十一")).text

    assert text == "9\ufe0f\u20e3 九\n🔟 十\n11. 十一"


@given(bodies)
@settings(max_examples=200, deadline=None)
def test_a_note_never_has_an_address_of_a_link(body: str) -> None:
    """A note has a link's address only if the text has it; the counts are those of the note."""
    try:
        html = markdown_html(body)
    except RenderError:
        return
    form = format_note(html, title="题")

    text = raw(parse(html))
    hidden = [address for address in _link_addresses(parse(html)) if address not in text]
    assert [address for address in hidden if address in form.text] == []
    assert "](" not in form.text or "](" in text
    assert form.count("characters") == utf16(form.text)
    assert "\x01" not in form.text


def _link_addresses(node: Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, Node):
            address = child.attributes.get("href", "")
            if re.match(r"https?://\w", address):
                yield address
            yield from _link_addresses(child)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\\[a\\](b)", "[a](b)"),
        ("[a\\]](https://a.example)(b)", "a](b)"),
        ("]https://a.example/x (b)", "] (b)"),
        ("]<b></b>(b)", "](b)"),
        ("\\]\u200b(b)", "](b)"),
    ],
)
def test_brackets_of_the_text_stay(body: str, text: str) -> None:
    """Brackets of the text stay when an address between them is removed."""
    assert format_note(markdown_html(body)).text == text

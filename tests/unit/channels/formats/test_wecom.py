"""Tests of WeCom Markdown: messages have a limited size, and text does not act as markup."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings

from contentsvc.channels import RenderError, WecomVersion, format_wecom, markdown_html
from tests.unit.channels.formats.bodies import bodies


@pytest.mark.parametrize("version", WecomVersion)
@given(body=bodies)
@settings(max_examples=150, deadline=None)
def test_every_message_fits_and_nothing_acts(version: WecomVersion, body: str) -> None:
    """Messages are within the limit, with http(s) links, no mentions and only our colours."""
    try:
        html = markdown_html(body)
    except RenderError:
        return
    form = format_wecom(html, title="题<@all>", version=version, most=200)

    assert all(0 < len(message.encode()) <= 200 for message in form.messages)
    assert form.count("messages") == len(form.messages)
    assert "<@" not in form.text
    assert not re.search(r"\]\(\s*(?!https?://)\w+:", form.text)
    assert (
        set(re.findall(r"<(?!font color=\"(?:info|comment|warning)\">|/font>)[/A-Za-z]", form.text))
        == set()
    )


def test_a_long_text_is_divided_between_paragraphs() -> None:
    """A message has at most 1,365 Chinese characters; a second message has the others."""
    one = format_wecom(f"<p>{'字' * 1365}</p>")
    two = format_wecom(f"<p>{'字' * 1000}</p><p>{'词' * 1000}</p>", title="题")

    assert (one.count("bytes"), one.count("messages")) == (4095, 1)
    assert [message[-1] for message in two.messages] == ["字", "词"]


def test_a_divided_block_of_code_stays_code() -> None:
    """In version 2, each part of divided code has its own fences."""
    html = markdown_html("```\n" + "a = 1\n" * 100 + "```")

    form = format_wecom(html, version=WecomVersion.TWO, most=200)

    assert len(form.messages) > 3
    for message in form.messages:
        assert message.startswith("```\n")
        assert message.endswith("\n```")
        assert len(message.encode()) <= 200
    assert form.text.count("a = 1") == 100


def test_a_divided_table_says_its_header_again() -> None:
    """In version 2, each part of a divided table has the header."""
    html = markdown_html("| 天 | 事 |\n|---|---|\n" + "| 一 | 早安 |\n" * 40)

    form = format_wecom(html, version=WecomVersion.TWO, most=200)

    assert len(form.messages) > 3
    assert all(m.startswith("| 天 | 事 |\n| --- | --- |\n| 一 |") for m in form.messages)
    assert form.text.count("早安") == 40


def test_a_link_is_not_divided() -> None:
    """Neither the text nor the address of a link is divided."""
    html = markdown_html("字" * 50 + "[直播回放](https://a.example/replay/42)")

    form = format_wecom(html, most=180)

    assert form.messages[-1] == "[直播回放](https://a.example/replay/42)"


@pytest.mark.parametrize("version", WecomVersion)
@pytest.mark.parametrize(
    "body",
    [
        "**{long}[看](https://a.example/replay/42)**",
        "<u>{long}[看](https://a.example/replay/42)</u>",
        "**<u>{long}[看](https://a.example/replay/42)</u>**",
        "**{long}https://a.example/replay/42**",
        "**{long}![图](https://a.example/replay/42)**",
    ],
)
def test_a_link_in_long_marked_text_is_not_divided(version: WecomVersion, body: str) -> None:
    """Bold or coloured text that is longer than a message is divided around its links."""
    for length in range(40, 60):
        html = markdown_html(body.format(long="字" * length))

        form = format_wecom(html, version=version, most=180)

        assert [m for m in form.messages if "https://a.example/replay/42" in m]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("\\# 不是标题", "＃ 不是标题"),
        ("第 \\#1 名", "第 #1 名"),
        ("\\> 不是引用", "＞ 不是引用"),
        ("a\\*\\*b\\*\\*", "a＊＊b＊＊"),
        ("2 \\* 3", "2 * 3"),
        ("\\`x\\`", "｀x｀"),
        ("\\[x\\](https://a.example)", "[x］([https://a.example](https://a.example))"),
        ("&lt;font color=red&gt;x", "＜font color=red>x"),
        ("[a\\]b](https://a.example)", "[a］b](https://a.example)"),
        ("[a](https://a.example/\\))", "[a](https://a.example/%29)"),
        ("**粗\n体**", "**粗**\n**体**"),
        ("# **粗**题", "# 粗题"),
        ("**<b>粗</b>**", "**粗**"),
        ("[![图](https://a.example/1.png)](https://a.example)", None),
    ],
)
def test_text_stays_text(body: str, text: str | None) -> None:
    """Characters that would act as markup become full-width, because there is no escape."""
    found = format_wecom(markdown_html(body)).text

    assert found == (text or "[图片：图](https://a.example/1.png) https://a.example")


@pytest.mark.parametrize("version", WecomVersion)
@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("&lt;[x](javascript:alert(1))", "＜x"),
        ("[&lt;](javascript:x)b", "＜b"),
        ("&lt;<a href='mailto:a@b.example'></a>", "＜a@b.example"),
        ("<a href='mailto:&lt;@all>'>x</a>", "x ＜@all>"),
        ("&lt;<u></u>@all", "＜@all"),
        ("# &lt;[@all](javascript:x)", "# ＜@all"),
        ("\\*[\\*](javascript:x)粗\\*\\*", "＊＊粗＊＊"),
        ("a\\***粗**", "a＊**粗**"),
        ("[\\]](javascript:x)(javascript:y)", "]（javascript:y)"),
        ("[\\]](javascript:x)(a.example)", "］(a.example)"),
        ("<img alt='&lt;@all>'>", "［图片：＜@all>］"),
        ("3 &lt; 5", "3 < 5"),
    ],
)
def test_text_stays_text_across_elements(version: WecomVersion, body: str, text: str) -> None:
    """Characters that act only together with the next element become full-width, too."""
    assert format_wecom(markdown_html(body), version=version).text == text


@pytest.mark.parametrize(
    ("version", "body", "text"),
    [
        (
            WecomVersion.ONE,
            "![<@all>](https://a.example/1.png)",
            "[图片：＜@all>](https://a.example/1.png)",
        ),
        (
            WecomVersion.TWO,
            "![<@all>](https://a.example/1.png)",
            "![＜@all>](https://a.example/1.png)",
        ),
        (WecomVersion.ONE, "- &lt;[@all](javascript:x)", "• ＜@all"),
        (WecomVersion.TWO, "- &lt;[@all](javascript:x)", "- ＜@all"),
        (
            WecomVersion.ONE,
            "| # 天 | 事 |\n|---|---|\n| &gt; 一 | 早安 |",
            "＃ 天：事\n＞ 一：早安",
        ),
        (
            WecomVersion.TWO,
            "| &lt;[@all](javascript:x) | 事 |\n|---|---|\n| 一 | 早安 |",
            "| ＜@all | 事 |\n| --- | --- |\n| 一 | 早安 |",
        ),
    ],
)
def test_text_stays_text_in_each_version(version: WecomVersion, body: str, text: str) -> None:
    """Captions, list items and table cells do not act as markup."""
    assert format_wecom(markdown_html(body), version=version).text == text


@pytest.mark.parametrize(("body", "text"), [("\\- 一", "－ 一"), ("2 \\* 3 \\* 4", "2 ＊ 3 ＊ 4")])
def test_text_stays_text_in_version_two(body: str, text: str) -> None:
    """Text does not become a list or italic in version 2."""
    assert format_wecom(markdown_html(body), version=WecomVersion.TWO).text == text


def test_a_table_without_a_header_takes_its_first_row() -> None:
    """In version 2, the first row becomes the header; an empty table is left out."""
    html = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table><table></table>"

    form = format_wecom(html, version=WecomVersion.TWO)

    assert form.text == "| a | b |\n| --- | --- |\n| c |  |"

"""Tests of lists, tables, headings and quotations as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import pytest

from contentsvc.channels import (
    FormattedPost,
    RenderError,
    WecomVersion,
    format_article,
    format_chat,
    format_note,
    format_sms,
    format_wecom,
    markdown_html,
)

_NESTED = "<ul><li>面霜<ul><li>无香</li></ul></li><li>帽子</li></ul>"
_NUMBERED = "<ol><li>清洁<ul><li>温水</li></ul></li><li>保湿</li></ol>"
_TABLE = (
    "<table><thead><tr><th>A</th><th>B</th></tr></thead>"
    "<tbody><tr><td>1</td><td>2</td></tr></tbody></table>"
)
_FORMATS: dict[str, Callable[[str], FormattedPost]] = {
    "chat": format_chat,
    "note": format_note,
    "sms": format_sms,
    **{version: partial(format_wecom, version=version) for version in WecomVersion},
}
_QUOTED = "<blockquote><p>引</p></blockquote>"


def _html(body: str) -> str:
    """Return the HTML of *body* without line ends and spaces between tags."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", markdown_html(body))


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("- 面霜\n  - 无香\n- 帽子", _NESTED),
        ("- 面霜\n   - 无香\n- 帽子", _NESTED),
        ("- 面霜\n    - 无香\n- 帽子", _NESTED),
        ("- 面霜\n\t- 无香\n- 帽子", _NESTED),
        ("- 面霜\n　- 无香\n- 帽子", _NESTED),
        ("- 面霜\n　　- 无香\n- 帽子", _NESTED),
        ("- 面霜\n  * 无香\n- 帽子", _NESTED),
        ("  - 面霜\n    - 无香\n  - 帽子", _NESTED),
        ("　　- 面霜\n　　　　- 无香\n　　- 帽子", _NESTED),
        ("* 面霜\n  + 无香\n* 帽子", _NESTED),
        ("1. 清洁\n   - 温水\n2. 保湿", _NUMBERED),
        ("1. 清洁\n  - 温水\n2. 保湿", _NUMBERED),
        ("1. 清洁\n    - 温水\n2. 保湿", _NUMBERED),
        ("1) 清洁\n   - 温水\n2) 保湿", _NUMBERED),
        (
            "- 一\n  - 二\n    - 三\n- 四",
            "<ul><li>一<ul><li>二<ul><li>三</li></ul></li></ul></li><li>四</li></ul>",
        ),
        ("- 一\n - 二\n- 三", "<ul><li>一</li><li>二</li><li>三</li></ul>"),
        ("> - 面霜\n>   - 无香\n> - 帽子", f"<blockquote>{_NESTED}</blockquote>"),
        (
            "1. 清洁\n   1) 温水\n   2) 泡沫",
            "<ol><li>清洁<ol><li>温水</li><li>泡沫</li></ol></li></ol>",
        ),
        ("步骤：\n    - 温水", "<p>步骤：</p><ul><li>温水</li></ul>"),
        ("1. 清洁\n- 温水", "<ol><li>清洁</li></ol><ul><li>温水</li></ul>"),
        ("- 面霜\n  又一行\n- 帽子", "<ul><li>面霜<br>又一行</li><li>帽子</li></ul>"),
        ("- 面霜\n又一行\n- 帽子", "<ul><li>面霜<br>又一行</li><li>帽子</li></ul>"),
        ("- 面霜\n\n  又一段", "<ul><li><p>面霜</p><p>又一段</p></li></ul>"),
        (
            "- 面霜\n\n    又一段\n- 帽子",
            "<ul><li><p>面霜</p><p>又一段</p></li><li><p>帽子</p></li></ul>",
        ),
        ("- 面霜\n  > 引\n- 帽子", f"<ul><li><p>面霜</p>{_QUOTED}</li><li><p>帽子</p></li></ul>"),
        ("- > 引\n- 帽子", f"<ul><li>{_QUOTED}</li><li>帽子</li></ul>"),
        ("- 面霜\n> 引", f"<ul><li>面霜</li></ul>{_QUOTED}"),
        ("- 面霜\n---\n后", "<ul><li>面霜</li></ul><hr><p>后</p>"),
        ("- 面霜\n# 题", "<ul><li>面霜</li></ul><h1>题</h1>"),
        ("- 面霜\n\n　　正文", "<ul><li>面霜</li></ul><p>正文</p>"),
        ("- 面霜\n\n　　2026. 年", "<ul><li>面霜</li></ul><p>2026. 年</p>"),
        ("　　1. 面霜\n　　2. 帽子", "<ol><li>面霜</li><li>帽子</li></ol>"),
        ("1. 今年\n   2026. 年", "<ol><li>今年<br>2026. 年</li></ol>"),
        ("- 今年\n2026. 年", "<ul><li>今年<br>2026. 年</li></ul>"),
        ("- 代码\n\n        x = 1", "<ul><li>代码<pre><code>x = 1</code></pre></li></ul>"),
        ("    - 代码", "<pre><code>- 代码</code></pre>"),
        ("---\n---\n* * *", "<hr><hr><hr>"),
        ("1.清洁", "<p>1.清洁</p>"),
        ("-清洁", "<p>-清洁</p>"),
        ("**粗** 文", "<p><strong>粗</strong>文</p>"),
    ],
)
def test_lists(body: str, html: str) -> None:
    """A list in a list is nested by two or more columns, also full-width ones."""
    assert _html(body) == html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("套餐如下\n| A | B |\n|---|---|\n| 1 | 2 |", f"<p>套餐如下</p>{_TABLE}"),
        ("套餐如下\nA | B\n--- | ---\n1 | 2", f"<p>套餐如下</p>{_TABLE}"),
        ("# 套餐\n| A | B |\n|---|---|\n| 1 | 2 |", f"<h1>套餐</h1>{_TABLE}"),
        (
            "> 套餐\n> | A | B |\n> |---|---|\n> | 1 | 2 |",
            f"<blockquote><p>套餐</p>{_TABLE}</blockquote>",
        ),
        ("> 引\n| A | B |\n|---|---|\n| 1 | 2 |", f"{_QUOTED}{_TABLE}"),
        ("- 套餐\n  | A | B |\n  |---|---|\n  | 1 | 2 |", f"<ul><li><p>套餐</p>{_TABLE}</li></ul>"),
        ("- 套餐\n| A | B |\n|---|---|\n| 1 | 2 |", f"<ul><li>套餐</li></ul>{_TABLE}"),
        ("| A | B |\n|---|---|\n| 1 | 2 |\n- 好", f"{_TABLE}<ul><li>好</li></ul>"),
        ("| A | B |\n|---|---|\n| 1 | 2 |\n> 引", f"{_TABLE}{_QUOTED}"),
        ("| A | B |\n|---|---|\n| 1 | 2 |\n# 题", f"{_TABLE}<h1>题</h1>"),
        ("| A | B |\n|---|---|\n| 1 | 2 |\n---", f"{_TABLE}<hr>"),
        ("二选一 a | b\n---\n好", "<h2>二选一 a | b</h2><p>好</p>"),
        ("甲 | 乙\n丙 | 丁", "<p>甲 | 乙<br>丙 | 丁</p>"),
    ],
)
def test_tables(body: str, html: str) -> None:
    """A table begins directly below a line, and ends before a list, quotation or heading."""
    assert _html(body) == html


@pytest.mark.parametrize(
    ("body", "html"),
    [
        (
            "> ```\n> if 1:\n>     x\n> ```\n> 好",
            "<blockquote><pre><code>if 1:\n    x\n</code></pre><p>好</p></blockquote>",
        ),
        (
            "- 码\n  ```py\n  if 1:\n      x\n  ```\n- 好",
            "<ul><li><p>码</p><pre><code>if 1:\n    x\n</code></pre></li><li><p>好</p></li></ul>",
        ),
        (
            "1. 码\n\n    ```\n    - x\n    ```",
            "<ol><li><p>码</p><pre><code>- x\n</code></pre></li></ol>",
        ),
        ("~~~\n```\n~~~", "<pre><code>```\n</code></pre>"),
        ("````\n```\n````", "<pre><code>```\n</code></pre>"),
        ("```js title=x\n<b>\n```", "<pre><code>&lt;b&gt;\n</code></pre>"),
        (
            "```\n- 一\n  - 二\n# 三\n[^1]: 四\n```",
            "<pre><code>- 一\n  - 二\n# 三\n[^1]: 四\n</code></pre>",
        ),
        ("    ```\n    x", "<pre><code>```\nx\n</code></pre>"),
        ("```\n没有关", "<p>```<br>\n没有关</p>"),
    ],
)
def test_blocks_of_code(body: str, html: str) -> None:
    """Code between lines of ``` stays as it is, also in lists and quotations."""
    found = re.sub(r"(?<=>)\n(?=<)", "", markdown_html(body))

    assert found == html


@pytest.mark.parametrize(
    ("form", "nested", "numbered"),
    [
        ("chat", "• 面霜\n  • 无香\n• 帽子", "1. 清洁\n  • 温水\n2. 保湿"),
        ("note", "✨ 面霜\n  ▫️ 无香\n✨ 帽子", "1️⃣ 清洁\n  ▫️ 温水\n2️⃣ 保湿"),
        ("sms", "-面霜\n--无香\n-帽子", "1.清洁\n--温水\n2.保湿"),
        ("markdown", "• 面霜\n　• 无香\n• 帽子", "1. 清洁\n　• 温水\n2. 保湿"),
        ("markdown_v2", "- 面霜\n    - 无香\n- 帽子", "1. 清洁\n    - 温水\n2. 保湿"),
    ],
)
def test_every_format_shows_the_nesting(form: str, nested: str, numbered: str) -> None:
    """Each format of plain text sets the items of an inner list apart from those of the outer."""
    write = _FORMATS[form]

    assert write(markdown_html("- 面霜\n  - 无香\n- 帽子")).text == nested
    assert write(markdown_html("1. 清洁\n   - 温水\n2. 保湿")).text == numbered


def test_an_article_shows_the_nesting() -> None:
    """The items of an inner list are sections within the item around them."""
    html = re.sub(r' style="[^"]*"', "", format_article(markdown_html("1. 清洁\n   - 温水")).html)

    assert "<li><section>清洁<section><span>–&nbsp;</span>温水</section></section></li>" in html


@pytest.mark.parametrize(
    "body",
    [
        "".join(f"{'  ' * level}- 第 {level} 层\n" for level in range(22)),
        "".join(f"{'> ' * level}- 第 {level} 层\n" for level in range(22)),
        "".join(f"{'   ' * level}1. 第 {level} 层\n" for level in range(22)),
    ],
)
def test_what_is_nested_too_deeply_is_refused(body: str) -> None:
    """More than twenty levels are refused, however few columns each has."""
    with pytest.raises(RenderError, match="20 levels") as caught:
        markdown_html(body)

    assert caught.value.field == "body"

"""Tests of text that Markdown or the cleaner would remove, but people mean as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.channels import format_article, format_chat, markdown_html, markdown_text


@pytest.mark.parametrize(
    "body",
    [
        "请填写 <name> 和 <电话>",
        "<time> 见",
        "<title>",
        "a<b 且 3>2",
        "若 x<i 且 y>2",
        "Vec<T> 与 List<String>",
        "[重要](今晚八点)",
        "[报名](www.a.example/r)",
        "[报名](见评论区)",
        "[时间](20:00)",
        "[提醒]: 周五截止",
        "[提醒]: 20:00",
        "##",
        "### ###",
        "<?重要?>",
        "好 <?xml?> 好",
        "限时[^1]，没有注释",
        "*甲**乙*丙丁",
        "\\_/",
        "1) ",
    ],
)
def test_text_stays_as_typed(body: str) -> None:
    """Text that only looks like markup is shown."""
    assert markdown_text(body).replace(" ", "") == body.replace(" ", "").replace("\\_", "_")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("| A | B |\n|---|---|\n| 1 | 2 | 3 |", "• 1\n  B：2\n  3"),
        ("| 一 | 二 | 三 |\n|---|---|---|", "• 一\n  二\n  三"),
        ("- <b>甲\n- 乙</b>", "• 甲\n• 乙"),
        ("<ul>甲<li>乙</li></ul>", "• 甲\n• 乙"),
        ("[文字][a]\n\n[a]: https://a.example", "文字 https://a.example"),
        ("[文字][a]\n\n[a]:\n  https://a.example 'x'", "文字 https://a.example"),
        ("[文字][]\n\n[文字]: <https://a.example>\n(标题)", "文字 https://a.example"),
        ("[没用]: https://a.example", "[没用]: https://a.example"),
        ("<div>请填 <name></div>", "请填 <name>"),
        ("<div><b 请填", "<div><b 请填"),
        ("<div><b 且 3>2</div>", "<b 且 3>2"),
        ("<div><!-- 请填", "<div><!-- 请填"),
        ("<div>请<!-- 备注 -->填</div>", "请填"),
        (
            "<div>看<a href='https://a.example/r' title=\"a>b\">这里</a></div>",
            "看这里 https://a.example/r",
        ),
        ("<div>一</div>", "一"),
        ("早<span style='x'>安</span>", "早安"),
        ("早<font color=red>安</font>", "早安"),
        ("早<!-- 备注 -->安", "早安"),
        ("早<b>安</b>", "早安"),
        ("早<wbr>安", "早安"),
        ("<script>alert(1)</script>早安", "早安"),
        ("早安<time>八点</time>", "早安八点"),
        ("`<name>`", "<name>"),
        ("*甲**乙*`丙`丁", "*甲**乙*丙丁"),
        ("[点我](javascript:alert(1))", "点我"),
        ("[点我](/admin)", "点我"),
    ],
)
def test_what_is_markup_acts(body: str, text: str) -> None:
    """HTML that people use, and links, act as before; extra cells of a table are shown."""
    assert markdown_text(body) == text


_MARKUP = st.sampled_from(
    [
        *(
            "\n",
            "\n\n",
            " ",
            "  ",
            "    ",
            "　",
            "- ",
            "* ",
            "1. ",
            "2) ",
            "> ",
            ">",
            "# ",
            "##",
            "\\",
        ),
        *(
            "===\n",
            "\n---\n",
            "-",
            "```\n",
            "\n~~~\n",
            "    x\n",
            "**",
            "*",
            "_",
            "~~",
            "`",
            "<",
            ">",
        ),
        *("| ", "|", "\n|---|---|\n", "\n--|--\n", "[", "]", "(", ")", "[^1]", "\n[^1]: ", "]: "),
        *(
            "<name>",
            "<b>",
            "</b>",
            "<time>",
            "<b ",
            "<div>",
            "</div>",
            "[^2]",
            "\n    ",
            "&lt;",
            "&",
        ),
        *("https://a.example/r", "[a](https://a.example)", "[a]: https://a.example\n", "：", "，"),
    ]
)
_WORD = "字"


@given(st.lists(_MARKUP | st.just(_WORD), max_size=25))
@settings(max_examples=400, deadline=None)
def test_no_word_vanishes(pieces: list[str]) -> None:
    """Whatever markup is between the words of a body, each of them is shown, and in HTML once.

    In plain text, the columns of a table have their titles only where a row has a cell.
    """
    words = [chr(ord("一") + place) for place, piece in enumerate(pieces) if piece == _WORD]
    left = iter(words)
    body = "".join(next(left) if piece == _WORD else piece for piece in pieces)
    html = markdown_html(body)
    text = "".join(format_chat(html, most=10**6).messages)
    article = format_article(html).html

    assert [word for word in words if re.sub("<[^>]*>", "", html).count(word) != 1] == []
    assert [word for word in words if word not in article] == []
    titles = "".join(re.findall("<th[^>]*>.*?</th>", html, re.DOTALL))
    assert [word for word in words if word not in text + titles] == []

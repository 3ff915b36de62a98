"""Tests of Markdown as clean HTML and as text for a chat group."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contentsvc.channels import RenderError, clean_html, html_text, markdown_html, markdown_text
from contentsvc.channels.soundness import dangers
from tests.growth import LINEAR, growth


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("", ""),
        ("早安", "早安"),
        ("一行\n又一行", "一行\n又一行"),
        ("一段\n\n\n\n又一段", "一段\n\n又一段"),
        ("# 标题\n正文", "【标题】\n\n正文"),
        ("标题\n====\n\n正文", "【标题】\n\n正文"),
        ("### 小标题\n正文", "小标题\n\n正文"),
        ("- 一\n- 二", "• 一\n• 二"),
        ("福利：\n- 一\n- 二", "福利：\n\n• 一\n• 二"),
        ("步骤：\n1. 一\n2. 二", "步骤：\n\n1. 一\n2. 二"),
        ("3. 三\n4. 四", "3. 三\n4. 四"),
        ("今年是\n2026. 年", "今年是\n2026. 年"),
        ("- 一\n    - 内\n- 二", "• 一\n  • 内\n• 二"),
        ("- 一\n\n    续\n\n- 二", "• 一\n  续\n• 二"),
        ("[报名](https://a.example)", "报名 https://a.example"),
        ("看[报名](https://a.example)，快", "看报名 https://a.example ，快"),
        ("[https://a.example](https://a.example)", "https://a.example"),
        ("看 https://a.example/x。好", "看 https://a.example/x 。好"),
        ("看 [报名](https://a.example) 吧", "看报名 https://a.example 吧"),
        ("<https://a.example>", "https://a.example"),
        ("[信](mailto:a@b.example)", "信 a@b.example"),
        ("![封面](https://a.example/1.png)", "[图片：封面]"),
        ("**粗**和*斜*，`code`", "粗和斜，code"),
        ("两个数：**保质期** 和 **天数**", "两个数：保质期和天数"),
        ("**谁最松弛？** 爸爸", "谁最松弛？爸爸"),
        ("林晓 医生", "林晓 医生"),
        ("**a** **b**", "a b"),
        ("~~199~~ 元", "199 元"),
        ("满99减20元，A类", "满 99 减 20 元，A 类"),
        ("下降50%以上", "下降 50% 以上"),
        ("**618**大促", "618 大促"),
        ("`满99减20`", "满99减20"),
        ("```\nif a:\n    满99\n```", "if a:\n    满99"),
        ("> 引\n> 用", "▎引\n▎用"),
        ("| 月龄 | 用量 |\n|---|---|\n| 0–6月 | 一粒 |", "月龄：用量\n0–6 月：一粒"),
        ("#早安 #签到\n大家好", "#早安 #签到\n大家好"),
        ("##小节", "【小节】"),
        ("上\n\n---\n\n下", "上\n\n——————\n\n下"),
        ("a &lt; b &amp; c", "a < b & c"),
        ("一\n　　全角空格开头", "一\n　　全角空格开头"),
        ("<script>alert(1)</script>好", "好"),
        ("<div>一</div>\n\n二", "一\n\n二"),
        ("\x00\x02控制\x03字符", "控制字符"),
        ("windows\r\n行尾", "windows\n行尾"),
    ],
)
def test_text_for_a_chat_group(markdown: str, text: str) -> None:
    """Each Markdown element has its plain text."""
    assert markdown_text(markdown) == text


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("一\n二", "<p>一<br>\n二</p>"),
        ("**粗**体", "<p><strong>粗</strong>体</p>"),
        ("~~旧~~", "<p><del>旧</del></p>"),
        ("福利：\n- 一", "<p>福利：</p>\n<ul>\n<li>一</li>\n</ul>"),
        (
            "https://a.example/x_y_z，",
            (
                '<p><a href="https://a.example/x_y_z" rel="noopener nofollow ugc">'
                "https://a.example/x_y_z</a>，</p>"
            ),
        ),
        ("[x](javascript:alert(1))", '<p><a rel="noopener nofollow ugc">x</a></p>'),
        ("[x](/admin)", '<p><a rel="noopener nofollow ugc">x</a></p>'),
        ("![x](data:image/png;base64,AA)", '<p><img alt="x"></p>'),
        ("![x](mailto:a@b.example)", '<p><img alt="x"></p>'),
        ("<b onclick=alert(1)>x</b>", "<p><b>x</b></p>"),
        ('<p style="position:fixed">x</p>', "<p>x</p>"),
        ("<style>p{}</style>x", "x"),
        ("<iframe src=//evil></iframe>x", "x"),
    ],
)
def test_html_for_a_page(markdown: str, html: str) -> None:
    """Harmless HTML stays, and other HTML is removed."""
    assert markdown_html(markdown).strip() in {html, f"<p>{html}</p>"}


def test_tables_keep_their_alignment_without_styles() -> None:
    """Tables use the attribute `align`, because the content policy forbids inline styles."""
    html = markdown_html("| 价 |\n|--:|\n| 9.9 |")

    assert '<td align="right">9.9</td>' in html
    assert "style" not in html


@given(
    st.lists(
        st.sampled_from(
            [
                *("<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>"),
                *(
                    "[a](javascript:alert(1))",
                    "[a]( JaVaScRiPt:x)",
                    "[a](java\tscript:x)",
                    "<a href",
                ),
                *("=", '"', "'", "javascript:", "data:text/html,", "<", ">", "[", "](", ")", "`"),
                *(
                    "\n",
                    "\n\n",
                    "    ",
                    "```\n",
                    "> ",
                    "- ",
                    "**",
                    "&#106;",
                    "&lt;",
                    "\x02",
                    "\x03",
                ),
                *("<style>", "<b ", "onclick=x ", "<!--", "-->", "![", "<base href=//x>", "字"),
            ]
        )
        | st.text(max_size=5),
        max_size=30,
    ).map("".join)
)
@settings(max_examples=300, deadline=None)
def test_nothing_that_acts_survives(body: str) -> None:
    """No script, handler, style or javascript: address remains, however it is written."""
    try:
        html = markdown_html(body)
    except RenderError:
        return

    assert dangers(html) == []
    assert dangers(clean_html(body)) == []


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_can_be_told(body: str) -> None:
    """Any body becomes text without control characters or empty lines at its ends."""
    text = markdown_text(body)

    assert text == text.strip("\n")
    assert not [char for char in text if char < " " and char not in "\n\t"]


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "![", "[a](", "[a][", "<", "<a ", "<b>", "<!--", "`", "a `", "*a_", "**a", "~~"),
        *("> ", "- ", "1. ", "- [\n", "    - a\n", "- a\n", "|", "|a|\n", "```\n", "&#", "\\"),
        *(
            "<b> </b>",
            "<blockquote>",
            "[\n\n",
            "字",
            "\n\n[a]: b",
            "http://",
            "a\n- [",
            "***",
            ">[",
            # Each of these blocks would be searched for in all that follows it.
            *("a\n===\n", "## a\n", "---\n", "-\n", "- a\n  - b\n", "1. a\n- b\n", "- a\n\n  b\n"),
            *("> - a\n", "> a\nb\n", "a|b\n-|-\n", "-|", "```x\n", "> ```x\n", "~~~~x\n~~~\n"),
            *("a[^1] b\n\n", "[^1]: a\n\n", "[^1]: [^2]\n", "[^1]\n- ", "[^1]:\n    a\n\n"),
            *("[a]: http://a\n\n", "[a]:\n\n", "[a][b]\n\n[b]: http://x\n\n"),
            *("a<b ", "<name>\n\n", "<time>\n\n", "<a href=x>\n\n", "<!--\n\n"),
            *(
                "http://a/(",
                "http://a/*",
                "http://a/,",
                "https://中",
                "http://a/?u=http://",
                "a\\_",
            ),
            *("*a**b*c", "*u **a _b_ *c** ", "__**_*_b**______", "**a*b"),
            *("<a href=x>http://a</a>\n\n", "http://a/\\_"),
        ),
    ],
)
def test_no_body_keeps_a_worker_busy(piece: str) -> None:
    """The work grows linearly with the body, or the body is refused."""

    def convert(length: int) -> None:
        with contextlib.suppress(RenderError):
            assert isinstance(markdown_text((piece * length)[:length]), str)

    assert growth(convert, 2_000) < LINEAR


@pytest.mark.parametrize("piece", ["a\n===\n", "===\n", "## a\n", "a\n---\n"])
def test_a_body_of_headings_keeps_no_worker_busy(piece: str) -> None:
    """The work for fifty kilobytes of headings grows linearly."""

    def convert(length: int) -> None:
        assert markdown_html.__wrapped__((piece * length)[:length])

    assert growth(convert, 12_000) < LINEAR


def test_a_table_is_not_filled_without_end() -> None:
    """A long head above many short rows does not make their product of cells."""
    body = f"{'a|' * 5_000}\n{'-|' * 5_000}\n" + "a\n" * 20_000

    assert len(markdown_html(body)) < 20 * len(body)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("字" * 100_001, "100001"),
        ("> " * 21 + "深", "20 levels"),
        ("    " * 21 + "- 深", "20 levels"),
        ("[" * 20_000, "empty lines"),
    ],
)
def test_what_is_too_much_is_refused_with_its_reason(body: str, words: str) -> None:
    """A body that is too large raises RenderError with the reason and the field."""
    with pytest.raises(RenderError, match=words) as caught:
        markdown_html(body)

    assert caught.value.field == "body"


def test_an_ordinary_long_article_is_not_refused() -> None:
    """A table of two hundred links and a long text with lists are not refused."""
    rows = "\n".join(f"| {n} | [第 {n} 课](https://a.example/{n}) |" for n in range(100))
    body = f"| 课 | 链接 |\n|---|---|\n{rows}\n\n" + "\n".join(
        f"{n}. 要点 [见](https://a.example/{n})" for n in range(1, 101)
    )

    assert markdown_text(body).count("https://a.example/") == 200


def test_deep_html_is_told_flat() -> None:
    """Deeply nested HTML raises no RecursionError."""
    html = "<blockquote>" * 5_000 + "深" + "</blockquote>" * 5_000

    assert html_text(html).endswith("深")

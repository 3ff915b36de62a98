"""Tests of the Official Account article: only inline styles, whatever the body contains."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings

from contentsvc.channels import (
    ArticleTheme,
    RenderError,
    WarningLevel,
    article_summary,
    format_article,
    markdown_html,
)
from contentsvc.channels.formats.themes import STYLES
from contentsvc.channels.soundness import dangers
from tests.unit.channels.formats.bodies import bodies

#: The tags that the platform's editor preserves.
_TAGS = {
    *("a", "blockquote", "br", "code", "em", "h1", "h2", "h3", "h4", "img", "li", "ol", "p", "pre"),
    *("section", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}


class _Reader(HTMLParser):
    """A parser that collects tags and attributes and asserts that tags are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in {"br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _read(html: str) -> list[tuple[str, dict[str, str]]]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader.found


def _article(body: str, **options: object) -> str:
    return format_article(markdown_html(body), **options).html  # type: ignore[arg-type]


@given(bodies)
@settings(max_examples=300, deadline=None)
def test_only_what_the_platform_keeps_is_written(body: str) -> None:
    """An article has only known tags, attributes and styles, and links within the platform."""
    try:
        html = markdown_html(body)
    except RenderError:
        return
    for theme in ArticleTheme:
        article = format_article(html, theme=theme).html
        styles = {_left(css) for css in STYLES[theme].elements.values()}
        for tag, attributes in _read(article):
            assert tag in _TAGS
            assert set(attributes) <= {"style"} | _ATTRIBUTES.get(tag, set())
            assert "style" not in attributes or _left(attributes["style"]) in styles
            if tag == "a":
                assert attributes["href"].startswith(("https://mp.weixin.qq.com/", "http://mp.w"))
            if tag == "img":
                assert re.match(r"https?://mmbiz\.(qpic|qlogo)\.cn[/?#:]", attributes["src"] + "/")
        assert dangers(article) == []


def _left(css: str) -> str:
    return re.sub("text-align:(center|right)", "text-align:left", css)


@given(bodies)
@settings(max_examples=100, deadline=None)
def test_each_theme_says_the_same(body: str) -> None:
    """All themes have the same text, apart from ornaments."""
    try:
        html = markdown_html(body)
    except RenderError:
        return
    words = {
        re.sub(r"<[^>]*>", "", _without_ornaments(theme, format_article(html, theme=theme).html))
        for theme in ArticleTheme
    }

    assert len(words) == 1


def _without_ornaments(theme: ArticleTheme, html: str) -> str:
    style = STYLES[theme]
    return html.replace(f"{style.inner_mark}&nbsp;", "").replace(f">{style.rule}</p>", "></p>")


@pytest.mark.parametrize(
    "address",
    [
        *("https://mp.weixin.qq.com.evil.example/s", "https://evil.example/mp.weixin.qq.com"),
        *(
            "https://mp.weixin.qq.com@evil.example/",
            "https://[",
            "https://evil.example?mp.weixin.qq.com",
        ),
    ],
)
def test_no_address_passes_for_the_platform_s(address: str) -> None:
    """The host of an address decides whether it is the platform's."""
    assert "<a " not in _article(f'<a href="{address}">看</a>')
    assert "<img" not in _article(f'<img src="{address.replace("mp.weixin.qq", "mmbiz.qpic")}">')


def test_a_link_is_numbered_once() -> None:
    """A repeated address has the same footnote number."""
    html = _article("[一](https://a.example/1) [二](https://a.example/2) [又](https://a.example/1)")

    assert re.findall(r"\[(\d)\]</sup>", html) == ["1", "2", "1"]
    assert html.count("https://a.example/1<") == 1


def test_an_uploaded_picture_takes_its_new_address() -> None:
    """*pictures* replaces the address of a picture by that of its upload."""
    new = "https://mmbiz.qpic.cn/x?wx_fmt=png&from=appmsg"
    html = markdown_html('![海报](https://a.example/1.png "周五见")')

    form = format_article(html, pictures={"https://a.example/1.png": new})

    assert f'src="{new.replace("&", "&amp;")}" alt="海报"' in form.html
    assert ">周五见</p>" in form.html
    assert form.warnings == ()


def test_an_outside_picture_is_told_and_its_place_marked() -> None:
    """A picture outside the platform becomes a note and a warning, so that a person uploads it."""
    form = format_article(markdown_html("![海报](https://a.example/1.png)"))

    (warning,) = form.warnings
    assert "[图片：海报]" in form.html
    assert warning.level is WarningLevel.WARN
    assert (
        warning.message.text("zh") == "公众号文章：外部图片会被公众号去掉，请在标出的位置上传：海报"
    )


@pytest.mark.parametrize(
    ("title", "length", "blocked"), [("字" * 32, 32, 0), ("字" * 33, 33, 1), ("a" * 64, 32, 0)]
)
def test_a_title_is_counted_as_the_platform_does(title: str, length: int, blocked: int) -> None:
    """A Chinese character counts 1 and an ASCII character ½; the limit is 32."""
    form = format_article("<p>好</p>", title=title)

    assert form.count("title") == length
    assert [(w.level, w.field) for w in form.warnings] == [(WarningLevel.BLOCK, "title")] * blocked


def test_a_text_too_long_is_refused() -> None:
    """20,000 characters block approval; too much markup is only a warning."""
    fits, over = (format_article(f"<p>{'字' * n}</p>") for n in (19_999, 20_000))

    assert [w.level for w in fits.warnings] == [WarningLevel.WARN]
    assert [w.level for w in over.warnings] == [WarningLevel.BLOCK, WarningLevel.WARN]


def test_a_heading_that_says_the_title_is_left_out() -> None:
    """A heading equal to the title is removed, because the platform shows the title."""
    assert "早安" not in format_article(markdown_html("# 早安\n\n好"), title="早安").html


def test_the_summary_is_whole_sentences() -> None:
    """The summary has whole sentences of paragraphs, at most 120 characters."""
    body = "# 题\n\n" + "今天说说护肤。" * 30 + "\n\n| a |\n|---|\n| b |"

    summary = article_summary(markdown_html(body))

    assert summary == "今天说说护肤。" * 17


def test_numbers_begin_where_they_were_told_to() -> None:
    """A list that begins with another number than 1 keeps its numbers."""
    assert '<ol style="' in _article("3. 三\n4. 四")
    assert ' start="3">' in _article("3. 三\n4. 四")


def _luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("theme", ArticleTheme)
def test_every_word_has_contrast(theme: ArticleTheme) -> None:
    """Text has a contrast of at least 4.5 to 1 (WCAG 2.2, 1.4.3), apart from bullets."""
    weak = []
    for name, css in STYLES[theme].elements.items():
        colour = re.search(r"(?<!-)color:(#[0-9a-f]{6})", css)
        ground = re.search(r"background-color:(#[0-9a-f]{6})", css)
        if colour is None or name in {"ul", "inner_mark", "rule"}:
            continue
        shades = sorted((_luminance(colour[1]), _luminance(ground[1] if ground else "#ffffff")))
        if (shades[1] + 0.05) / (shades[0] + 0.05) < 4.5:
            weak.append(name)

    assert weak == []


def test_a_summary_closes_up_its_paragraphs() -> None:
    """The summary joins Chinese sentences without a space, and Latin ones with a space."""
    assert article_summary(markdown_html("早安。\n\n**大家** 好")) == "早安。大家好"
    assert article_summary(markdown_html("Hello.\n\nAll of you.")) == "Hello. All of you."

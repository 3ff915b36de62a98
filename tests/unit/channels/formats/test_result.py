"""Formatted posts are stored in a rendition's data and read from it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from contentsvc.channels import (
    FormattedPost,
    Rendition,
    RenditionWarning,
    WarningLevel,
    format_article,
    format_chat,
    format_note,
    format_sms,
    format_wecom,
    markdown_html,
    stored_formats,
    with_formats,
)
from tests.growth import LINEAR, growth

Maker = Callable[..., FormattedPost]

_ALL: tuple[Maker, ...] = (format_article, format_wecom, format_chat, format_note, format_sms)


def test_stored_formats_are_read_back() -> None:
    """Formats are read back from JSON; their warnings are those of the rendition."""
    html = markdown_html("~~早安~~ 😀 [看](https://a.example) ![图](https://a.example/1.png)")
    own = RenditionWarning(WarningLevel.WARN, "title", "own")
    formats = [make(html, title="题") for make in _ALL]

    kept = with_formats(Rendition("题", "文", data={"kind": "post"}, warnings=(own,)), formats)

    data = json.loads(json.dumps(dict(kept.data)))
    back = stored_formats(data)
    assert data["kind"] == "post"
    assert [(f.name, f.title, f.messages, f.html, f.summary, f.counts) for f in back] == [
        (f.name, f.title, f.messages, f.html, f.summary, f.counts) for f in formats
    ]
    assert kept.warnings == (own, *(w for post in formats for w in post.warnings))


@pytest.mark.parametrize(
    "formats",
    [
        *(None, "x", {}, [None], [1], [{}], [{"name": "chat"}]),
        [{"name": "fax", "title": "", "messages": [], "html": "", "summary": "", "counts": []}],
        [{"name": "chat", "title": 1, "messages": [], "html": "", "summary": "", "counts": []}],
    ],
)
def test_data_that_is_no_format_is_left_out(formats: object) -> None:
    """Values that are no formats are ignored, because a plugin may store anything."""
    assert stored_formats({"formats": formats}) == []


def test_what_is_no_count_is_left_out() -> None:
    """Invalid counts are ignored; the other counts are read."""
    counts = [{"name": "a", "used": 1, "most": None}, {"name": "b", "used": "1", "most": 1}, 3]
    one = {"name": "chat", "title": "", "messages": ["好", 1], "html": "", "summary": ""}

    (post,) = stored_formats({"formats": [{**one, "counts": counts}]})

    assert post.messages == ("好",)
    assert [count.name for count in post.counts] == ["a"]


@pytest.mark.parametrize("make", _ALL)
@pytest.mark.parametrize(
    "html",
    [
        "<blockquote>" * 5_000 + "深" + "</blockquote>" * 5_000,
        "<ul><li>" * 5_000 + "深",
        "<b><u>" * 5_000 + "深",
        "<table><tr><td>" * 2_000 + "深",
    ],
    ids=["quotes", "lists", "marks", "tables"],
)
def test_deep_nesting_is_no_recursion_error(make: Maker, html: str) -> None:
    """HTML that is nested thousands of elements deep is formatted."""
    assert make(html, title="题").text


@pytest.mark.parametrize("make", _ALL)
@pytest.mark.parametrize(
    ("opening", "closing", "size"),
    [
        ("<blockquote>", "</blockquote>", 300),
        ("<ul><li>", "", 300),
        ("<b><u>", "", 300),
        ("<table><tr><td>", "", 120),
        ("字", "", 15_000),
        ("[#*`<", "", 3_000),
        ("👋🏻 ", "", 3_000),
    ],
    ids=["quotes", "lists", "marks", "tables", "long", "signs", "emoji"],
)
def test_no_html_keeps_a_worker_busy(make: Maker, opening: str, closing: str, size: int) -> None:
    """The work grows linearly with the length of the HTML."""

    def convert(times: int) -> None:
        assert make(f"<p>{opening * times}深{closing * times}", title="题").text

    assert growth(convert, size) < LINEAR

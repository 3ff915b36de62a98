"""A form is kept in a rendition's data and comes back from it."""

from __future__ import annotations

import json

import pytest

from contentsvc.channels import (
    Rendition,
    RenditionWarning,
    WarningLevel,
    article_form,
    chat_form,
    markdown_html,
    note_form,
    sms_form,
    stored_forms,
    wecom_form,
    with_forms,
)

_ALL = (article_form, wecom_form, chat_form, note_form, sms_form)


def test_forms_come_back_from_what_was_kept() -> None:
    """Through JSON; their warnings stand among the rendition's."""
    html = markdown_html("~~早安~~ 😀 [看](https://a.example) ![图](https://a.example/1.png)")
    own = RenditionWarning(WarningLevel.WARN, "title", "own")
    forms = [form(html, title="题") for form in _ALL]

    kept = with_forms(Rendition("题", "文", data={"kind": "post"}, warnings=(own,)), forms)

    data = json.loads(json.dumps(dict(kept.data)))
    back = stored_forms(data)
    assert data["kind"] == "post"
    assert [(f.name, f.title, f.messages, f.html, f.summary, f.counts) for f in back] == [
        (f.name, f.title, f.messages, f.html, f.summary, f.counts) for f in forms
    ]
    assert kept.warnings == (own, *(w for form in forms for w in form.warnings))


@pytest.mark.parametrize(
    "forms",
    [
        *(None, "x", {}, [None], [1], [{}], [{"name": "chat"}]),
        [{"name": "fax", "title": "", "messages": [], "html": "", "summary": "", "counts": []}],
        [{"name": "chat", "title": 1, "messages": [], "html": "", "summary": "", "counts": []}],
    ],
)
def test_what_is_no_form_is_left_out(forms: object) -> None:
    """Data is a plugin's own and may hold anything."""
    assert stored_forms({"forms": forms}) == []


def test_what_is_no_count_is_left_out() -> None:
    """The rest of the form stays."""
    counts = [{"name": "a", "used": 1, "most": None}, {"name": "b", "used": "1", "most": 1}, 3]
    one = {"name": "chat", "title": "", "messages": ["好", 1], "html": "", "summary": ""}

    (form,) = stored_forms({"forms": [{**one, "counts": counts}]})

    assert form.messages == ("好",)
    assert [count.name for count in form.counts] == ["a"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("form", _ALL)
@pytest.mark.parametrize(
    "html",
    [
        "<blockquote>" * 5_000 + "深" + "</blockquote>" * 5_000,
        "<ul><li>" * 5_000 + "深",
        "<b><u>" * 5_000 + "深",
        "<table><tr><td>" * 2_000 + "深",
        "<p>" + "字" * 1_000_000,
        "<p>[#*`<" * 15_000,
        "<p>" + "👋🏻 " * 200_000,
    ],
    ids=["quotes", "lists", "marks", "tables", "long", "signs", "emoji"],
)
def test_no_html_keeps_a_worker_busy(form: object, html: str) -> None:
    """Nesting without end does not end in a recursion error, nor a megabyte in minutes."""
    assert form(html, title="题").text  # type: ignore[operator]

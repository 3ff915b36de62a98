"""The forms of a post that a person copies from the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from contentsvc.channels import (
    ArticleTheme,
    FormName,
    PostForm,
    Rendition,
    WecomVersion,
    article_form,
    chat_form,
    note_form,
    sms_form,
    stored_forms,
    wecom_form,
)

from .settings import FolderSettings

__all__ = ["chosen_forms", "form_files", "manifest_data"]

_ENDINGS = {FormName.WECOM: "md"}


def chosen_forms(
    settings: FolderSettings, rendition: Rendition, language: str
) -> Iterator[PostForm]:
    """Yield a rendition in the forms that the settings ask for."""
    html, title = rendition.html, rendition.title
    if settings.article != "none":
        theme = ArticleTheme(settings.article)
        yield article_form(html, title=title, theme=theme, language=language)
    if settings.wecom != "none":
        version = WecomVersion(settings.wecom)
        yield wecom_form(html, title=title, version=version, language=language)
    if settings.chat:
        yield chat_form(html, title=title, language=language)
    if settings.note:
        tags = settings.note_hashtags.replace("#", " ").split()
        yield note_form(html, title=title, tags=tags, language=language)
    if settings.sms:
        yield sms_form(
            html,
            title=title,
            signature=settings.sms_signature,
            opt_out=settings.sms_opt_out,
            language=language,
        )


def form_files(rendition: Rendition) -> Iterator[tuple[str, str]]:
    """Yield the names and the text of the forms' files."""
    for form in stored_forms(rendition.data):
        yield from _files(form)


def _files(form: PostForm) -> Iterator[tuple[str, str]]:
    if form.name is FormName.ARTICLE:
        yield "article.html", _page(form)
        yield "article-summary.txt", form.summary + "\n"
        return
    if form.name is FormName.NOTE:
        yield "note-title.txt", form.title + "\n"
    ending = _ENDINGS.get(form.name, "txt")
    for number, message in enumerate(form.messages, start=1):
        part = f"-{number:02d}" if len(form.messages) > 1 else ""
        yield f"{form.name.value}{part}.{ending}", message + "\n"


def _page(form: PostForm) -> str:
    """Return a page that holds the article alone, so that all of it is what is copied."""
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(form.title)}</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<body style="max-width:677px;margin:0 auto;padding:20px 16px">\n'
        f"{form.html}\n</body>\n"
    )


def manifest_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a rendition's data for the manifest: of a form its counts, not its text again."""
    shown = {name: value for name, value in data.items() if name != "forms"}
    forms = stored_forms(data)
    if forms:
        shown["forms"] = {
            form.name.value: {count.name: count.used for count in form.counts} for form in forms
        }
    return shown

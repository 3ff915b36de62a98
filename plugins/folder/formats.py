"""Converts a post to formats that a person copies to platforms, such as articles or SMS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from contentsvc.channels import (
    ArticleTheme,
    FormattedPost,
    PostFormat,
    Rendition,
    WecomVersion,
    format_article,
    format_chat,
    format_note,
    format_sms,
    format_wecom,
    stored_formats,
)

from .settings import FolderSettings

__all__ = ["chosen_formats", "format_files", "manifest_data"]

_ENDINGS = {PostFormat.WECOM: "md"}
#: The keys of the formats in a rendition's data; earlier versions stored them as `forms`.
_STORED_AS = frozenset({"formats", "forms"})
#: What people type before and between hashtags, besides blanks.
_BETWEEN_HASHTAGS = str.maketrans(dict.fromkeys("#＃,，、;；", " "))


def chosen_formats(
    settings: FolderSettings, rendition: Rendition, language: str
) -> Iterator[FormattedPost]:
    """Yield the post in each platform format that the settings choose, such as article or SMS."""
    html, title = rendition.html, rendition.title
    if settings.article != "none":
        theme = ArticleTheme(settings.article)
        yield format_article(html, title=title, theme=theme, language=language)
    if settings.wecom != "none":
        version = WecomVersion(settings.wecom)
        yield format_wecom(html, title=title, version=version, language=language)
    if settings.chat:
        yield format_chat(html, title=title, language=language)
    if settings.note:
        tags = settings.note_hashtags.translate(_BETWEEN_HASHTAGS).split()
        yield format_note(html, title=title, tags=tags, language=language)
    if settings.sms:
        yield format_sms(
            html,
            title=title,
            signature=settings.sms_signature,
            opt_out=settings.sms_opt_out,
            language=language,
        )


def format_files(rendition: Rendition) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each file to write, for all formats stored in *rendition*."""
    for post in stored_formats(rendition.data):
        yield from _files(post)


def _files(post: FormattedPost) -> Iterator[tuple[str, str]]:
    if post.name is PostFormat.ARTICLE:
        yield "article.html", _page(post)
        yield "article-summary.txt", post.summary + "\n"
        return
    if post.name is PostFormat.NOTE:
        yield "note-title.txt", post.title + "\n"
    ending = _ENDINGS.get(post.name, "txt")
    for number, message in enumerate(post.messages, start=1):
        part = f"-{number:02d}" if len(post.messages) > 1 else ""
        yield f"{post.name.value}{part}.{ending}", message + "\n"


def _page(post: FormattedPost) -> str:
    """Return an HTML page that contains only the article, so that people can copy all of it."""
    return (
        f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(post.title)}</title>\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<body style="max-width:677px;margin:0 auto;padding:20px 16px">\n'
        f"{post.html}\n</body>\n"
    )


def manifest_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of a rendition for `manifest.json`.

    It has the sizes of the formatted texts, but not the texts themselves, which are in separate
    files.
    """
    shown = {name: value for name, value in data.items() if name not in _STORED_AS}
    formats = stored_formats(data)
    if formats:
        # The key that the manifest has had since the first version.
        shown["forms"] = {
            post.name.value: {count.name: count.used for count in post.counts} for post in formats
        }
    return shown

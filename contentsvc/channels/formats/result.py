"""FormattedPost, a post in one platform's format, and functions that store and check it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from contentsvc.channels.content import Rendition, RenditionWarning, WarningLevel
from contentsvc.channels.formats.phrases import over

__all__ = [
    "Count",
    "FormattedPost",
    "PostFormat",
    "format_data",
    "stored_formats",
    "too_much",
    "utf8",
    "utf16",
    "with_formats",
]


class PostFormat(StrEnum):
    """A format of a post: article, WeCom Markdown, chat text, Xiaohongshu note or SMS."""

    ARTICLE = "article"
    WECOM = "wecom"
    CHAT = "chat"
    NOTE = "note"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Count:
    """A size of a formatted post, such as its number of bytes, and the platform's limit."""

    #: `title`, `characters`, `bytes`, `messages`, `hashtags`, `segments`, …
    name: str
    used: int
    #: The most that the platform accepts; None if it names no limit.
    most: int | None = None


@dataclass(frozen=True, slots=True)
class FormattedPost:
    """A post in one platform's format, ready to copy or send, with its counts and warnings."""

    name: PostFormat
    #: The title of the formatted post; empty if the format has no separate title.
    title: str
    #: The messages in order; more than one if the text is too long for one message.
    messages: tuple[str, ...]
    #: The article's HTML; empty in every other format.
    html: str = ""
    #: The article's summary (摘要); empty in every other format.
    summary: str = ""
    counts: tuple[Count, ...] = ()
    warnings: tuple[RenditionWarning, ...] = ()

    @property
    def text(self) -> str:
        """The text of all messages, joined by empty lines."""
        return "\n\n".join(self.messages)

    def count(self, name: str) -> int:
        """Return the value of the count *name*, such as `bytes`. Raise KeyError if it is absent."""
        return {count.name: count.used for count in self.counts}[name]


def too_much(
    format_name: PostFormat, counts: tuple[Count, ...], lenient: frozenset[str] = frozenset()
) -> list[RenditionWarning]:
    """Return a warning for each count that exceeds its limit.

    A warning blocks approval unless the count's name is in *lenient*.
    """
    return [
        over(format_name, count.name, count.used, count.most, _level(count.name, lenient))
        for count in counts
        if count.most is not None and count.used > count.most
    ]


def _level(name: str, lenient: frozenset[str]) -> WarningLevel:
    return WarningLevel.WARN if name in lenient else WarningLevel.BLOCK


def utf8(text: str) -> int:
    """Return the length of *text* in bytes of UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def utf16(text: str) -> int:
    """Return the length of *text* in UTF-16 units. Most emoji have two."""
    return len(text) + sum(char > "\uffff" for char in text)


def with_formats(rendition: Rendition, formats: Iterable[FormattedPost]) -> Rendition:
    """Return a copy of *rendition* that includes *formats* and their warnings.

    The formats are stored in its data.
    """
    made = list(formats)
    warnings = [warning for formatted in made for warning in formatted.warnings]
    return replace(
        rendition,
        data={**rendition.data, "formats": [format_data(formatted) for formatted in made]},
        warnings=(*rendition.warnings, *warnings),
    )


def format_data(formatted: FormattedPost) -> dict[str, Any]:
    """Convert a formatted post to JSON values, for `Rendition.data["formats"]`."""
    return {
        "name": formatted.name.value,
        "title": formatted.title,
        "messages": list(formatted.messages),
        "html": formatted.html,
        "summary": formatted.summary,
        "counts": [{"name": c.name, "used": c.used, "most": c.most} for c in formatted.counts],
    }


def stored_formats(data: Mapping[str, Any]) -> list[FormattedPost]:
    """Return the formatted posts that `with_formats` stored in *data*, without their warnings.

    Values that are not formatted posts are left out.
    """
    # Earlier versions stored the formats as "forms".
    listed = data.get("formats", data.get("forms"))
    posts = (_stored(item) for item in (listed if isinstance(listed, list) else ()))
    return [post for post in posts if post is not None]


def _stored(value: object) -> FormattedPost | None:
    match value:
        case {
            "name": str(name),
            "title": str(title),
            "messages": list(messages),
            "html": str(html),
            "summary": str(summary),
            "counts": list(counts),
        } if name in set(PostFormat):
            texts = tuple(text for text in messages if isinstance(text, str))
            known = tuple(count for item in counts if (count := _count(item)) is not None)
            return FormattedPost(PostFormat(name), title, texts, html, summary, known)
    return None


def _count(value: object) -> Count | None:
    match value:
        case {"name": str(name), "used": int(used), "most": int() | None as most}:
            return Count(name, used, most)
    return None

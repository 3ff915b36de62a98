"""Converts a post to JSON values to store, and back to a post for pages and feeds."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

from contentsvc.channels import Document, Rendition, format_moment

from .phrases import PHRASES

__all__ = ["Post", "PostPicture", "identity", "post_id", "post_record", "summary_of"]

#: Namespace of the posts' ids; another value would make every post new to all feed readers.
_NAMESPACE = uuid.UUID("6b1f5c1e-58f5-4a39-9c0e-0d7a4f6f2d11")
#: Most characters that messengers and search engines show below a title.
_SUMMARY_CHARACTERS = 120
#: The kinds of entry that a page labels; posts have no label.
_NAMED_KINDS = frozenset({"poster", "livestream"})


def identity(key: str) -> uuid.UUID:
    """Return the permanent id of a post in feeds, computed from *key* alone."""
    return uuid.uuid5(_NAMESPACE, key)


def post_id(key: str) -> str:
    """Return the id of a post in web addresses: 16 hexadecimal digits computed from *key*."""
    return identity(key).hex[:16]


def post_record(rendition: Rendition, key: str) -> dict[str, Any]:
    """Convert a post to JSON values to store. Characters that XML forbids are removed."""
    return {
        "uuid": str(identity(key)),
        "title": _printable(rendition.title),
        "text": _printable(rendition.text),
        "html": _printable(rendition.html),
        "data": dict(rendition.data),
        "pictures": [
            {
                "name": picture.name,
                "media_type": picture.media_type,
                "width": picture.width,
                "height": picture.height,
                "alt": _printable(picture.alt),
                "bytes": len(picture.content),
            }
            for picture in rendition.pictures
        ],
    }


def _printable(text: str) -> str:
    """Remove the control characters and surrogates that XML 1.0 (§2.2) forbids from *text*."""
    return "".join(
        char
        for char in text
        if char in "\t\n"
        or "\x20" <= char <= "\ud7ff"
        or "\ue000" <= char <= "\ufffd"
        or char >= "\U00010000"
    )


@dataclass(frozen=True, slots=True)
class PostPicture:
    """A picture of a post: its address, size and alternative text."""

    #: The whole address.
    url: str
    #: The path of the address.
    path: str
    media_type: str
    width: int
    height: int
    alt: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Post:
    """A published post, with everything that the site's pages and feeds show."""

    #: `urn:uuid:…`; never changes.
    urn: str
    #: The whole address.
    url: str
    #: The path of the address.
    path: str
    title: str
    #: The beginning of the text, at most 120 characters.
    summary: str
    #: The body as HTML, without the title.
    text: str
    html: str
    kind_words: str
    element: str | None
    #: UTC.
    published_at: datetime
    #: RFC 3339, in the calendar's zone.
    published_iso: str
    published_words: str
    pictures: tuple[PostPicture, ...]
    #: Pictures that chats show with the post's link: the post's own, else the card.
    previews: tuple[PostPicture, ...]
    #: The rendition's data: `kind`, `ref`, `starts_at`, `livestream` and others.
    data: Mapping[str, Any]

    @classmethod
    def of(cls, document: Document, pages_url: str) -> Post:
        """Create the post that is stored in *document*. *pages_url* is the address of the pages."""
        body, data = document.body, document.body["data"]
        language = "zh" if data.get("language") == "zh" else "en"
        local = document.created_at.astimezone(ZoneInfo(data["zone"])).replace(microsecond=0)
        moment = format_moment(local, language)
        kind = data["kind"]
        url = f"{pages_url}/posts/{document.key}"
        pictures = [_picture(url, picture) for picture in body["pictures"]]
        card = f"{url}/{quote(data['card'])}" if "card" in data else None
        text = body["text"].removeprefix(body["title"]).strip("\n")
        return cls(
            urn=f"urn:uuid:{body['uuid']}",
            url=url,
            path=urlsplit(url).path,
            title=body["title"],
            summary=summary_of(text),
            text=text,
            html=body["html"],
            kind_words=PHRASES.text(f"kind-{kind}", language) if kind in _NAMED_KINDS else "",
            element=data.get("element"),
            published_at=document.created_at,
            published_iso=local.isoformat(),
            published_words=PHRASES.text("published", language, year=local.year, moment=moment),
            pictures=tuple(picture for picture in pictures if picture.url != card),
            previews=tuple(pictures),
            data=data,
        )


def _picture(post_url: str, picture: Mapping[str, Any]) -> PostPicture:
    url = f"{post_url}/{quote(picture['name'])}"
    return PostPicture(
        url=url,
        path=urlsplit(url).path,
        media_type=picture["media_type"],
        width=picture["width"],
        height=picture["height"],
        alt=picture["alt"],
        bytes=picture["bytes"],
    )


def summary_of(text: str) -> str:
    """Return the beginning of *text* on one line, cut to 120 characters."""
    line = " ".join(text.split())
    if len(line) <= _SUMMARY_CHARACTERS:
        return line
    return line[: _SUMMARY_CHARACTERS - 1].rstrip() + "…"

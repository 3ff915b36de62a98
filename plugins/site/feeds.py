"""The site's feeds: Atom (RFC 4287) and JSON Feed 1.1."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .posts import Post

__all__ = ["SiteInfo", "atom", "json_feed"]

_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
#: The time of the last change that an empty feed reports.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """The site's title, description, language, author and address, for its pages and feeds."""

    title: str
    description: str
    #: A BCP 47 tag such as `zh-CN`.
    language: str
    author: str
    #: The whole address, without a trailing slash.
    url: str
    #: The path of the address.
    root: str


def atom(site: SiteInfo, posts: Sequence[Post]) -> bytes:
    """Return an Atom feed (XML) of *posts*, which must be sorted from new to old."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": site.language})
    _add(feed, "id", f"{site.url}/")
    _add(feed, "title", site.title)
    if site.description:
        _add(feed, "subtitle", site.description)
    _add(feed, "updated", _rfc3339(posts[0].published_at if posts else _NEVER))
    _link(feed, rel="self", type="application/atom+xml", href=f"{site.url}/feed.atom")
    _link(feed, rel="alternate", type="text/html", href=f"{site.url}/")
    _add(ET.SubElement(feed, f"{{{_ATOM}}}author"), "name", site.author)
    _add(feed, "generator", "contentsvc")
    for post in posts:
        _entry(feed, post)
    return bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True))


def _entry(feed: ET.Element, post: Post) -> None:
    entry = ET.SubElement(feed, f"{{{_ATOM}}}entry")
    _add(entry, "id", post.urn)
    _add(entry, "title", post.title)
    _add(entry, "published", _rfc3339(post.published_at))
    _add(entry, "updated", _rfc3339(post.published_at))
    _link(entry, rel="alternate", type="text/html", href=post.url)
    for picture in post.pictures:
        length = str(picture.bytes)
        _link(entry, rel="enclosure", type=picture.media_type, href=picture.url, length=length)
    if post.element:
        ET.SubElement(entry, f"{{{_ATOM}}}category", {"term": post.element})
    if post.summary:
        _add(entry, "summary", post.summary)
    _add(entry, "content", _content(post)).set("type", "html")


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{_ATOM}}}{name}")
    element.text = text
    return element


def _link(parent: ET.Element, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}link", attributes)


def _content(post: Post) -> str:
    """Return the content of a post's feed item: its pictures and body as HTML."""
    pictures = ET.Element("div")
    for picture in post.pictures:
        size = {"width": str(picture.width), "height": str(picture.height)}
        around = ET.SubElement(pictures, "p")
        ET.SubElement(around, "img", {"src": picture.url, "alt": picture.alt, **size})
    shown = "".join(ET.tostring(one, encoding="unicode", method="html") for one in pictures)
    return shown + post.html


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def json_feed(site: SiteInfo, posts: Sequence[Post]) -> bytes:
    """Return a JSON Feed (version 1.1) of *posts*."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": site.title,
        "home_page_url": f"{site.url}/",
        "feed_url": f"{site.url}/feed.json",
        **({"description": site.description} if site.description else {}),
        "language": site.language,
        "authors": [{"name": site.author}],
        "items": [_item(post) for post in posts],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _item(post: Post) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": post.urn,
        "url": post.url,
        "title": post.title,
        "content_html": _content(post),
        "content_text": post.text,
        "date_published": _rfc3339(post.published_at),
    }
    if post.summary:
        item["summary"] = post.summary
    if post.element:
        item["tags"] = [post.element]
    if post.pictures:
        item["image"] = post.pictures[0].url
        item["attachments"] = [
            {
                "url": picture.url,
                "mime_type": picture.media_type,
                "size_in_bytes": picture.bytes,
            }
            for picture in post.pictures
        ]
    return item

"""Functions for the tests in `contract`: they render sample entries and find dangerous HTML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from pydantic import SecretStr

from contentsvc.channels.channel import Channel
from contentsvc.channels.content import (
    ChannelEntry,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.parts import split_rendition
from contentsvc.channels.settings import secret_fields
from contentsvc.channels.testing import render, sample_entry, sample_picture
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.notices import DEFAULT_CHAIN
from contentsvc.errors import RenderError

__all__ = [
    "blocked",
    "check_rendition",
    "dangers",
    "exceeded",
    "render_all",
    "render_long",
    "rendered_or_refused",
    "secrets_of",
]


def check_rendition(rendition: object) -> None:
    """Assert that the service can store *rendition* (a finished post) and show it safely."""
    assert isinstance(rendition, Rendition), (
        f"rendering returned a value of the type {type(rendition).__name__}, not a Rendition"
    )
    try:
        json.dumps(dict(rendition.data), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise AssertionError(f"Rendition.data has more than JSON values: {error}") from error
    names = [picture.name for picture in rendition.pictures]
    assert len(names) == len(set(names)), f"each picture needs a name of its own, not {names}"
    assert not [name for name in names if "/" in name or not name], (
        f"the pictures have the names {names}; a name is not empty and has no slash"
    )
    found = dangers(rendition.html)
    assert found == [], (
        f"Rendition.html has {found}, which can act in a browser; use markdown_html or clean_html"
    )


def dangers(html: str) -> list[str]:
    """Return the tags and attributes in *html* that are dangerous in a browser, such as scripts."""
    finder = _Dangers()
    finder.feed(html)
    finder.close()
    return finder.found


class _Dangers(HTMLParser):
    """An HTML parser that collects tags and attributes that are dangerous in a browser."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "style", "iframe", "object", "embed", "form", "base", "meta"}:
            self.found.append(tag)
        for name, value in attrs:
            scheme = "".join((value or "").split()).lower()
            acts = scheme.startswith(("javascript:", "data:", "vbscript:"))
            if name.startswith("on") or (acts and name not in {"alt", "title"}):
                self.found.append(f"{tag} {name}")


def rendered_or_refused(channel: Channel, entry: ChannelEntry) -> Rendition | None:
    """Render *entry* with *channel*. Return None if the channel raises RenderError."""
    try:
        return render(channel, entry)
    except RenderError:
        return None


def render_all(channel: Channel) -> Iterator[Rendition]:
    """Yield the channel's renditions of sample entries: one per kind and per livestream notice."""
    for kind in sorted(channel.kinds):
        entry = sample_entry(kind)
        if kind is EntryKind.LIVESTREAM:
            for notice in DEFAULT_CHAIN:
                yield render(channel, entry, notice=notice)
        else:
            yield render(channel, entry)


def render_long(channel: Channel) -> Iterator[Rendition]:
    """Yield renditions of long entries with three pictures, except those that the channel refuses.

    A channel with parts makes several parts of each.
    """
    body = "\n\n".join(f"第{number}段：{'社群运营' * 20}" for number in range(1, 61))
    pictures = tuple(sample_picture(f"{number}.png") for number in range(1, 4))
    for kind in sorted(channel.kinds):
        entry = sample_entry(kind, body=body, pictures=pictures)
        rendition = rendered_or_refused(channel, entry)
        if rendition is not None and not _blocking(rendition.warnings):
            yield rendition


def blocked(channel: Channel, rendition: Rendition) -> list[RenditionWarning]:
    """Return the rendition's warnings that block approval, including exceeded limits.

    If the channel has parts, the limits are those of each part.
    """
    parts = split_rendition(channel, rendition)
    over = [warning for part in parts or (rendition,) for warning in exceeded(channel, part)]
    return [*_blocking(rendition.warnings), *over]


def exceeded(channel: Channel, message: Rendition) -> list[RenditionWarning]:
    """Return a warning for each of the channel's limits that a post, or one part of it, exceeds."""
    return _blocking(channel.limits.check(message))


def _blocking(warnings: Iterable[RenditionWarning]) -> list[RenditionWarning]:
    return [warning for warning in warnings if warning.level is WarningLevel.BLOCK]


def secrets_of(channel: Channel) -> list[str]:
    """Return the channel's secret settings, such as keys, in plain text."""
    values = [getattr(channel.settings, name) for name in secret_fields(type(channel))]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

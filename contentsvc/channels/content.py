"""Data classes that the service and its channel plugins exchange, such as renditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.errors import RenderError
from contentsvc.messages import Message, Parameter

__all__ = [
    "ChannelEntry",
    "Page",
    "PageRequest",
    "Picture",
    "RenderContext",
    "Rendition",
    "RenditionWarning",
    "WarningLevel",
]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its file name, format, size, content and alternative text."""

    #: File name with its extension, such as `1.png`.
    name: str
    #: `image/png`, `image/jpeg` or `image/webp`.
    media_type: str
    #: Pixels.
    width: int
    #: Pixels.
    height: int
    content: bytes
    alt: str = ""


@dataclass(frozen=True, slots=True)
class ChannelEntry:
    """A calendar's entry (a planned post) as one channel gets it, with its text and pictures."""

    kind: EntryKind
    title: str
    #: Markdown.
    body: str
    #: When it is published; for a livestream's notice, the notice's own time. UTC.
    due_at: datetime
    #: When the livestream starts (UTC); equal to `due_at` for posts and posters.
    starts_at: datetime
    #: The calendar's slug, the week and the entry's key; edits and moves do not change it.
    ref: str
    element: str | None = None
    livestream: Livestream | None = None
    #: A notice's own title; if empty, the title is made from its state and the entry's title.
    headline: str = ""
    #: Address of the livestream's public page, where seats are booked; empty if there is none.
    booking_page: str = ""
    #: Whether the entry has a poster template.
    has_poster: bool = False
    pictures: tuple[Picture, ...] = ()


def _no_card(
    template: str,
    fields: Mapping[str, object],  # noqa: ARG001 - the signature of RenderContext.make_card
    size: str,
    max_bytes: int | None,  # noqa: ARG001 - likewise
    media_type: str,  # noqa: ARG001 - likewise
) -> Picture:
    raise RenderError("cards-unavailable", template=template, size=size)


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a channel needs to render an entry: language, time zone and functions for pictures."""

    #: The channel's name.
    channel: str
    #: The calendar's time zone, for dates that people read.
    zone: ZoneInfo
    #: `zh` or `en`.
    language: str
    #: The service's public address, without a trailing slash.
    public_url: str
    #: Makes the entry's poster from a size name (`9x16`, `3x4`, `1x1`, …), the most bytes or
    #: None, and a media type (`image/png`, `image/jpeg`, `image/webp`).
    make_poster: Callable[[str, int | None, str], Picture]
    #: Makes a picture from a template's id and fields, then the arguments of `make_poster`.
    make_card: Callable[[str, Mapping[str, object], str, int | None, str], Picture] = _no_card

    def poster(
        self, size: str = "9x16", *, max_bytes: int | None = None, media_type: str = "image/png"
    ) -> Picture:
        """Return the entry's poster, in at most *max_bytes* bytes, or raise RenderError."""
        return self.make_poster(size, max_bytes, media_type)

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        *,
        size: str = "card",
        max_bytes: int | None = None,
        media_type: str = "image/jpeg",
    ) -> Picture:
        """Paint a picture from a poster template. *template* is its id, *fields* its texts.

        *size* is the name of one of the template's sizes. Text that does not fit is cut without a
        warning, because it is the channel's text and not the entry's.

        Raises:
            RenderError: the picture cannot be made.
        """
        return self.make_card(template, fields, size, max_bytes, media_type)

    def local(self, at: datetime) -> datetime:
        """Convert the time *at* to the calendar's time zone."""
        return at.astimezone(self.zone)


class WarningLevel(StrEnum):
    """How severe a warning about a post is. WARN only informs people; BLOCK prevents approval."""

    WARN = "warn"
    #: Nobody can approve the entry.
    BLOCK = "block"


@dataclass(frozen=True, slots=True, init=False)
class RenditionWarning:
    """A warning about a fault in a rendition (finished post), shown to people while they plan."""

    level: WarningLevel
    #: The form field that shows it: `title`, `body`, `pictures`, `poster.title1`, …
    field: str
    message: Message

    def __init__(
        self,
        level: WarningLevel,
        field: str,
        message: Message | Mapping[str, str] | str,
        **params: Parameter,
    ) -> None:
        """Create a warning. *message* is a Message, a text, or one text each for `zh` and `en`.

        Raises:
            TypeError: *message* is none of these.
        """
        if not isinstance(message, Message | Mapping | str):
            raise TypeError(f"{message!r} is not a message")
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "field", field)
        object.__setattr__(self, "message", Message.of(message, **params))


@dataclass(frozen=True, slots=True)
class Rendition:
    """A finished post (成稿) for one channel: the text and pictures that it will publish.

    The service stores it and shows it to people first. The same entry must always make the same
    rendition: do not use a clock, random values or the network.
    """

    title: str
    #: The plain text that is copied or sent.
    text: str
    #: Clean HTML for pages and previews; empty if the channel has plain text only.
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    #: Values that the channel needs when it publishes. JSON values only.
    data: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[RenditionWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A visitor's request for one of a channel's public pages."""

    #: Path below the channel's pages, without slashes at its ends; empty for the first page.
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    language: str = "zh"
    #: Time of the request, UTC.
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Page:
    """The response to a PageRequest: a public page of a channel. The service adds headers."""

    body: bytes
    media_type: str
    status: int = 200
    #: UTC; becomes Last-Modified.
    modified_at: datetime | None = None

"""What goes into a channel plugin and what comes out of it."""

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
    "Accepted",
    "ChannelEntry",
    "Effect",
    "HandOff",
    "Page",
    "PageRequest",
    "Picture",
    "Receipt",
    "RenderContext",
    "Rendition",
    "RenditionWarning",
    "WarningLevel",
]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, whole."""

    #: File name with its ending, such as `1.png`.
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
    """An entry as one channel is to show it: its own version's text, its pictures loaded."""

    kind: EntryKind
    title: str
    #: Markdown.
    body: str
    #: When it goes out; for a livestream's notice, the notice's own time. UTC.
    due_at: datetime
    #: When the livestream starts (UTC); equals due_at for posts and posters.
    starts_at: datetime
    #: Stable over edits and moves: the calendar's slug, the week and the entry's key.
    ref: str
    element: str | None = None
    livestream: Livestream | None = None
    #: A notice's own title as its writer worded it; empty: its state and the entry's title.
    headline: str = ""
    #: The livestream's public page, where seats are booked; empty where there is none.
    booking_page: str = ""
    #: Whether a poster can be made for it.
    has_poster: bool = False
    pictures: tuple[Picture, ...] = ()


def _no_card(
    template: str,
    fields: Mapping[str, object],  # noqa: ARG001 - stands in for what the service gives
    size: str,
    max_bytes: int | None,  # noqa: ARG001 - likewise
    media_type: str,  # noqa: ARG001 - likewise
) -> Picture:
    raise RenderError("cards-unavailable", template=template, size=size)


@dataclass(frozen=True, slots=True)
class RenderContext:
    """What a channel may use while rendering. Nothing in it reaches the network."""

    #: The channel's name.
    channel: str
    #: The calendar's zone, for dates that people read.
    zone: ZoneInfo
    #: `zh` or `en`.
    language: str
    #: Without a slash at its end.
    public_url: str
    #: Makes the entry's poster: size name (`9x16`, `3x4`, `1x1`, …), most bytes or None,
    #: media type (`image/png`, `image/jpeg`, `image/webp`).
    make_poster: Callable[[str, int | None, str], Picture]
    #: Makes a picture of any template: its id, its fields, then as `make_poster`.
    make_card: Callable[[str, Mapping[str, object], str, int | None, str], Picture] = _no_card

    def poster(
        self, size: str = "9x16", *, max_bytes: int | None = None, media_type: str = "image/png"
    ) -> Picture:
        """Return the entry's poster; RenderError where it cannot be made or made small enough."""
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
        """Return a picture of the poster template *template* in one of its sizes.

        *fields* are its words by name. RenderError where it cannot be made; lettering that finds
        no room is cut and told to nobody, as the words are the channel's and not the entry's.
        """
        return self.make_card(template, fields, size, max_bytes, media_type)

    def local(self, at: datetime) -> datetime:
        """Return an instant as the calendar's wall clock shows it."""
        return at.astimezone(self.zone)


class WarningLevel(StrEnum):
    """How much a warning weighs."""

    WARN = "warn"
    #: Approval is refused.
    BLOCK = "block"


@dataclass(frozen=True, slots=True, init=False)
class RenditionWarning:
    """A fault of a rendition that people see while they plan."""

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
        """Create a warning; *message* may also be a text, or a text per language (`zh`, `en`).

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
    """What a channel will show (成稿): stored, previewed and sent as it is.

    The same entry must give the same rendition: no clock, no chance, no network.
    """

    title: str
    #: Plain text as it is copied or sent.
    text: str
    #: Clean HTML for pages and previews; empty where the channel knows text alone.
    html: str = ""
    pictures: tuple[Picture, ...] = ()
    #: What the channel itself wants to find again when it publishes. JSON values only.
    data: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[RenditionWarning, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's word that it is out (回执)."""

    #: The platform's id of the post.
    id: str
    url: str | None = None
    #: The platform's own time where it gives one, UTC.
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform took it and is still working; `Channel.check` is asked later."""

    #: What `check` needs to ask again.
    token: str
    #: Seconds to wait before asking.
    poll_after: float = 15.0


@dataclass(frozen=True, slots=True)
class HandOff:
    """A person must finish it (人工发布)."""

    #: What to do, by language (`zh`, `en`).
    instructions: Mapping[str, str]
    #: A page or app link that helps.
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One figure observed of a delivery (效果)."""

    #: `views`, `likes`, `replies`, `clicks`, `check_ins`, `new_members`, `orders`, `amount`.
    measure: str
    value: float
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A visitor's request for one of a channel's public pages."""

    #: Below the channel's pages, without a slash at either end; empty for the first page.
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    language: str = "zh"
    #: When it was asked, UTC.
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Page:
    """A public page's answer. The web server adds ETag, 304 and security headers."""

    body: bytes
    media_type: str
    status: int = 200
    #: UTC; becomes Last-Modified.
    modified_at: datetime | None = None

"""An entry (排期): one planned item of a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from contentsvc.domain.elements import Element
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import Weekday

__all__ = [
    "EntryContent",
    "EntryKind",
    "EntryStatus",
    "Livestream",
    "PictureRef",
    "PosterSpec",
    "Version",
]


class EntryKind(StrEnum):
    """What an entry becomes: 图文, 海报 or 直播."""

    POST = "post"
    POSTER = "poster"
    LIVESTREAM = "livestream"


class EntryStatus(StrEnum):
    """How far an entry is on its way to approval."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Livestream:
    """What a livestream entry announces."""

    host: str = ""
    url: str = ""
    #: Planned length in minutes.
    minutes: int = 60
    points: tuple[str, ...] = ()
    replay_url: str = ""


@dataclass(frozen=True, slots=True)
class PosterSpec:
    """Which template a poster is made from, and the words and pictures in it."""

    template: str
    fields: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture of an entry: a file in the assets folder, or an upload by its content hash."""

    #: `sha256:<hex>` for an upload, else a path below the assets folder.
    source: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """An entry's text changed for one channel; None keeps the common text."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class EntryContent:
    """All that an entry says; what a calendar file holds for it."""

    #: Stable within the calendar and week.
    key: str
    day: Weekday
    kind: EntryKind
    title: str
    #: A slot's name, or None where the time is given.
    slot: str | None = None
    #: Wall-clock in the calendar's zone, or None where the slot gives it.
    time: time | None = None
    element: Element | None = None
    #: Markdown.
    body: str = ""
    #: By channel name.
    versions: Mapping[str, Version] = field(default_factory=dict)
    #: Channel names; None means the calendar's.
    channels: tuple[str, ...] | None = None
    livestream: Livestream | None = None
    #: Only for a livestream; empty means the usual chain.
    notices: tuple[Notice, ...] = ()
    poster: PosterSpec | None = None
    pictures: tuple[PictureRef, ...] = ()
    status: EntryStatus = EntryStatus.DRAFT

    def title_for(self, channel: str) -> str:
        """Return the title that *channel* shows."""
        version = self.versions.get(channel)
        return version.title if version and version.title is not None else self.title

    def body_for(self, channel: str) -> str:
        """Return the Markdown that *channel* shows."""
        version = self.versions.get(channel)
        return version.body if version and version.body is not None else self.body

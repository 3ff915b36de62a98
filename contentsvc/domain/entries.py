"""An entry (排期): one planned item of a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from contentsvc.domain.elements import Element
from contentsvc.domain.notices import Notice, NoticeState, usual_chain
from contentsvc.domain.weeks import Weekday

__all__ = [
    "EntryContent",
    "EntryKind",
    "EntryStatus",
    "Livestream",
    "NoticeVersion",
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
    #: Where it is watched.
    url: str = ""
    #: Planned length in minutes.
    minutes: int = 60
    points: tuple[str, ...] = ()
    replay_url: str = ""
    #: Where the platform itself books seats; empty: the service's own page does.
    booking_url: str = ""

    def link_at(self, state: NoticeState, page: str = "") -> str:
        """Return where a notice leads; *page* is the livestream's public page, or empty.

        Before the start that is where a seat is booked, then where it is watched, at last the
        replay. A missing address is stood in for by what leads nearest to it.
        """
        booking = self.booking_url or page
        if state is NoticeState.NOW:
            return self.url or booking
        if state is NoticeState.REPLAY:
            return self.replay_url or page or self.url
        return booking or self.url


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
class NoticeVersion:
    """The words of one notice of the chain; None keeps the common ones."""

    title: str | None = None
    #: Markdown.
    body: str | None = None
    #: Poster fields that differ from the entry's.
    poster: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


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
    #: By offset, such as `-24h`; only notices of the chain have own words.
    notice_versions: Mapping[str, NoticeVersion] = field(default_factory=dict)
    poster: PosterSpec | None = None
    pictures: tuple[PictureRef, ...] = ()
    status: EntryStatus = EntryStatus.DRAFT

    @property
    def chain(self) -> tuple[Notice, ...]:
        """Return the notices of a livestream: its own, else the usual ones; else none."""
        if self.kind is not EntryKind.LIVESTREAM:
            return ()
        minutes = (self.livestream or Livestream()).minutes
        if not self.notices:
            return usual_chain(minutes)
        return tuple(notice.within(minutes) for notice in self.notices)

    def title_for(self, channel: str) -> str:
        """Return the title that *channel* shows."""
        version = self.versions.get(channel)
        return version.title if version and version.title is not None else self.title

    def body_for(self, channel: str) -> str:
        """Return the Markdown that *channel* shows."""
        version = self.versions.get(channel)
        return version.body if version and version.body is not None else self.body

    def notice_version(self, notice: Notice) -> NoticeVersion:
        """Return what a notice says otherwise than the entry."""
        return self.notice_versions.get(str(notice), NoticeVersion())

    def notice_body(self, channel: str, notice: Notice) -> str:
        """Return the Markdown that *channel* shows with a notice.

        The notice's own text goes before the channel's. Without one the entry's text goes with the
        first notice and with those that come half a day before or earlier; people who have read it
        get the later ones short.
        """
        own = self.notice_version(notice).body
        if own is not None:
            return own
        early = notice.state in {NoticeState.BEFORE, NoticeState.TOMORROW}
        return self.body_for(channel) if early or notice == self.chain[0] else ""

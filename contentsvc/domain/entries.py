"""The value types of an entry (排期), a planned item of a calendar week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum

from contentsvc.domain.elements import Element
from contentsvc.domain.notices import Notice, NoticeState, default_chain
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
    """The kind of an entry: a text with pictures (图文), a poster (海报) or a livestream (直播)."""

    POST = "post"
    POSTER = "poster"
    LIVESTREAM = "livestream"


class EntryStatus(StrEnum):
    """The status of an entry: a draft, in review, approved or cancelled."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Livestream:
    """The host, links, length and topics of a livestream that an entry announces."""

    host: str = ""
    #: The address at which people watch the livestream.
    url: str = ""
    #: Planned length in minutes.
    minutes: int = 60
    #: Topics or offers, as bullet points.
    points: tuple[str, ...] = ()
    replay_url: str = ""
    #: The platform's own booking page; if empty, the public page of this service is used.
    booking_url: str = ""

    def link_at(self, state: NoticeState, page: str = "") -> str:
        """Return the URL for a notice about the livestream in *state*; empty if there is none.

        Before the start it is the booking page, during the livestream the livestream itself, and
        then the replay. A missing address is replaced by another of the livestream's addresses.
        *page* is the address of its public page, or empty.
        """
        booking = self.booking_url or page
        if state is NoticeState.NOW:
            return self.url or booking
        if state is NoticeState.REPLAY:
            return self.replay_url or page or self.url
        return booking or self.url


@dataclass(frozen=True, slots=True)
class PosterSpec:
    """The poster of an entry: the template's name and the values of the template's fields."""

    template: str
    fields: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PictureRef:
    """A picture of an entry: a file in the assets folder, or an uploaded file."""

    #: `sha256:<hex>` for an upload, else the path below the assets folder.
    source: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """An entry's title and text for one channel. None stands for the entry's own title or text."""

    title: str | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """The title, text and poster fields for one notice, which replace those of its entry."""

    title: str | None = None
    #: Markdown.
    body: str | None = None
    #: Poster fields whose values differ from the entry's.
    poster: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryContent:
    """Everything that a calendar file contains about one entry, such as day, texts and status."""

    #: Identifies the entry within its calendar and week.
    key: str
    day: Weekday
    kind: EntryKind
    title: str
    #: Name of a slot; None if the entry has a time of its own.
    slot: str | None = None
    #: Wall-clock time in the calendar's zone; None if the entry is in a slot.
    time: time | None = None
    element: Element | None = None
    #: Markdown.
    body: str = ""
    #: Versions by channel name.
    versions: Mapping[str, Version] = field(default_factory=dict)
    #: Names of the entry's channels; None for the channels of the calendar.
    channels: tuple[str, ...] | None = None
    livestream: Livestream | None = None
    #: The notices of a livestream; empty for the default chain.
    notices: tuple[Notice, ...] = ()
    #: Versions by a notice's offset, such as `-24h`; the notice must be part of the chain.
    notice_versions: Mapping[str, NoticeVersion] = field(default_factory=dict)
    poster: PosterSpec | None = None
    pictures: tuple[PictureRef, ...] = ()
    status: EntryStatus = EntryStatus.DRAFT

    @property
    def chain(self) -> tuple[Notice, ...]:
        """Return the notices of a livestream entry: its own or the default ones.

        Entries of another kind have none.
        """
        if self.kind is not EntryKind.LIVESTREAM:
            return ()
        minutes = (self.livestream or Livestream()).minutes
        if not self.notices:
            return default_chain(minutes)
        return tuple(notice.within(minutes) for notice in self.notices)

    def title_for(self, channel: str) -> str:
        """Return the entry's title for the channel named *channel*."""
        version = self.versions.get(channel)
        return version.title if version and version.title is not None else self.title

    def body_for(self, channel: str) -> str:
        """Return the entry's text for the channel named *channel*, in Markdown."""
        version = self.versions.get(channel)
        return version.body if version and version.body is not None else self.body

    def notice_version(self, notice: Notice) -> NoticeVersion:
        """Return the title, text and poster fields written for *notice*, or empty ones."""
        return self.notice_versions.get(str(notice), NoticeVersion())

    def notice_body(self, channel: str, notice: Notice) -> str:
        """Return the text of *notice* for the channel named *channel*, in Markdown.

        The notice's own text is used if it has one. Else the first notice, and every notice at
        least half a day before the start, has the entry's text; the text of later notices is
        empty, because readers have already seen it.
        """
        own = self.notice_version(notice).body
        if own is not None:
            return own
        early = notice.state in {NoticeState.BEFORE, NoticeState.TOMORROW}
        return self.body_for(channel) if early or notice == self.chain[0] else ""

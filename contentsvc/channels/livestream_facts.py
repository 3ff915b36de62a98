"""What the service tells a channel of livestreams, for pages and calendars of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from contentsvc.channels.content import Picture

__all__ = ["Livestreams", "PublicLivestream"]


@dataclass(frozen=True, slots=True)
class PublicLivestream:
    """A livestream as it was approved last: what anybody may know of it."""

    #: Names it in addresses and calendars; stays the same over every edit and move.
    code: str
    title: str
    #: UTC.
    starts_at: datetime
    #: Planned length.
    minutes: int
    #: The calendar's, in which people read its times.
    zone: ZoneInfo
    host: str = ""
    #: Where it is watched.
    url: str = ""
    #: Where the platform itself books seats.
    booking_url: str = ""
    replay_url: str = ""
    points: tuple[str, ...] = ()
    is_cancelled: bool = False
    #: The start that readers were told before it moved; None where they were told no other.
    moved_from: datetime | None = None
    #: Counts its changes up.
    sequence: int = 0
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """Return the planned end, UTC."""
        return self.starts_at + timedelta(minutes=self.minutes)


class Livestreams(Protocol):
    """The livestreams that the public may know of."""

    def find(self, code: str) -> PublicLivestream | None:
        """Return a livestream that was approved once, wherever it goes; None otherwise."""

    def announced(self, limit: int = 200) -> list[PublicLivestream]:
        """Return those of which a notice went out on this channel, the latest start first."""

    def poster(self, code: str) -> Picture | None:
        """Return the poster of its present notice; None where none was painted for these facts."""

"""The public facts of livestreams, which channels show on their pages and in calendar files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from contentsvc.channels.content import Picture

__all__ = ["Livestreams", "PublicLivestream"]


@dataclass(frozen=True, slots=True)
class PublicLivestream:
    """The public facts of a livestream, such as title and start, as they were last approved."""

    #: Its name in addresses and calendar files; edits and moves do not change it.
    code: str
    title: str
    #: UTC.
    starts_at: datetime
    #: The planned length.
    minutes: int
    #: The calendar's time zone.
    zone: ZoneInfo
    host: str = ""
    #: Address at which people watch it.
    url: str = ""
    #: Address at which the platform books seats.
    booking_url: str = ""
    replay_url: str = ""
    points: tuple[str, ...] = ()
    is_cancelled: bool = False
    #: The start (UTC) that was announced before it moved; None if it has not moved.
    moved_from: datetime | None = None
    #: How many times it has changed.
    sequence: int = 0
    created_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """The planned end of the livestream (UTC)."""
        return self.starts_at + timedelta(minutes=self.minutes)


class Livestreams(Protocol):
    """Read access to the public facts of livestreams. Each channel gets such an object."""

    def find(self, code: str) -> PublicLivestream | None:
        """Return the livestream *code* of any channel, or None if it has never been approved."""

    def announced(self, limit: int = 200) -> list[PublicLivestream]:
        """Return at most *limit* livestreams announced on this channel, latest start first."""

    def poster(self, code: str) -> Picture | None:
        """Return the newest poster of the livestream *code*, or None if it has none.

        The poster is from the newest notice that is due, or else from the first notice. A poster
        that shows outdated facts, such as an earlier start, is not returned.
        """

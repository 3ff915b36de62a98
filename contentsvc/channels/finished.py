"""FinishedDelivery, the data about a finished delivery (a post to a channel) that plugins get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contentsvc.domain.entries import EntryKind

__all__ = ["FinishedDelivery"]


@dataclass(frozen=True, slots=True)
class FinishedDelivery:
    """A finished delivery (one post to one channel) and its result, as plugins get it."""

    id: int
    #: The key that the channel received at every attempt.
    key: str
    #: `published`, `failed`, `unknown` or `handed_off`.
    status: str
    #: The channel's name.
    channel: str
    channel_type: str
    #: The calendar's slug.
    calendar: str
    #: The calendar's time zone, for times that people read.
    zone: ZoneInfo
    #: The same as `ChannelEntry.ref`; edits and moves do not change it.
    ref: str
    kind: EntryKind
    #: The entry's title.
    title: str
    #: The notice's offset such as `-1h`; empty for a post or poster.
    notice: str
    #: UTC.
    due_at: datetime
    #: When the worker received the outcome, UTC.
    finished_at: datetime
    #: Address of the post, or of a page that helps to finish it by hand.
    url: str | None
    #: The error message; empty if there was no error.
    message: str
    #: The plugin's own folder in the data folder; it may not exist yet.
    folder: Path

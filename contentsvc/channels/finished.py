"""What plugins are told of a delivery that has come to an end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from contentsvc.domain.entries import EntryKind

__all__ = ["FinishedDelivery"]


@dataclass(frozen=True, slots=True)
class FinishedDelivery:
    """A delivery as a worker has left it. Nothing in it is a secret."""

    id: int
    #: The same at every attempt; what the channel was given.
    key: str
    #: `published`, `failed`, `unknown` or `handed_off`.
    status: str
    #: The channel's name.
    channel: str
    channel_type: str
    #: The calendar's slug.
    calendar: str
    #: The calendar's zone, for times that people read.
    zone: ZoneInfo
    #: Stable over edits and moves, as `ChannelEntry.ref`.
    ref: str
    kind: EntryKind
    #: The entry's title.
    title: str
    #: The notice's offset such as `-1h`; empty for a post or poster.
    notice: str
    #: UTC.
    due_at: datetime
    #: When the worker knew, UTC.
    finished_at: datetime
    #: Where the post can be seen, or what helps to finish it by hand.
    url: str | None
    #: What went wrong, for people; empty where nothing did.
    words: str
    #: A folder of the plugin's own below the data folder; it may not exist yet.
    folder: Path

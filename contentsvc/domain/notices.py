"""The chain of notices around a livestream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

__all__ = ["DEFAULT_CHAIN", "Notice", "NoticeState", "parse_chain", "usual_chain"]

_OFFSET = re.compile(r"([+-]?)(\d{1,4})([dhm])")
_UNIT = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
#: A chain longer than this is a mistake, and would flood a group.
_MOST = 12
_FURTHEST = timedelta(days=31)
#: The replay is ready so many minutes after the planned end.
_REPLAY_AFTER = 30


class NoticeState(StrEnum):
    """What a notice tells the reader about the livestream."""

    BEFORE = "before"
    TOMORROW = "tomorrow"
    SOON = "soon"
    NOW = "now"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One message of the chain, by its distance to the start."""

    offset: timedelta
    #: The livestream's planned length, up to which a later notice finds it still on.
    length: timedelta = field(default=timedelta(0), compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `-24h`, `-10m`, `0m`, `+90m` or `-2d`; ValueError otherwise."""
        match = _OFFSET.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is not an offset such as -24h, -10m, 0m or +90m")
        offset = int(match[2]) * _UNIT[match[3]]
        if offset > _FURTHEST:
            raise ValueError(f"{text!r} is further than 31 days from the livestream")
        return cls(-offset if match[1] == "-" else offset)

    @property
    def state(self) -> NoticeState:
        """Return what this notice tells: by its distance to the start."""
        if self.offset > timedelta(0):
            return NoticeState.NOW if self.offset < self.length else NoticeState.REPLAY
        if self.offset > timedelta(minutes=-5):
            return NoticeState.NOW
        if self.offset > timedelta(hours=-12):
            return NoticeState.SOON
        if self.offset >= timedelta(hours=-36):
            return NoticeState.TOMORROW
        return NoticeState.BEFORE

    def within(self, minutes: int) -> Self:
        """Return the same notice of a livestream that is planned for *minutes*."""
        return replace(self, length=timedelta(minutes=minutes))

    def days_ahead(self, starts_at: datetime, zone: ZoneInfo) -> int:
        """Return how many midnights of *zone* lie between this notice and the start (UTC).

        The wall clock decides and not the hours in between: 13 hours before 20:00 it is the same
        day, 2 hours before 01:00 it is the day before.
        """
        sent = self.due_at(starts_at).astimezone(zone).date()
        return (starts_at.astimezone(zone).date() - sent).days

    def due_at(self, starts_at: datetime) -> datetime:
        """Return the instant of this notice for a livestream that starts at *starts_at* (UTC)."""
        return starts_at + self.offset

    def __str__(self) -> str:
        minutes = int(self.offset.total_seconds() // 60)
        sign = "-" if minutes < 0 else "+" if minutes else ""
        size = abs(minutes)
        if size and size % 60 == 0:
            return f"{sign}{size // 60}h"
        return f"{sign}{size}m"


def usual_chain(minutes: int = 60) -> tuple[Notice, ...]:
    """Return a day, an hour and ten minutes before, the start, and the replay.

    The replay comes half an hour after a livestream of *minutes* is planned to end.
    """
    texts = ("-24h", "-1h", "-10m", "0m", f"+{minutes + _REPLAY_AFTER}m")
    return tuple(Notice.parse(text).within(minutes) for text in texts)


#: The usual chain of a livestream that lasts an hour.
DEFAULT_CHAIN = usual_chain()


def parse_chain(texts: list[str]) -> tuple[Notice, ...]:
    """Read a chain in order of time, each notice once; ValueError where it cannot be one."""
    chain = tuple(sorted({Notice.parse(text) for text in texts}))
    if len(chain) > _MOST:
        raise ValueError(f"{len(chain)} notices are too many; {_MOST} are allowed")
    return chain

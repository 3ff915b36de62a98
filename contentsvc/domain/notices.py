"""Notices: a chain of messages that are sent before, during and after a livestream."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Self
from zoneinfo import ZoneInfo

from contentsvc.domain.typed_text import half_width
from contentsvc.errors import InputError

__all__ = ["DEFAULT_CHAIN", "Notice", "NoticeState", "default_chain", "parse_chain"]

_OFFSET = re.compile(r"([+-]?)(\d{1,4})([dhm])")
_UNIT = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
#: The most notices in a chain; a longer chain is a mistake and would flood a group.
_MOST_NOTICES = 12
_FURTHEST = timedelta(days=31)
#: Minutes from the planned end until the replay is ready.
_REPLAY_AFTER = 30


class NoticeState(StrEnum):
    """The state of the livestream for which a notice is sent, such as tomorrow, now or replay."""

    BEFORE = "before"
    TOMORROW = "tomorrow"
    SOON = "soon"
    NOW = "now"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True, order=True)
class Notice:
    """One message about a livestream, identified by its time offset from the start."""

    #: The time from the start of the livestream to this notice; negative before the start.
    offset: timedelta
    #: The planned length of the livestream. A notice sent before its end announces that it is live.
    length: timedelta = field(default=timedelta(0), compare=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse an offset from the start, such as `-2d`, `-24h` or `+90m`, and return the notice.

        Raises:
            InputError: *text* is not an offset, or is further than 31 days from the start.
        """
        match = _OFFSET.fullmatch(half_width(text))
        if match is None:
            raise InputError("notice-invalid", text=text)
        offset = int(match[2]) * _UNIT[match[3]]
        if offset > _FURTHEST:
            raise InputError("notice-too-far", text=text, days=_FURTHEST.days)
        return cls(-offset if match[1] == "-" else offset)

    @property
    def state(self) -> NoticeState:
        """Return the state of the livestream at the time of this notice, found from its offset."""
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
        """Return a copy of this notice for a livestream with a planned length of *minutes*."""
        return replace(self, length=timedelta(minutes=minutes))

    def days_ahead(self, starts_at: datetime, zone: ZoneInfo) -> int:
        """Return how many midnights lie between this notice and the start of the livestream.

        *starts_at* is the start, in UTC. The midnights are those in *zone*: 13 hours before 20:00
        is the same day, and 2 hours before 01:00 is the day before.
        """
        sent = self.due_at(starts_at).astimezone(zone).date()
        return (starts_at.astimezone(zone).date() - sent).days

    def due_at(self, starts_at: datetime) -> datetime:
        """Return the time (UTC) to send this notice for a livestream that starts at *starts_at*."""
        return starts_at + self.offset

    def __str__(self) -> str:
        minutes = int(self.offset.total_seconds() // 60)
        sign = "-" if minutes < 0 else "+" if minutes else ""
        size = abs(minutes)
        if size and size % 60 == 0:
            return f"{sign}{size // 60}h"
        return f"{sign}{size}m"


def default_chain(minutes: int = 60) -> tuple[Notice, ...]:
    """Return the default notices for a livestream with a planned length of *minutes*.

    They are due a day, an hour and ten minutes before the start, at the start, and, for the replay,
    half an hour after the planned end.
    """
    texts = ("-24h", "-1h", "-10m", "0m", f"+{minutes + _REPLAY_AFTER}m")
    return tuple(Notice.parse(text).within(minutes) for text in texts)


#: The default chain of a livestream that lasts an hour.
DEFAULT_CHAIN = default_chain()


def parse_chain(texts: list[str]) -> tuple[Notice, ...]:
    """Parse offsets such as `-24h`; return the notices in order of time, without duplicates.

    Raises:
        InputError: a text is not an offset, or there are more than 12 notices.
    """
    chain = tuple(sorted({Notice.parse(text) for text in texts}))
    if len(chain) > _MOST_NOTICES:
        raise InputError("notices-too-many", used=len(chain), most=_MOST_NOTICES)
    return chain

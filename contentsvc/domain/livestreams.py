"""What readers are told of a livestream, and how far that is still true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, Livestream
from contentsvc.domain.notices import NoticeState

__all__ = ["Change", "Consequence", "Facts", "changes", "consequence_of", "corrections"]

_S = DeliveryStatus


class Change(StrEnum):
    """How what was told is no longer so."""

    CANCELLED = "cancelled"
    #: It was called off, and takes place after all.
    RESTORED = "restored"
    MOVED = "moved"
    TITLE = "title"
    HOST = "host"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a livestream; its text is no fact."""

    title: str
    #: UTC.
    starts_at: datetime
    host: str = ""
    url: str = ""
    booking_url: str = ""
    replay_url: str = ""
    minutes: int = 60
    points: tuple[str, ...] = ()
    is_cancelled: bool = False
    #: Where the notice led; empty where this is no notice's telling.
    link: str = ""
    #: The notice's state; empty likewise.
    state: str = ""

    @classmethod
    def of(cls, content: EntryContent, starts_at: datetime, channel: str = "") -> Self:
        """Return what an entry says now, with the title that *channel* shows."""
        live = content.livestream or Livestream()
        return cls(
            title=content.title_for(channel),
            starts_at=starts_at,
            host=live.host,
            url=live.url,
            booking_url=live.booking_url,
            replay_url=live.replay_url,
            minutes=live.minutes,
            points=live.points,
        )

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        at = datetime.fromisoformat(stored["starts_at"])
        return cls(**{**stored, "starts_at": at, "points": tuple(stored["points"])})

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            **asdict(self),
            "starts_at": self.starts_at.isoformat(),
            "points": list(self.points),
        }

    @property
    def ends_at(self) -> datetime:
        """Return the planned end, UTC."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def links(self) -> frozenset[str]:
        """Return the addresses that a person gave."""
        return frozenset({self.url, self.booking_url, self.replay_url} - {""})

    def called_off(self) -> Self:
        """Return the same livestream, cancelled."""
        return replace(self, is_cancelled=True)


def changes(told: Facts, present: Facts) -> tuple[Change, ...]:
    """Return how *told* is no longer so; a livestream that is called off has no other news.

    The link of a notice is wrong only where it was somebody's address and is so no more: the
    livestream's own page leads on by itself.
    """
    if present.is_cancelled:
        return () if told.is_cancelled else (Change.CANCELLED,)
    differs = {
        Change.RESTORED: told.is_cancelled,
        Change.MOVED: told.starts_at != present.starts_at,
        Change.TITLE: told.title != present.title,
        Change.HOST: told.host != present.host,
        Change.LINK: told.link in told.links and told.link not in present.links,
    }
    return tuple(change for change, holds in differs.items() if holds)


def corrections(told: Facts, present: Facts, now: datetime) -> tuple[Change, ...]:
    """Return the changes of which readers should still hear at *now* (UTC).

    Once it is over only a replay's link is news.
    """
    found = changes(told, present)
    last = told.ends_at if present.is_cancelled else max(told.ends_at, present.ends_at)
    if now < last:
        return found
    replay = told.state == NoticeState.REPLAY
    return tuple(change for change in found if change is Change.LINK and replay)


class Consequence(StrEnum):
    """What becomes of a delivery when its livestream moves, changes or is cancelled."""

    #: It goes along: rendered anew for its new time, or cancelled.
    FOLLOWS = "follows"
    #: A worker is sending it: a change waits some seconds; a cancellation finds it out.
    GOING_OUT = "going_out"
    #: It may be out: it is not sent again by itself, and a person looks first.
    LOOK_FIRST = "look_first"
    #: The person who was to finish it is given the new text, or is asked no more.
    HANDED_ANEW = "handed_anew"
    #: It is out: a correction is offered.
    OUT = "out"
    #: It did not go out; where its new time lies ahead it is planned for that.
    PLANNED_ANEW = "planned_anew"
    #: It did not go out and stays as it is, until a person plans it again.
    STAYS = "stays"


_CONSEQUENCES = {
    _S.PLANNED: Consequence.FOLLOWS,
    _S.SCHEDULED: Consequence.FOLLOWS,
    _S.RETRYING: Consequence.FOLLOWS,
    _S.CLAIMED: Consequence.FOLLOWS,
    _S.SENDING: Consequence.GOING_OUT,
    _S.UNKNOWN: Consequence.LOOK_FIRST,
    _S.HANDED_OFF: Consequence.HANDED_ANEW,
    _S.ACCEPTED: Consequence.OUT,
    _S.PUBLISHED: Consequence.OUT,
    _S.MISSED: Consequence.PLANNED_ANEW,
    _S.CANCELLED: Consequence.PLANNED_ANEW,
    _S.FAILED: Consequence.STAYS,
}


def consequence_of(status: DeliveryStatus, *, in_doubt: bool = False) -> Consequence:
    """Return what a move, a change or a cancellation means to a delivery in *status*.

    *in_doubt* tells that an earlier attempt may have published it.
    """
    consequence = _CONSEQUENCES[status]
    return (
        Consequence.LOOK_FIRST if in_doubt and consequence is Consequence.FOLLOWS else consequence
    )

"""Compares the published facts about a livestream with the present ones, to find corrections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from dataclasses import fields as dataclass_fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, Livestream
from contentsvc.domain.notices import NoticeState

__all__ = [
    "Change",
    "Consequence",
    "Facts",
    "changes",
    "consequence_of",
    "corrections",
    "livestream_fields",
]

_S = DeliveryStatus


class Change(StrEnum):
    """A kind of difference between the published and the present facts about a livestream."""

    CANCELLED = "cancelled"
    #: A notice announced the cancellation, but the livestream takes place.
    RESTORED = "restored"
    MOVED = "moved"
    TITLE = "title"
    HOST = "host"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a livestream on a notice or page: title, start, host and links."""

    title: str
    #: In UTC.
    starts_at: datetime
    host: str = ""
    url: str = ""
    booking_url: str = ""
    replay_url: str = ""
    #: Planned length.
    minutes: int = 60
    points: tuple[str, ...] = ()
    is_cancelled: bool = False
    #: The link in the notice; empty if these are not the facts of a notice.
    link: str = ""
    #: The state that the notice announced; empty if these are not the facts of a notice.
    state: str = ""

    @classmethod
    def of(cls, content: EntryContent, starts_at: datetime, channel: str = "") -> Self:
        """Return the facts about the livestream in *content*, which starts at *starts_at* (UTC).

        The title is that for the channel named *channel*, or the entry's own title if *channel* is
        empty.
        """
        fields = livestream_fields(content.livestream or Livestream())
        return cls(title=content.title_for(channel), starts_at=starts_at, **fields)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Create facts from *stored*, a dictionary that `to_json` returned."""
        at = datetime.fromisoformat(stored["starts_at"])
        return cls(**{**stored, "starts_at": at, "points": tuple(stored["points"])})

    def to_json(self) -> dict[str, Any]:
        """Convert the facts to a dictionary that JSON can encode."""
        return {
            **asdict(self),
            "starts_at": self.starts_at.isoformat(),
            "points": list(self.points),
        }

    @property
    def ends_at(self) -> datetime:
        """Return the planned end of the livestream (UTC)."""
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def links(self) -> frozenset[str]:
        """Return the URLs entered for the livestream: to watch, to book and to see the replay."""
        return frozenset({self.url, self.booking_url, self.replay_url} - {""})

    def called_off(self) -> Self:
        """Return a copy of these facts with the livestream cancelled."""
        return replace(self, is_cancelled=True)


def livestream_fields(source: Livestream | Facts) -> dict[str, Any]:
    """Return, by name, those attributes of *source* that Livestream has, too."""
    return {field.name: getattr(source, field.name) for field in dataclass_fields(Livestream)}


def changes(told: Facts, present: Facts) -> tuple[Change, ...]:
    """Return the differences between *told*, the published facts, and *present*.

    If the livestream is now cancelled, the only change returned is CANCELLED. A notice's link
    counts as changed only if a person entered it and the livestream no longer has this address. The
    public page of a livestream is always current.
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
    return tuple(change for change, is_changed in differs.items() if is_changed)


def corrections(told: Facts, present: Facts, now: datetime) -> tuple[Change, ...]:
    """Return the changes from *told* to *present* that readers should still learn at *now* (UTC).

    After the livestream has ended, only a changed link of a replay notice is still useful.
    """
    all_changes = changes(told, present)
    last = told.ends_at if present.is_cancelled else max(told.ends_at, present.ends_at)
    if now < last:
        return all_changes
    is_replay = told.state == NoticeState.REPLAY
    return tuple(change for change in all_changes if change is Change.LINK and is_replay)


class Consequence(StrEnum):
    """What happens to a notice's delivery when its livestream is moved, changed or cancelled."""

    #: The delivery is rendered again for the new time, or cancelled.
    FOLLOWS = "follows"
    #: A worker is publishing the delivery. A change waits for some seconds; a cancellation is too
    #: late.
    GOING_OUT = "going_out"
    #: The delivery may be published already. It is not sent again until a person has checked.
    LOOK_FIRST = "look_first"
    #: The person who publishes it by hand gets the new text, or the hand-off is cancelled.
    HANDED_ANEW = "handed_anew"
    #: The delivery is published; the page offers a correction.
    OUT = "out"
    #: The delivery was not published. It is planned again if its new time is in the future.
    PLANNED_ANEW = "planned_anew"
    #: The delivery was not published, and nothing changes until a person plans it again.
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


def consequence_of(status: DeliveryStatus, *, may_be_out: bool = False) -> Consequence:
    """Return what happens to a notice's delivery if its livestream is moved, changed or cancelled.

    Args:
        status: the delivery's status.
        may_be_out: whether an earlier attempt may have published the delivery, or a part of it.
    """
    consequence = _CONSEQUENCES[status]
    return (
        Consequence.LOOK_FIRST if may_be_out and consequence is Consequence.FOLLOWS else consequence
    )

"""A delivery (发布): one entry or notice, one channel, one time; and its legal moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "ENDED",
    "MOST_ATTEMPTS",
    "MOVES",
    "NEXT",
    "OPEN",
    "SETTLE",
    "SETTLE_IDEMPOTENT",
    "WAITING",
    "Action",
    "Actor",
    "DeliveryStatus",
    "IllegalMoveError",
    "Next",
    "Outcome",
    "check_move",
    "next_step",
    "retry_delay",
]


class DeliveryStatus(StrEnum):
    """The state of a delivery between planning and its end."""

    #: The entry is approved; the rendition is not stored yet.
    PLANNED = "planned"
    #: The rendition is stored; the delivery waits until it is due.
    SCHEDULED = "scheduled"
    #: The last attempt published nothing; the delivery waits for the next attempt.
    RETRYING = "retrying"
    #: A dispatcher has claimed the delivery for a worker; nothing was sent.
    CLAIMED = "claimed"
    #: The intent is committed; the call to the platform may have begun.
    SENDING = "sending"
    #: The platform has accepted the post and is still processing it.
    ACCEPTED = "accepted"
    #: A person must publish the post by hand.
    HANDED_OFF = "handed_off"
    PUBLISHED = "published"
    #: The post may be out; only the platform or a person can tell.
    UNKNOWN = "unknown"
    FAILED = "failed"
    #: The delivery was not sent while it was still useful.
    MISSED = "missed"
    CANCELLED = "cancelled"


class Actor(StrEnum):
    """The part of the service, or the person, that moves a delivery to another status."""

    PLANNER = "planner"
    RENDERER = "renderer"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    REAPER = "reaper"
    PERSON = "person"


class Action(StrEnum):
    """A request that a worker makes to a plugin about a delivery."""

    #: Publish the post.
    PUBLISH = "publish"
    #: Find out whether an earlier call has published the post.
    FIND = "find"
    #: Ask whether a post that the platform accepted is out by now.
    CHECK = "check"

    @property
    def before(self) -> DeliveryStatus:
        """Return the status that a delivery has while the plugin is called."""
        return _BEFORE[self]


class Outcome(StrEnum):
    """The result of one call to a plugin."""

    PUBLISHED = "published"
    ACCEPTED = "accepted"
    HANDED_OFF = "handed_off"
    TEMPORARY = "temporary"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AUTH = "auth"
    #: The plugin searched the platform, and the post is not there.
    ABSENT = "absent"
    UNKNOWN = "unknown"


class IllegalMoveError(ValueError):
    """A delivery cannot go from the one status to the other, or not by this actor."""


_S = DeliveryStatus
_A = Actor
_O = Outcome
_BEFORE = {Action.PUBLISH: _S.SENDING, Action.FIND: _S.UNKNOWN, Action.CHECK: _S.ACCEPTED}

#: Every legal move, and the actors that make it. `services/delivery/moves.py` refuses any other.
MOVES: dict[tuple[DeliveryStatus, DeliveryStatus], frozenset[Actor]] = {
    (_S.PLANNED, _S.SCHEDULED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.FAILED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.PLANNED, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.SCHEDULED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.SCHEDULED, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.CANCELLED): frozenset({_A.PLANNER}),
    # An earlier attempt may have published it, and it is too late, or no longer wanted, to find out
    # by sending it again.
    (_S.SCHEDULED, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER}),
    (_S.RETRYING, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.RETRYING, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.RETRYING, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER}),
    (_S.CLAIMED, _S.SCHEDULED): frozenset({_A.DISPATCHER, _A.WORKER, _A.REAPER}),
    (_S.CLAIMED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.CLAIMED, _S.SENDING): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.MISSED): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.CLAIMED, _S.UNKNOWN): frozenset({_A.PLANNER}),
    (_S.SENDING, _S.PUBLISHED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.ACCEPTED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.HANDED_OFF): frozenset({_A.WORKER}),
    (_S.SENDING, _S.RETRYING): frozenset({_A.WORKER}),
    (_S.SENDING, _S.FAILED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.UNKNOWN): frozenset({_A.WORKER, _A.REAPER}),
    (_S.ACCEPTED, _S.PUBLISHED): frozenset({_A.WORKER}),
    (_S.ACCEPTED, _S.FAILED): frozenset({_A.WORKER}),
    (_S.HANDED_OFF, _S.PUBLISHED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.FAILED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.UNKNOWN, _S.PUBLISHED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.UNKNOWN, _S.RETRYING): frozenset({_A.WORKER, _A.DISPATCHER, _A.PERSON}),
    (_S.UNKNOWN, _S.FAILED): frozenset({_A.PERSON}),
    (_S.FAILED, _S.PLANNED): frozenset({_A.PERSON}),
    (_S.MISSED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.CANCELLED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
}

#: The dispatcher claims deliveries in these statuses once they are due.
WAITING = frozenset({_S.SCHEDULED, _S.RETRYING})
#: Nothing is out or in flight: an edit, a new time or a cancellation still reaches the delivery.
OPEN = frozenset({_S.PLANNED, _S.SCHEDULED, _S.RETRYING, _S.CLAIMED})
#: The service does nothing more with these by itself.
ENDED = frozenset({_S.PUBLISHED, _S.FAILED, _S.MISSED, _S.CANCELLED})


def check_move(before: DeliveryStatus, after: DeliveryStatus, actor: Actor) -> None:
    """Raise IllegalMoveError unless *actor* may move a delivery from *before* to *after*."""
    actors = MOVES.get((before, after))
    if actors is None:
        raise IllegalMoveError(f"a delivery cannot go from {before} to {after}")
    if actor not in actors:
        raise IllegalMoveError(f"the {actor} may not move a delivery from {before} to {after}")


#: The status that each outcome of each action leads to; None: the delivery stays as it is, and the
#: dispatcher has the platform asked again later. After PUBLISH, `next_step` turns RETRYING into
#: FAILED when no retry is left, and FAILED into UNKNOWN if an earlier attempt may be out.
NEXT: dict[Action, dict[Outcome, DeliveryStatus | None]] = {
    Action.PUBLISH: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: _S.ACCEPTED,
        _O.HANDED_OFF: _S.HANDED_OFF,
        _O.TEMPORARY: _S.RETRYING,
        _O.RATE_LIMITED: _S.RETRYING,
        _O.REJECTED: _S.FAILED,
        # The paused channel holds the delivery until a person reconnects it.
        _O.AUTH: _S.RETRYING,
        # A plugin that returns nothing from `publish` says nothing about the post.
        _O.ABSENT: _S.UNKNOWN,
        _O.UNKNOWN: _S.UNKNOWN,
    },
    Action.FIND: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: None,
        _O.HANDED_OFF: None,
        _O.TEMPORARY: None,
        _O.RATE_LIMITED: None,
        _O.REJECTED: None,
        _O.AUTH: None,
        _O.ABSENT: _S.RETRYING,
        _O.UNKNOWN: None,
    },
    Action.CHECK: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: None,
        _O.HANDED_OFF: None,
        _O.TEMPORARY: None,
        _O.RATE_LIMITED: None,
        _O.REJECTED: _S.FAILED,
        _O.AUTH: None,
        _O.ABSENT: None,
        _O.UNKNOWN: None,
    },
}

#: Attempts to publish one delivery. After the last one it fails, however long it would still be
#: useful, and a delivery in doubt is not sent again without a person.
MOST_ATTEMPTS = 8
#: How long an unknown outcome rests before anybody asks about it: the platform may still be
#: processing the call that was given up.
SETTLE = timedelta(seconds=30)
#: The same on a channel that takes the same key twice as one post.
SETTLE_IDEMPOTENT = timedelta(seconds=2)
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(minutes=10)
#: The next attempt waits for a delay that grows with each attempt.
_BACKS_OFF = frozenset({_O.TEMPORARY, _O.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Next:
    """The status of a delivery after a call, and the earliest time of the next call."""

    status: DeliveryStatus
    #: UTC; None if the service makes no further call by itself.
    not_before: datetime | None = None


def retry_delay(attempt: int, *, retry_after: float | None, jitter: float) -> timedelta:
    """Return the delay after the *attempt*-th attempt (1 for the first).

    The delay doubles from 5 s to 10 min. *jitter* in [0, 1) makes it longer by up to a fifth, so
    that deliveries which failed together are not all retried together. It is never shorter than
    *retry_after* (seconds), which the platform asked for.
    """
    doubled: int = 2 ** min(attempt - 1, 16)
    grown = min(_LONGEST_DELAY, _FIRST_DELAY * doubled)
    asked = timedelta(seconds=max(0.0, retry_after or 0.0))
    return max(grown, asked) * (1 + jitter / 5)


def next_step(
    action: Action,
    outcome: Outcome,
    attempt: int,
    *,
    now: datetime,
    useful_until: datetime,
    in_doubt: bool = False,
    is_idempotent: bool = False,
    retry_after: float | None = None,
    jitter: float = 0.0,
) -> Next | None:
    """Return what follows a call, or None if it told nothing new.

    Args:
        action: what the plugin was asked.
        outcome: what came of it.
        attempt: the number of the attempt to publish, 1 for the first.
        now: the present instant.
        useful_until: no retry begins after this instant.
        in_doubt: whether an earlier attempt may have published the post. Such a delivery never
            fails: a refusal of this attempt says nothing about the earlier one.
        is_idempotent: whether the channel takes the same key twice as one post.
        retry_after: seconds that the platform asks to wait.
        jitter: spreads retries, in [0, 1).
    """
    status = NEXT[action][outcome]
    if status is None:
        return None
    not_before = None
    if status is _S.RETRYING:
        not_before = now
        if outcome in _BACKS_OFF:
            not_before += retry_delay(attempt, retry_after=retry_after, jitter=jitter)
            if attempt >= MOST_ATTEMPTS or not_before > useful_until:
                status, not_before = _S.FAILED, None
    if action is Action.PUBLISH and status is _S.FAILED and in_doubt:
        status = _S.UNKNOWN
    if status is _S.UNKNOWN:
        not_before = now + (SETTLE_IDEMPOTENT if is_idempotent else SETTLE)
    return Next(status, not_before)

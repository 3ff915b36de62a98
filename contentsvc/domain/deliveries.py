"""A delivery (发布): one entry or notice, one channel, one time; and its legal moves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

__all__ = [
    "ENDED",
    "MOVES",
    "OPEN",
    "WAITING",
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
    """Where a delivery is on its way."""

    #: Approved; its rendition is not stored yet.
    PLANNED = "planned"
    #: Its rendition is stored; it waits for its time.
    SCHEDULED = "scheduled"
    #: Nothing was published at the last attempt; it waits for another.
    RETRYING = "retrying"
    #: A dispatcher has taken it for a worker; nothing was sent.
    CLAIMED = "claimed"
    #: The intent is durable; the call may have begun.
    SENDING = "sending"
    #: The platform took it and is still working.
    ACCEPTED = "accepted"
    #: A person must finish it.
    HANDED_OFF = "handed_off"
    PUBLISHED = "published"
    #: It may be out; only a look or a person can tell.
    UNKNOWN = "unknown"
    FAILED = "failed"
    #: Its time went by and it was no longer useful.
    MISSED = "missed"
    CANCELLED = "cancelled"


class Actor(StrEnum):
    """Who makes a move."""

    PLANNER = "planner"
    RENDERER = "renderer"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    REAPER = "reaper"
    PERSON = "person"


class Outcome(StrEnum):
    """How one attempt ended."""

    PUBLISHED = "published"
    ACCEPTED = "accepted"
    HANDED_OFF = "handed_off"
    TEMPORARY = "temporary"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AUTH = "auth"
    UNKNOWN = "unknown"


class IllegalMoveError(ValueError):
    """A delivery cannot go from the one status to the other."""


_S = DeliveryStatus
_A = Actor

#: Every legal move and who makes it. What is not here never happens.
MOVES: dict[tuple[DeliveryStatus, DeliveryStatus], frozenset[Actor]] = {
    (_S.PLANNED, _S.SCHEDULED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.FAILED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.PLANNED, _S.CANCELLED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.SCHEDULED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.SCHEDULED, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.CANCELLED): frozenset({_A.PLANNER, _A.PERSON}),
    # An earlier attempt may be out, and there is no time or no wish to find out by sending again.
    (_S.SCHEDULED, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER}),
    (_S.RETRYING, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.RETRYING, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.CANCELLED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.RETRYING, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER}),
    (_S.CLAIMED, _S.SCHEDULED): frozenset({_A.DISPATCHER, _A.WORKER, _A.REAPER}),
    (_S.CLAIMED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.CLAIMED, _S.SENDING): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.MISSED): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.CANCELLED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.CLAIMED, _S.UNKNOWN): frozenset({_A.PLANNER}),
    (_S.SENDING, _S.PUBLISHED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.ACCEPTED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.HANDED_OFF): frozenset({_A.WORKER}),
    (_S.SENDING, _S.RETRYING): frozenset({_A.WORKER}),
    (_S.SENDING, _S.FAILED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.UNKNOWN): frozenset({_A.WORKER, _A.REAPER}),
    (_S.ACCEPTED, _S.PUBLISHED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.ACCEPTED, _S.FAILED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.ACCEPTED, _S.UNKNOWN): frozenset({_A.WORKER, _A.REAPER}),
    (_S.HANDED_OFF, _S.PUBLISHED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.FAILED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.CANCELLED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.UNKNOWN, _S.PUBLISHED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.UNKNOWN, _S.RETRYING): frozenset({_A.WORKER, _A.DISPATCHER, _A.PERSON}),
    (_S.UNKNOWN, _S.FAILED): frozenset({_A.PERSON}),
    (_S.FAILED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.MISSED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.CANCELLED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
}

#: The dispatcher takes these when their time comes.
WAITING = frozenset({_S.SCHEDULED, _S.RETRYING})
#: Not out yet and nothing in flight: an edit, a move or a cancellation still reaches these.
OPEN = frozenset({_S.PLANNED, _S.SCHEDULED, _S.RETRYING, _S.CLAIMED})
#: Nothing happens to these by itself any more.
ENDED = frozenset({_S.PUBLISHED, _S.FAILED, _S.MISSED, _S.CANCELLED})


def check_move(before: DeliveryStatus, after: DeliveryStatus, actor: Actor) -> None:
    """Raise IllegalMoveError unless *actor* may move a delivery from *before* to *after*."""
    actors = MOVES.get((before, after))
    if actors is None:
        raise IllegalMoveError(f"a delivery cannot go from {before} to {after}")
    if actor not in actors:
        raise IllegalMoveError(f"the {actor} may not move a delivery from {before} to {after}")


@dataclass(frozen=True, slots=True)
class Next:
    """What becomes of a delivery after an attempt."""

    status: DeliveryStatus
    #: Not to be tried before this instant (UTC), where it is tried again.
    not_before: datetime | None = None


#: Attempts for one delivery before it fails, however long it would still be useful.
MOST_ATTEMPTS = 8
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(minutes=10)

_ANSWERS = {
    Outcome.PUBLISHED: _S.PUBLISHED,
    Outcome.ACCEPTED: _S.ACCEPTED,
    Outcome.HANDED_OFF: _S.HANDED_OFF,
    Outcome.REJECTED: _S.FAILED,
    Outcome.UNKNOWN: _S.UNKNOWN,
}


def retry_delay(attempt: int, *, retry_after: float | None, jitter: float) -> timedelta:
    """Return how long to wait after the *attempt*-th try (1 for the first).

    The delay doubles from 5 s to 10 min; *jitter* in [0, 1) spreads it by up to a fifth, so that
    many deliveries which failed together do not come back together. The platform's own
    *retry_after* (seconds) is never undercut.
    """
    doubled: int = 2 ** min(attempt - 1, 16)
    grown = min(_LONGEST_DELAY, _FIRST_DELAY * doubled)
    asked = timedelta(seconds=max(0.0, retry_after or 0.0))
    return max(grown, asked) * (1 + jitter / 5)


def next_step(
    outcome: Outcome,
    attempt: int,
    *,
    now: datetime,
    useful_until: datetime,
    retry_after: float | None = None,
    jitter: float = 0.0,
) -> Next:
    """Decide what follows an attempt: a pure function, so that a table can test it.

    A refused credential waits for a person to reconnect the channel, so it is scheduled again
    at once; the paused channel holds it. A temporary failure is tried again unless the next try
    would come after *useful_until*, or eight were made.
    """
    if outcome in _ANSWERS:
        return Next(_ANSWERS[outcome])
    if outcome is Outcome.AUTH:
        return Next(_S.RETRYING, now)
    again = now + retry_delay(attempt, retry_after=retry_after, jitter=jitter)
    if attempt >= MOST_ATTEMPTS or again > useful_until:
        return Next(_S.FAILED)
    return Next(_S.RETRYING, again)

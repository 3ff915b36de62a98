"""Rules for the status of a delivery (发布), which sends one entry or notice to one channel."""

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
    "SHORTEST_POLL",
    "WAITING",
    "Action",
    "Actor",
    "DeliveryStatus",
    "IllegalMoveError",
    "Next",
    "Outcome",
    "Progress",
    "check_move",
    "next_step",
    "retry_delay",
]


class DeliveryStatus(StrEnum):
    """The status of a delivery, from planning to a final status such as published or failed."""

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
    #: The post may be published; a check of the platform or a person decides.
    UNKNOWN = "unknown"
    FAILED = "failed"
    #: The delivery was not sent before its deadline.
    MISSED = "missed"
    CANCELLED = "cancelled"


class Actor(StrEnum):
    """Who changes a delivery's status: a part of the service, or a person."""

    PLANNER = "planner"
    RENDERER = "renderer"
    DISPATCHER = "dispatcher"
    WORKER = "worker"
    REAPER = "reaper"
    PERSON = "person"


class Action(StrEnum):
    """A request that a worker makes to a channel's plugin about a delivery."""

    #: Publish the post.
    PUBLISH = "publish"
    #: Find out whether an earlier call has published the post.
    FIND = "find"
    #: Ask whether a post that the platform accepted is published by now.
    POLL = "poll"

    @property
    def before(self) -> DeliveryStatus:
        """Return the status of a delivery while a worker makes this request to a plugin."""
        return _BEFORE[self]


class Outcome(StrEnum):
    """The result of one request (see Action) to a plugin about a delivery."""

    PUBLISHED = "published"
    ACCEPTED = "accepted"
    HANDED_OFF = "handed_off"
    TEMPORARY = "temporary"
    RATE_LIMITED = "rate_limited"
    REJECTED = "rejected"
    AUTH = "auth"
    #: The plugin searched the platform and did not find the post.
    ABSENT = "absent"
    UNKNOWN = "unknown"


class IllegalMoveError(ValueError):
    """Raised if a delivery's status may not change in this way, or not by this actor."""


_S = DeliveryStatus
_A = Actor
_O = Outcome
_BEFORE = {Action.PUBLISH: _S.SENDING, Action.FIND: _S.UNKNOWN, Action.POLL: _S.ACCEPTED}

#: The actors that may make each legal move. `services/delivery/moves.py` refuses other moves.
MOVES: dict[tuple[DeliveryStatus, DeliveryStatus], frozenset[Actor]] = {
    (_S.PLANNED, _S.SCHEDULED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.FAILED): frozenset({_A.RENDERER}),
    (_S.PLANNED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.PLANNED, _S.CANCELLED): frozenset({_A.PLANNER}),
    # A person has restored an earlier database, after which it may have been sent. The same below.
    (_S.PLANNED, _S.UNKNOWN): frozenset({_A.PERSON}),
    (_S.SCHEDULED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.SCHEDULED, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.SCHEDULED, _S.CANCELLED): frozenset({_A.PLANNER}),
    # An earlier attempt may have published the post, but sending it again to find out is no longer
    # wanted: the delivery is too late or was cancelled.
    (_S.SCHEDULED, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER, _A.PERSON}),
    (_S.RETRYING, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.RETRYING, _S.CLAIMED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.MISSED): frozenset({_A.DISPATCHER}),
    (_S.RETRYING, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.RETRYING, _S.UNKNOWN): frozenset({_A.PLANNER, _A.DISPATCHER, _A.PERSON}),
    (_S.CLAIMED, _S.SCHEDULED): frozenset({_A.DISPATCHER, _A.WORKER, _A.REAPER}),
    (_S.CLAIMED, _S.PLANNED): frozenset({_A.PLANNER}),
    (_S.CLAIMED, _S.SENDING): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.MISSED): frozenset({_A.WORKER}),
    (_S.CLAIMED, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.CLAIMED, _S.UNKNOWN): frozenset({_A.PLANNER, _A.WORKER, _A.PERSON}),
    (_S.SENDING, _S.PUBLISHED): frozenset({_A.WORKER}),
    # A part is out; the next one waits to be sent. The same below.
    (_S.SENDING, _S.SCHEDULED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.ACCEPTED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.HANDED_OFF): frozenset({_A.WORKER}),
    (_S.SENDING, _S.RETRYING): frozenset({_A.WORKER}),
    (_S.SENDING, _S.FAILED): frozenset({_A.WORKER}),
    (_S.SENDING, _S.UNKNOWN): frozenset({_A.WORKER, _A.REAPER}),
    (_S.ACCEPTED, _S.PUBLISHED): frozenset({_A.WORKER}),
    (_S.ACCEPTED, _S.SCHEDULED): frozenset({_A.WORKER}),
    (_S.ACCEPTED, _S.HANDED_OFF): frozenset({_A.WORKER}),
    (_S.ACCEPTED, _S.FAILED): frozenset({_A.WORKER}),
    (_S.ACCEPTED, _S.UNKNOWN): frozenset({_A.DISPATCHER}),
    (_S.HANDED_OFF, _S.PUBLISHED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.SCHEDULED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.FAILED): frozenset({_A.PERSON}),
    (_S.HANDED_OFF, _S.CANCELLED): frozenset({_A.PLANNER}),
    (_S.UNKNOWN, _S.PUBLISHED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.UNKNOWN, _S.SCHEDULED): frozenset({_A.WORKER, _A.PERSON}),
    (_S.UNKNOWN, _S.ACCEPTED): frozenset({_A.WORKER}),
    (_S.UNKNOWN, _S.RETRYING): frozenset({_A.WORKER, _A.DISPATCHER, _A.PERSON}),
    (_S.UNKNOWN, _S.FAILED): frozenset({_A.PERSON}),
    # It was not rendered yet when the backup was made that a person has restored.
    (_S.UNKNOWN, _S.PLANNED): frozenset({_A.PERSON}),
    (_S.FAILED, _S.PLANNED): frozenset({_A.PERSON}),
    (_S.MISSED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
    (_S.CANCELLED, _S.PLANNED): frozenset({_A.PLANNER, _A.PERSON}),
}

#: The dispatcher claims deliveries in these statuses once they are due.
WAITING = frozenset({_S.SCHEDULED, _S.RETRYING})
#: Nothing is published or being sent, so an edit, a new time or a cancellation still takes effect.
OPEN = frozenset({_S.PLANNED, _S.SCHEDULED, _S.RETRYING, _S.CLAIMED})
#: The service does nothing more with deliveries in these statuses by itself.
ENDED = frozenset({_S.PUBLISHED, _S.FAILED, _S.MISSED, _S.CANCELLED})


def check_move(before: DeliveryStatus, after: DeliveryStatus, actor: Actor) -> None:
    """Raise IllegalMoveError unless *actor* may change a delivery from *before* to *after*."""
    actors = MOVES.get((before, after))
    if actors is None:
        raise IllegalMoveError(f"a delivery cannot go from {before} to {after}")
    if actor not in actors:
        raise IllegalMoveError(f"the {actor} may not move a delivery from {before} to {after}")


#: The status that each outcome of each action leads to. After FIND and POLL it may be the status
#: that the delivery has already; then the service asks the platform again later. `next_step` makes
#: exceptions for deliveries in doubt, without a retry left, or accepted earlier.
NEXT: dict[Action, dict[Outcome, DeliveryStatus]] = {
    Action.PUBLISH: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: _S.ACCEPTED,
        _O.HANDED_OFF: _S.HANDED_OFF,
        _O.TEMPORARY: _S.RETRYING,
        _O.RATE_LIMITED: _S.RETRYING,
        _O.REJECTED: _S.FAILED,
        # The paused channel holds the delivery until a person reconnects it.
        _O.AUTH: _S.RETRYING,
        # If `publish` returns None, the plugin did not report whether the post is published.
        _O.ABSENT: _S.UNKNOWN,
        _O.UNKNOWN: _S.UNKNOWN,
    },
    Action.FIND: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: _S.ACCEPTED,
        _O.HANDED_OFF: _S.UNKNOWN,
        _O.TEMPORARY: _S.UNKNOWN,
        _O.RATE_LIMITED: _S.UNKNOWN,
        # An error says that the search failed, not that the post is missing.
        _O.REJECTED: _S.UNKNOWN,
        _O.AUTH: _S.UNKNOWN,
        _O.ABSENT: _S.RETRYING,
        _O.UNKNOWN: _S.UNKNOWN,
    },
    Action.POLL: {
        _O.PUBLISHED: _S.PUBLISHED,
        _O.ACCEPTED: _S.ACCEPTED,
        _O.HANDED_OFF: _S.HANDED_OFF,
        _O.TEMPORARY: _S.ACCEPTED,
        _O.RATE_LIMITED: _S.ACCEPTED,
        _O.REJECTED: _S.FAILED,
        _O.AUTH: _S.ACCEPTED,
        _O.ABSENT: _S.ACCEPTED,
        _O.UNKNOWN: _S.ACCEPTED,
    },
}

#: The most attempts to publish one delivery. After the last attempt the delivery fails, even if its
#: deadline is later, and a delivery in doubt is sent again only by a person.
MOST_ATTEMPTS = 8
#: Delay between an unknown outcome and the first call of `find`, because the platform may still be
#: processing the abandoned call.
SETTLE = timedelta(seconds=30)
#: Delay between the first unknown outcome and the next attempt on an idempotent channel, which
#: publishes a key only once. After further attempts the delay is that of a retry.
SETTLE_IDEMPOTENT = timedelta(seconds=2)
#: Shortest time between two polls of one delivery, even if the plugin asks for less.
SHORTEST_POLL = timedelta(seconds=1)
_FIRST_DELAY = timedelta(seconds=5)
_LONGEST_DELAY = timedelta(minutes=10)
#: The outcomes after which the delay grows with each attempt (exponential backoff).
_BACKS_OFF = frozenset({_O.TEMPORARY, _O.RATE_LIMITED})


@dataclass(frozen=True, slots=True)
class Next:
    """A delivery's status after a request to a plugin, and when to make the next request."""

    status: DeliveryStatus
    #: In UTC; None if the service makes no further call by itself.
    not_before: datetime | None = None


def retry_delay(attempt: int, *, retry_after: float | None, jitter: float) -> timedelta:
    """Return the delay before publishing again after a failed attempt.

    *attempt* is the number of the failed attempt, from 1. The delay doubles from 5 s to 10 min.
    *jitter* in [0, 1) makes it longer by up to a fifth, so that deliveries that failed together are
    not all retried together. The delay is never shorter than *retry_after*, the seconds that the
    platform asked for.
    """
    doubled: int = 2 ** min(attempt - 1, 16)
    grown = min(_LONGEST_DELAY, _FIRST_DELAY * doubled)
    return max(grown, _asked(retry_after)) * (1 + jitter / 5)


def _asked(wait: float | None) -> timedelta:
    """Convert *wait*, the seconds that a platform asks to wait, to a time of at least zero."""
    return timedelta(seconds=max(0.0, wait or 0.0))


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a delivery before a call. With the call's result, it decides the next status."""

    #: The deadline, after which no retry begins.
    useful_until: datetime
    #: Whether an earlier attempt may have published the post. Such a delivery never fails, since
    #: the platform may refuse an attempt although the earlier one succeeded.
    in_doubt: bool = False
    #: How many parts of the post are published. If there are any, the delivery never fails: a
    #: person decides about the rest.
    parts_out: int = 0
    #: The number of parts; 0 if the post is published as a whole.
    part_count: int = 0
    #: The deadline of polling, set when the platform first accepted the post; None if it never did.
    poll_until: datetime | None = None


def next_step(
    action: Action,
    outcome: Outcome,
    attempt: int,
    progress: Progress,
    *,
    now: datetime,
    is_idempotent: bool = False,
    wait: float | None = None,
    jitter: float = 0.0,
) -> Next:
    """Return a delivery's status after a request to a plugin, and when to make the next request.

    Args:
        action: the request to the plugin.
        outcome: the result of the call.
        attempt: the number of the call, 1 for the first. Calls of PUBLISH are counted together;
            calls of FIND and POLL since the delivery got its present status, or since the last
            poll that the platform answered.
        progress: the delivery before the request.
        now: the current time.
        is_idempotent: whether the channel publishes a post only once if its key is sent twice.
        wait: seconds that the platform asks to wait (`retry_after` or `poll_after`).
        jitter: spreads retries, in [0, 1).
    """
    status = NEXT[action][outcome]
    if status is _S.PUBLISHED and progress.parts_out + 1 < progress.part_count:
        return Next(_S.SCHEDULED, now)
    delay = retry_delay(attempt, retry_after=wait, jitter=jitter)
    if action is Action.PUBLISH:
        if outcome in _BACKS_OFF and (
            attempt >= MOST_ATTEMPTS or now + delay > progress.useful_until
        ):
            status = _S.FAILED
    elif action is Action.FIND and _is_only_accepted(outcome, progress.poll_until, now):
        status = _S.UNKNOWN
    if status is _S.FAILED and (
        progress.parts_out or (progress.in_doubt and action is Action.PUBLISH)
    ):
        status = _S.UNKNOWN
    if status is _S.RETRYING:
        return Next(status, now + delay if outcome in _BACKS_OFF else now)
    if status is _S.ACCEPTED and outcome is _O.ACCEPTED:
        return Next(status, now + max(SHORTEST_POLL, _asked(wait)))
    if status is _S.UNKNOWN and action is Action.PUBLISH:
        if is_idempotent and attempt > 1:
            delay = retry_delay(attempt - 1, retry_after=wait, jitter=jitter)
        else:
            delay = max(SETTLE_IDEMPOTENT if is_idempotent else SETTLE, _asked(wait))
    is_asked_again = status in {_S.UNKNOWN, _S.ACCEPTED}
    return Next(status, now + delay if is_asked_again else None)


def _is_only_accepted(outcome: Outcome, poll_until: datetime | None, now: datetime) -> bool:
    """Return True if a search settles nothing, because the platform accepted the post earlier.

    If the platform does not find the post, it may still publish it. If the post is still accepted
    after the deadline for polling, a person decides.
    """
    if poll_until is None:
        return False
    return outcome is _O.ABSENT or (outcome is _O.ACCEPTED and poll_until <= now)

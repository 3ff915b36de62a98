"""The dispatcher's chores: the steps of work that it repeats in every turn (round).

Every chore has two parts. `write` runs in the single database transaction of the turn. `finish`
runs after the commit, and may use the queue, change files or send messages.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import bindparam, case, func, select, update
from sqlalchemy.orm import Session

from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import Actor, DeliveryStatus
from contentsvc.services.delivery.clockwatch import ClockWatch
from contentsvc.services.delivery.moves import (
    CAN_BE_CLAIMED,
    DUE_ORDER,
    ClaimMove,
    claim_due,
    move_claims,
)
from contentsvc.services.delivery.reconciling import (
    expire_polls,
    follow_ups,
    lanes_of,
    miss_late,
    reap,
    withdraw,
)
from contentsvc.services.delivery.tuning import DispatchTuning
from contentsvc.services.housekeeping import tidy
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.operations.heartbeats import remove_dead_heartbeats
from contentsvc.services.operations.reminding import Reminder
from contentsvc.services.ports import Claim, QueueDownError
from contentsvc.services.poster_batches.running import resume_batches
from contentsvc.services.runtime import Runtime

__all__ = ["Chore", "DispatcherContext", "Every", "Turn", "all_chores", "has_room", "next_due_at"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus

# Built once: SQLAlchemy takes longer to build a statement than a database takes to run it.
_NEXT_DUE = (
    select(Delivery.next_at)
    .where(Delivery.next_at < bindparam("before"), *CAN_BE_CLAIMED)
    .order_by(*DUE_ORDER)
    .limit(1)
)
_COUNT_CLAIMED = select(func.count()).where(Delivery.status == _S.CLAIMED)


@dataclass(frozen=True, slots=True)
class DispatcherContext:
    """The objects that all chores (steps of work) of a dispatcher share, such as its settings."""

    runtime: Runtime
    #: The dispatcher's name, `host:pid`.
    name: str
    started_at: datetime
    clock: ClockWatch
    tuning: DispatchTuning

    @property
    def channel_types(self) -> list[str]:
        """Return the names of all channel types for which a plugin is installed."""
        return list(self.runtime.registry.channel_types())


@dataclass(slots=True)
class Turn:
    """The state of one round of a dispatcher's work, passed from one step (chore) to the next."""

    now: datetime
    #: Whether the clock was not set recently, so that expired leases can be recognized.
    is_steady: bool
    #: Whether this turn includes the checks that would cost too much in every turn.
    is_sweep: bool
    #: Whether the red switch is off.
    is_running: bool = True
    #: Claims to enqueue, each with its lane.
    claims: list[tuple[str, Claim]] = field(default_factory=list)
    #: The same for claims to ask a platform about a delivery that was sent before.
    follow_ups: list[tuple[str, Claim]] = field(default_factory=list)
    #: Ids of planned deliveries to enqueue for rendering, by lane.
    renders: dict[str, list[int]] = field(default_factory=dict)
    #: Whether the turn is reserved for due posts; chores that can wait skip it.
    is_crowded: bool = False
    #: Whether a chore reached its limit for one turn, so that the next turn begins immediately.
    has_more: bool = False


class Every:
    """A timer that remembers when some work was last done, and tells whether it is due again."""

    def __init__(self, period: timedelta) -> None:
        """Create a timer. The work is due at once, and again after each *period*."""
        self._period = period
        self._done_at: datetime | None = None

    def is_due(self, now: datetime, period: timedelta | None = None) -> bool:
        """Return True if the work was never done, or was last done at least *period* ago.

        *period* defaults to that of the timer. Also return True if the clock was set back since.
        """
        if self._done_at is None:
            return True
        return not timedelta(0) <= now - self._done_at < (period or self._period)

    def done(self, now: datetime) -> None:
        """Record that the work was done at *now*. The next period starts then."""
        self._done_at = now


class Chore:
    """Base class of the chores, the steps in each turn of a dispatcher. Its methods do nothing."""

    def __init__(self, context: DispatcherContext) -> None:
        """Create the chore for a dispatcher with this *context*."""
        self.context = context

    def write(self, session: Session, turn: Turn) -> None:
        """Do the part of the chore that belongs in the turn's database transaction."""

    def finish(self, turn: Turn) -> None:
        """Do the part of the chore that follows after the turn's transaction is committed."""


class Reaping(Chore):
    """Ends claims whose lease has expired. A claim is a worker's reservation of a delivery."""

    def write(self, session: Session, turn: Turn) -> None:
        """If *turn* is a sweep (a thorough turn) and the clock is steady, end expired claims."""
        if turn.is_sweep and turn.is_steady:
            reap(session, turn.now, self.context.runtime.config)


class MarkingMissed(Chore):
    """Gives the status `missed` to deliveries that are too late to be useful."""

    def write(self, session: Session, turn: Turn) -> None:
        """If *turn* is a sweep (a thorough turn), mark late deliveries as missed."""
        if turn.is_sweep:
            miss_late(session, turn.now)


class ExpiringPolls(Chore):
    """Gives the status `unknown` to deliveries that were accepted but not published in time."""

    def write(self, session: Session, turn: Turn) -> None:
        """If *turn* is a sweep (a thorough turn), end the polling of overdue deliveries."""
        if turn.is_sweep and turn.is_steady:
            expire_polls(session, turn.now)


class Claiming(Chore):
    """Claims due deliveries, earliest first. To claim is to reserve for a worker."""

    def write(self, session: Session, turn: Turn) -> None:
        """Claim due deliveries, unless publishing is paused or too many claims are waiting already.

        The claims are added to *turn*, for `Enqueueing`.
        """
        context, tuning = self.context, self.context.tuning
        if not turn.is_running or not has_room(session, tuning):
            return
        rows = claim_due(
            session,
            due_until=turn.now + tuning.claim_ahead,
            most=tuning.most_per_claim,
            types=context.channel_types,
            lease_until=turn.now + context.runtime.config.lease,
            claimed_by=context.name,
            now=turn.now,
        )
        lanes = lanes_of(session, {row.channel_id for row in rows})
        unwanted = withdraw(session, [row.id for row in rows], turn.now)
        turn.claims += [
            (lanes[row.channel_id], Claim(row.id, row.fence))
            for row in sorted(rows, key=lambda row: (row.next_at, row.id))
            if row.id not in unwanted
        ]
        turn.has_more |= len(turn.claims) == tuning.most_per_claim
        turn.is_crowded = bool(turn.claims) and not turn.is_sweep


class FollowingUp(Chore):
    """Claims deliveries whose result is unknown, for workers to ask the platform about them."""

    def write(self, session: Session, turn: Turn) -> None:
        """Claim deliveries whose result is unknown, unless *turn* is reserved for due posts.

        Claim none while publishing is paused, or shortly after the clock was set.
        """
        if turn.is_running and turn.is_steady and not turn.is_crowded:
            runtime = self.context.runtime
            turn.follow_ups = follow_ups(
                session, runtime.registry, turn.now, runtime.config, self.context.name
            )


class Enqueueing(Chore):
    """Enqueues the claims of a turn as jobs for the workers. Each job is for one channel type.

    A job has at most `most_per_job` claims.
    """

    def finish(self, turn: Turn) -> None:
        """Enqueue the claims of *turn*. If the queue is down, reschedule the claimed deliveries.

        Claims of follow-ups that cannot be enqueued end by themselves.
        """
        queue = self.context.runtime.queue
        self._enqueue(queue.follow_up, turn.follow_ups)
        if refused := self._enqueue(queue.publish, turn.claims):
            self._schedule_again(refused, turn.now)

    def _enqueue(
        self, send: Callable[[str, list[Claim]], None], laned: Sequence[tuple[str, Claim]]
    ) -> list[Claim]:
        """Enqueue jobs by calling *send*. Return the claims that the queue could not take."""
        lanes: dict[str, list[Claim]] = defaultdict(list)
        for lane, claim in laned:
            lanes[lane].append(claim)
        most = self.context.tuning.most_per_job
        refused: list[Claim] = []
        for lane, claims in lanes.items():
            for first in range(0, len(claims), most):
                job = claims[first : first + most]
                try:
                    send(lane, job)
                except QueueDownError:
                    refused += job
        return refused

    def _schedule_again(self, claims: Sequence[Claim], now: datetime) -> None:
        """End *claims*, which could not be enqueued, and schedule their deliveries again.

        None of these deliveries was sent.
        """
        logger.warning("The queue is away; due deliveries wait", extra={"action": "queue_down"})
        values = {
            "lease_until": None,
            "claimed_by": None,
            # Without a pause, an outage of the queue would keep the machine busy.
            "next_at": now + self.context.tuning.queue_down_pause,
            "updated_at": now,
        }
        moves = [ClaimMove(claim, _S.CLAIMED, _S.SCHEDULED, values) for claim in claims]
        with self.context.runtime.database.write() as session:
            move_claims(session, moves, Actor.DISPATCHER)


class Rendering(Chore):
    """Enqueues planned deliveries, so that workers render their posts before the due time.

    A worker that renders a delivery prepares its post.
    """

    def write(self, session: Session, turn: Turn) -> None:
        """Reserve planned deliveries that no worker is rendering yet; add their ids to *turn*.

        The earliest come first. Reserve none if *turn* is reserved for due posts.
        """
        if turn.is_crowded:
            return
        now, tuning = turn.now, self.context.tuning
        free = (
            select(Delivery.id)
            .where(
                Delivery.status == _S.PLANNED,
                Delivery.lease_until.is_(None) | (Delivery.lease_until < now),
            )
            .order_by(Delivery.next_at, Delivery.id)
            .limit(tuning.most_renders)
            .with_for_update(skip_locked=True)
        )
        is_soon = Delivery.next_at < now + tuning.render_lease
        taken = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(free))
            .values(
                lease_until=case(
                    (is_soon, now + tuning.short_render_lease), else_=now + tuning.render_lease
                )
            )
            .returning(Delivery.id, Delivery.channel_id)
            .execution_options(synchronize_session=False)
        ).all()
        lanes = lanes_of(session, {row.channel_id for row in taken})
        for row in sorted(taken):
            turn.renders.setdefault(lanes[row.channel_id], []).append(row.id)
        turn.has_more |= len(taken) == tuning.most_renders

    def finish(self, turn: Turn) -> None:
        """Enqueue the deliveries that `write` reserved. If the queue is down, free them soon."""
        runtime = self.context.runtime
        refused: list[int] = []
        for lane, delivery_ids in turn.renders.items():
            try:
                runtime.queue.render(lane, delivery_ids)
            except QueueDownError:
                refused += delivery_ids
        if refused:
            with runtime.database.write() as session:
                session.execute(
                    update(Delivery)
                    .where(Delivery.id.in_(refused), Delivery.status == _S.PLANNED)
                    .values(lease_until=runtime.clock() + self.context.tuning.queue_down_pause)
                )


class Beating(Chore):
    """Stores the dispatcher's heartbeat, and when the system clock was set."""

    def __init__(self, context: DispatcherContext) -> None:
        super().__init__(context)
        self._every = Every(context.tuning.beat_every)
        self._is_first = True

    def finish(self, turn: Turn) -> None:
        """Record the heartbeat, at most once per interval `beat_every`."""
        if not self._every.is_due(turn.now):
            return
        stepped = self.context.clock.stepped
        detail = {}
        if stepped is not None:
            at, seconds = stepped
            detail = {"clock_stepped_at": at.isoformat(), "clock_stepped_by": seconds}
        with self.context.runtime.database.write() as session:
            if self._is_first:
                remove_dead_heartbeats(session)
            record_heartbeat(
                session,
                role="dispatcher",
                name=self.context.name,
                started_at=self.context.started_at,
                now=turn.now,
                detail=detail,
            )
        self._is_first = False
        self._every.done(turn.now)


class Reminding(Chore):
    """Sends people reminders about deliveries and channels that need their attention."""

    def __init__(self, context: DispatcherContext) -> None:
        super().__init__(context)
        self._every = Every(context.tuning.beat_every)
        self._reminder = Reminder(context.runtime)

    def finish(self, turn: Turn) -> None:
        """Send a reminder about new problems, at most once per interval `beat_every`."""
        if self._every.is_due(turn.now):
            self._reminder.send_news(turn.now)
            self._every.done(turn.now)


class ResumingBatches(Chore):
    """Enqueues a poster batch again if no worker has reported progress on it in time."""

    def __init__(self, context: DispatcherContext) -> None:
        super().__init__(context)
        self._every = Every(context.tuning.beat_every)

    def finish(self, turn: Turn) -> None:
        """Enqueue stalled poster batches again, at most once per interval `beat_every`."""
        if self._every.is_due(turn.now):
            resume_batches(self.context.runtime, turn.now)
            self._every.done(turn.now)


class Tidying(Chore):
    """Deletes database rows and files that are no longer needed."""

    def __init__(self, context: DispatcherContext) -> None:
        super().__init__(context)
        self._every = Every(context.tuning.tidy_every)

    def finish(self, turn: Turn) -> None:
        """Delete unneeded rows and files, at most once per interval `tidy_every`."""
        if self._every.is_due(turn.now):
            tidy(self.context.runtime, turn.now)
            self._every.done(turn.now)


#: All chores, in the order in which a turn runs them.
_CHORES: tuple[type[Chore], ...] = (
    Reaping,
    MarkingMissed,
    ExpiringPolls,
    Claiming,
    FollowingUp,
    Enqueueing,
    Rendering,
    Beating,
    Reminding,
    ResumingBatches,
    Tidying,
)


def all_chores(context: DispatcherContext) -> list[Chore]:
    """Create a dispatcher's chores (steps of work), in the order in which they run in a turn."""
    return [chore(context) for chore in _CHORES]


def has_room(session: Session, tuning: DispatchTuning) -> bool:
    """Return True if `most_per_claim` more deliveries may be claimed.

    The claimed deliveries that wait for a worker must not exceed `most_claimed`. Claiming a few
    deliveries costs about as much as claiming hundreds, so the dispatcher waits until there is room
    for a full claim.
    """
    claimed = session.scalar(_COUNT_CLAIMED) or 0
    return claimed <= tuning.most_claimed - tuning.most_per_claim


def next_due_at(session: Session, context: DispatcherContext, before: datetime) -> datetime | None:
    """Return when the next delivery to claim is due, or None if none is due before *before*."""
    parameters = {"before": before, "types": context.channel_types}
    return session.scalar(_NEXT_DUE, parameters)

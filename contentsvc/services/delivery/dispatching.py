"""Dispatching: what is due is claimed and handed to the workers, to the millisecond."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Integer, bindparam, case, func, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from contentsvc.db.models import WAITING_SQL, ChannelRow, Delivery
from contentsvc.domain.deliveries import WAITING, Actor, DeliveryStatus, check_move
from contentsvc.services.delivery.clockwatch import ClockWatch
from contentsvc.services.delivery.reconciling import follow_ups, lanes_of, miss_late, reap, withdraw
from contentsvc.services.housekeeping import tidy
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.operations.reminding import Reminder
from contentsvc.services.ports import Claim, QueueDownError
from contentsvc.services.poster_batches.running import resume_batches
from contentsvc.services.runtime import Runtime
from contentsvc.services.switch import paused

__all__ = ["Dispatcher"]

logger = logging.getLogger(__name__)

#: How long before its instant a delivery is claimed, at least and at most: the worker has it ready
#: and waits for the instant itself, and those that follow each other closely are claimed together.
_NOTICE = timedelta(seconds=0.25)
_AHEAD = timedelta(seconds=1)
#: Deliveries claimed in one statement; a crash strands at most these until their lease ends.
_CLAIM = 400
#: Deliveries that wait for a worker at once: what is claimed must begin within its lease.
_MOST_CLAIMED = 2000
#: Seconds until the next look while the workers have that many: by then they have not worked off a
#: quarter of it.
_FULL_SLEEP = 0.2
#: Deliveries in one job.
_BATCH = 200
#: Planned deliveries handed to rendering in one round.
_RENDERS = 20
#: How often it is looked where nothing is due and nobody calls: what no wake-up tells is seen then,
#: what was rendered among it. Workers do not call: a busy machine would take a turn for each post,
#: claim each by itself, and strand more when a worker dies.
_LOOK_EVERY = timedelta(seconds=2)
#: The same once there was nothing to do for a while.
_REST_LOOK_EVERY = timedelta(seconds=5)
_REST_AFTER = timedelta(seconds=60)
#: How often it is looked at most for leases that ran out and times that went by.
_SWEEP_EVERY = timedelta(milliseconds=500)
#: The same while nothing is due and nobody calls.
_IDLE_SWEEP_EVERY = timedelta(seconds=5)
_BEAT_EVERY = timedelta(seconds=5)
_TIDY_EVERY = timedelta(hours=1)
#: How long the renderer has for a batch before it is handed out again, and for what is due within
#: that time: drawn twice costs less than published a minute late.
_RENDER_LEASE = timedelta(seconds=60)
_RENDER_SOON = timedelta(seconds=10)
_S = DeliveryStatus

# What is asked at every turn is made once: building a statement takes longer than running it.
# The channel is asked about by a subquery: a database that may join looks through all that is due
# before it sorts it, and this one takes the first ones of the index.
_CAN_GO = (
    text(f"deliveries.{WAITING_SQL}"),
    select(ChannelRow.paused_at.is_(None) & ChannelRow.type.in_(bindparam("types", expanding=True)))
    .where(ChannelRow.id == Delivery.channel_id)
    .correlate(Delivery)
    .scalar_subquery(),
)
_IN_ORDER = (Delivery.next_at, Delivery.due_at, Delivery.id)
_SOONEST = (
    select(Delivery.next_at)
    .where(Delivery.next_at < bindparam("soon"), *_CAN_GO)
    .order_by(*_IN_ORDER)
    .limit(1)
)
_CLAIMED = select(func.count()).where(Delivery.status == _S.CLAIMED)
_CLAIMING = (
    update(Delivery)
    # Those rows are locked as they were found; with their status asked for once more, SQLite would
    # go through all that waits and not to these.
    .where(
        Delivery.id.in_(
            select(Delivery.id)
            .where(Delivery.next_at <= bindparam("ahead"), *_CAN_GO)
            .order_by(*_IN_ORDER)
            .limit(bindparam("room", type_=Integer))
            .with_for_update(skip_locked=True, of=Delivery)
        )
    )
    .values(
        status=_S.CLAIMED,
        fence=Delivery.fence + 1,
        lease_until=bindparam("lease_until"),
        claimed_by=bindparam("name"),
        updated_at=bindparam("now"),
    )
    .returning(Delivery.id, Delivery.fence, Delivery.channel_id, Delivery.next_at)
    .execution_options(synchronize_session=False)
)


class Dispatcher:
    """Hands out what is due; several may run, the claims keep them apart."""

    def __init__(
        self, runtime: Runtime, name: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """Work as *name* (`host:pid`); *monotonic* is a clock that nobody sets."""
        self._runtime = runtime
        self._name = name
        self._started_at = runtime.clock()
        self._clock = ClockWatch(runtime.config.lease, monotonic)
        self._reminder = Reminder(runtime)
        #: When there was something to do last.
        self._busy_at = self._started_at
        self._swept_at: datetime | None = None
        self._beaten_at: datetime | None = None
        self._tidied_at: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Take turns until *stop* is set, through outages of the database and the queue."""
        while not stop.is_set():
            try:
                pause = self.turn(self._runtime.clock())
            except SQLAlchemyError:
                logger.exception(
                    "The database is away; trying again", extra={"action": "dispatch_error"}
                )
                stop.wait(1.0)
                continue
            while pause > 0 and not stop.is_set() and not self._runtime.queue.wait(pause):
                pause = self._idle_pause(self._runtime.clock())

    def _idle_pause(self, now: datetime) -> float:
        """Return how long to sleep on after nobody has called; 0 where a turn is to be taken."""
        if self._is_time(self._swept_at, now, _IDLE_SWEEP_EVERY):
            return 0.0
        try:
            return self._until_next(now)
        except SQLAlchemyError:
            # The turn meets it again and says so.
            return 0.0

    def turn(self, now: datetime) -> float:
        """Do all that is to be done at *now*; return the seconds until the next look."""
        steady = self._clock.is_steady(now)
        lease = self._runtime.config.lease
        sweeps = self._is_time(self._swept_at, now, _SWEEP_EVERY)
        asked: list[tuple[str, Claim]] = []
        planned: list[int] = []
        with self._runtime.database.write() as session:
            goes = paused(session) is None
            if sweeps and steady:
                reap(session, now, self._runtime.config)
            if sweeps:
                miss_late(session, now)
                self._swept_at = now
            claimed = self._claim(session, now) if goes else []
            # While posts are due one after the other, they come first.
            if sweeps or not claimed:
                if goes and steady:
                    asked = follow_ups(session, self._runtime.registry, now, lease, self._name)
                planned = self._plan_renders(session, now)
        self._hand_over([*claimed, *asked], now)
        self._hand_renders(planned)
        self._keep_house(now)
        if claimed or asked or planned:
            self._busy_at = now
        if len(claimed) == _CLAIM or len(planned) == _RENDERS:
            return 0.0
        return self._until_next(self._runtime.clock()) if goes else _LOOK_EVERY.total_seconds()

    def _claim(self, session: Session, now: datetime) -> list[tuple[str, Claim]]:
        """Claim what is due or soon will be, in due order, in one statement."""
        room = self._room(session)
        if not room:
            return []
        for before in WAITING:
            check_move(before, _S.CLAIMED, Actor.DISPATCHER)
        given = {
            "now": now,
            "ahead": now + _AHEAD,
            "room": room,
            "lease_until": now + self._runtime.config.lease,
            "name": self._name,
            "types": list(self._runtime.registry.channel_types()),
        }
        claimed = session.execute(_CLAIMING, given).all()
        lanes = lanes_of(session, {row.channel_id for row in claimed})
        unwanted = withdraw(session, [row.id for row in claimed], now)
        claimed = sorted(claimed, key=lambda row: (row.next_at, row.id))
        return [
            (lanes[row.channel_id], Claim(row.id, row.fence))
            for row in claimed
            if row.id not in unwanted
        ]

    def _room(self, session: Session) -> int:
        """Return how many more deliveries the workers are given; all that fit, or none.

        A claim of a few costs about as much as one of hundreds.
        """
        claimed = session.scalar(_CLAIMED) or 0
        return _CLAIM if claimed <= _MOST_CLAIMED - _CLAIM else 0

    def _plan_renders(self, session: Session, now: datetime) -> list[int]:
        """Take planned deliveries that nobody is rendering, the next ones first."""
        free = (
            select(Delivery.id)
            .where(
                Delivery.status == _S.PLANNED,
                Delivery.lease_until.is_(None) | (Delivery.lease_until < now),
            )
            .order_by(Delivery.next_at, Delivery.id)
            .limit(_RENDERS)
            .with_for_update(skip_locked=True)
        )
        taken = session.execute(
            update(Delivery)
            .where(Delivery.id.in_(free))
            .values(
                lease_until=case(
                    (Delivery.next_at < now + _RENDER_LEASE, now + _RENDER_SOON),
                    else_=now + _RENDER_LEASE,
                )
            )
            .returning(Delivery.id)
            .execution_options(synchronize_session=False)
        )
        return sorted(taken.scalars())

    def _hand_over(self, claims: Iterable[tuple[str, Claim]], now: datetime) -> None:
        lanes: dict[str, list[Claim]] = defaultdict(list)
        for lane, claim in claims:
            lanes[lane].append(claim)
        for lane, held in lanes.items():
            for first in range(0, len(held), _BATCH):
                batch = held[first : first + _BATCH]
                try:
                    self._runtime.queue.publish(lane, batch)
                except QueueDownError:
                    self._give_back(batch, now)

    def _give_back(self, claims: Sequence[Claim], now: datetime) -> None:
        """Schedule again what no worker could be told of; nothing of it was sent."""
        logger.warning("The queue is away; due deliveries wait", extra={"action": "queue_down"})
        check_move(_S.CLAIMED, _S.SCHEDULED, Actor.DISPATCHER)
        with self._runtime.database.write() as session:
            for claim in claims:
                session.execute(
                    update(Delivery)
                    .where(
                        Delivery.id == claim.delivery_id,
                        Delivery.fence == claim.fence,
                        Delivery.status == _S.CLAIMED,
                    )
                    .values(
                        status=_S.SCHEDULED,
                        lease_until=None,
                        claimed_by=None,
                        # Not at once again: the queue needs a moment, and so does the machine.
                        next_at=now + timedelta(seconds=1),
                        updated_at=now,
                    )
                )

    def _hand_renders(self, delivery_ids: Sequence[int]) -> None:
        if not delivery_ids:
            return
        try:
            self._runtime.queue.render(delivery_ids)
        except QueueDownError:
            with self._runtime.database.write() as session:
                session.execute(
                    update(Delivery)
                    .where(Delivery.id.in_(delivery_ids), Delivery.status == _S.PLANNED)
                    .values(lease_until=self._runtime.clock() + timedelta(seconds=1))
                )

    def _keep_house(self, now: datetime) -> None:
        if self._is_time(self._beaten_at, now, _BEAT_EVERY):
            with self._runtime.database.write() as session:
                record_heartbeat(
                    session,
                    role="dispatcher",
                    name=self._name,
                    started_at=self._started_at,
                    now=now,
                    detail=self._detail(),
                )
            self._beaten_at = now
            self._reminder.send_news(now)
            resume_batches(self._runtime, now)
        if self._is_time(self._tidied_at, now, _TIDY_EVERY):
            tidy(self._runtime, now)
            self._tidied_at = now

    def _look_every(self, now: datetime) -> timedelta:
        rests = self._is_time(self._busy_at, now, _REST_AFTER)
        return _REST_LOOK_EVERY if rests else _LOOK_EVERY

    @staticmethod
    def _is_time(last: datetime | None, now: datetime, every: timedelta) -> bool:
        """Tell whether something is to be done again; a clock that was set back says yes."""
        return last is None or not timedelta(0) <= now - last < every

    def _detail(self) -> dict[str, Any]:
        """Return what the system page says of this dispatcher."""
        if self._clock.stepped is None:
            return {}
        at, seconds = self._clock.stepped
        return {"clock_stepped_at": at.isoformat(), "clock_stepped_by": seconds}

    def _until_next(self, now: datetime) -> float:
        """Return the seconds until the next delivery is to be claimed, or until the next look."""
        longest = self._look_every(now)
        soon = now + longest + _NOTICE
        types = list(self._runtime.registry.channel_types())
        with self._runtime.database.read() as session:
            next_at = session.scalar(_SOONEST, {"soon": soon, "types": types})
            if next_at is None:
                return longest.total_seconds()
            left = (next_at - _NOTICE - now).total_seconds()
            return _FULL_SLEEP if left <= 0 and not self._room(session) else max(0.0, left)

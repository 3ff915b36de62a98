"""The dispatcher, which claims (reserves) due deliveries and enqueues them for the workers."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from contentsvc.services.delivery.chores import (
    DispatcherContext,
    Every,
    Turn,
    all_chores,
    has_room,
    next_due_at,
)
from contentsvc.services.delivery.clockwatch import ClockWatch
from contentsvc.services.delivery.tuning import DISPATCH_TUNING, DispatchTuning
from contentsvc.services.runtime import Runtime
from contentsvc.services.switch import paused

__all__ = ["Dispatcher"]

logger = logging.getLogger(__name__)

#: Seconds between two tries while the database is down.
_DATABASE_PAUSE = 1.0


class Dispatcher:
    """Claims due deliveries and enqueues them for workers, in a loop of turns (rounds of work).

    To claim is to reserve for a worker. Several dispatchers may run at the same time: each delivery
    is claimed by only one of them.
    """

    def __init__(
        self,
        runtime: Runtime,
        name: str,
        monotonic: Callable[[], float] = time.monotonic,
        tuning: DispatchTuning = DISPATCH_TUNING,
    ) -> None:
        """Create a dispatcher called *name* (`host:pid`).

        *monotonic* returns the seconds of a clock that nobody can set.
        """
        self._runtime = runtime
        self._tuning = tuning
        self._clock = ClockWatch(runtime.config.lease, monotonic)
        started_at = runtime.clock()
        self._context = DispatcherContext(runtime, name, started_at, self._clock, tuning)
        self._chores = all_chores(self._context)
        self._sweep = Every(tuning.sweep_every)
        #: Due if nothing was claimed or rendered for `rest_after`.
        self._rest = Every(tuning.rest_after)
        self._rest.done(started_at)

    def run(self, stop: threading.Event) -> None:
        """Run turns (rounds of work) until *stop* is set, even while the database is down."""
        while not stop.is_set():
            try:
                pause = self.turn(self._runtime.clock())
            except SQLAlchemyError:
                logger.exception(
                    "The database is away; trying again", extra={"action": "dispatch_error"}
                )
                stop.wait(_DATABASE_PAUSE)
                continue
            while pause > 0 and not stop.is_set() and not self._runtime.queue.wait(pause):
                pause = self._idle_pause(self._runtime.clock())

    def turn(self, now: datetime) -> float:
        """Run each chore (step of work) once, as of *now*; return the seconds to the next turn."""
        turn = Turn(now, is_steady=self._clock.is_steady(now), is_sweep=self._sweep.is_due(now))
        with self._runtime.database.write() as session:
            turn.is_running = paused(session) is None
            for chore in self._chores:
                chore.write(session, turn)
        if turn.is_sweep:
            self._sweep.done(now)
        for chore in self._chores:
            chore.finish(turn)
        if turn.claims or turn.follow_ups or turn.renders:
            self._rest.done(now)
        if turn.has_more:
            return 0.0
        if not turn.is_running:
            return self._tuning.poll_every.total_seconds()
        return self._until_next(self._runtime.clock())

    def _idle_pause(self, now: datetime) -> float:
        """Return how many more seconds to sleep after a sleep without events; 0 to start a turn."""
        if self._sweep.is_due(now, self._tuning.idle_sweep_every):
            return 0.0
        try:
            return self._until_next(now)
        except SQLAlchemyError:
            # The next turn raises the same error, and `run` logs it.
            return 0.0

    def _until_next(self, now: datetime) -> float:
        """Return the seconds until the next delivery is due, at most the polling interval."""
        tuning = self._tuning
        rests = self._rest.is_due(now)
        longest = tuning.rest_poll_every if rests else tuning.poll_every
        with self._runtime.database.read() as session:
            next_at = next_due_at(session, self._context, now + longest + tuning.wake_before)
            if next_at is None:
                return longest.total_seconds()
            left = (next_at - tuning.wake_before - now).total_seconds()
            if left <= 0 and not has_room(session, tuning):
                return tuning.full_pause.total_seconds()
            return max(0.0, left)

"""The sender of a worker. It makes concurrent calls to plugins and stores the results.

It writes the intents and results of many calls in one transaction.
"""

from __future__ import annotations

import logging
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.exc import InterfaceError, OperationalError

from contentsvc.domain.deliveries import Action, DeliveryStatus, Outcome
from contentsvc.messages import Message, text_of
from contentsvc.services.delivery.announcing import Announcer
from contentsvc.services.delivery.backlog import LATER, Backlog, Call, Queued, TaskBatch
from contentsvc.services.delivery.callers import Callers
from contentsvc.services.delivery.calling import Answer
from contentsvc.services.delivery.holds import find_holds
from contentsvc.services.delivery.recording import intend, postponed, record, release, released
from contentsvc.services.delivery.tasks import Task, Verdict, judge
from contentsvc.services.runtime import Runtime

__all__ = ["Sender", "has_time_for_a_call", "not_begun"]

logger = logging.getLogger(__name__)

#: Seconds after the plugin's own deadline until the worker stops waiting for the call.
_GRACE = 2.0
#: Seconds between two tries to write results while the database is down.
_AGAIN = 0.5
#: Seconds that a result waits for further results while _CROWD or more calls are under way. The
#: wait ends early if half of the calls have ended. A transaction costs about as much for one result
#: as for ten. If fewer calls are under way, each result is written immediately.
_GATHER = 0.04
_CROWD = 16
#: Seconds after which a worker with calls that never returned may be replaced. A process that ran
#: for a minute is restarted at once.
_LEAST_LIFE = 62.0
#: Longest random delay, in seconds, of the replacement, so that two workers seldom end together.
_SPREAD = 20.0


class Sender:
    """Makes a worker's calls to plugins in threads. A separate thread stores the results."""

    def __init__(
        self,
        runtime: Runtime,
        worker: str,
        on_failure: Callable[[], None] | None = None,
        on_stuck: Callable[[], None] | None = None,
    ) -> None:
        """Create the sender for the worker called *worker* (`host:pid`).

        It calls *on_failure* if its thread ends because of a fault of this program. It calls
        *on_stuck*, when there is nothing else to do, if calls have not returned long after their
        time limit.
        """
        self._runtime = runtime
        self._worker = worker
        self._on_failure = on_failure
        self._on_stuck = on_stuck
        #: When *on_stuck* may be called, in monotonic seconds.
        self._replace_at = time.monotonic() + _LEAST_LIFE + random.uniform(0, _SPREAD)  # noqa: S311 - no secret
        #: Calls that have passed their time limit and have not returned.
        self._overdue: set[Task] = set()
        self._deadline = runtime.config.call_timeout.total_seconds() + _GRACE
        self._events: queue.SimpleQueue[list[Queued] | tuple[Task, Answer] | None] = (
            queue.SimpleQueue()
        )
        self._backlog = Backlog(runtime)
        self._calls: dict[Task, Call] = {}
        #: Calls that have ended and whose results are not written yet.
        self._settling: dict[Task, TaskBatch] = {}
        self._unwritten: list[Verdict] = []
        self._callers = Callers()
        self._announcer = Announcer(runtime)
        self._thread: threading.Thread | None = None

    def submit(self, tasks: Sequence[Task]) -> TaskBatch:
        """Queue *tasks* (calls to make) in order. Return a counter that can wait for their end.

        No call begins before its delivery is due.
        """
        now, since = self._runtime.clock(), time.monotonic()
        early = [task.action is Action.PUBLISH and task.delivery.next_at > now for task in tasks]
        batch = TaskBatch(sum(early), len(tasks) - sum(early))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sender", daemon=True)
            self._thread.start()
        queued = zip(tasks, early, strict=True)
        self._events.put([Queued(task, batch, since, is_early) for task, is_early in queued])
        return batch

    def close(self) -> None:
        """Begin no more calls, and wait for the running ones, at most for one call's time limit."""
        self._events.put(None)
        if self._thread is not None:
            self._thread.join(self._deadline + _AGAIN)
        self._announcer.close()

    def _run(self) -> None:
        try:
            self._send_until_closed()
        except BaseException:
            # Without this thread nothing more would be sent.
            logger.critical(
                "The sender has failed", exc_info=True, extra={"action": "sender_failed"}
            )
            if self._on_failure is None:
                raise
            self._on_failure()

    def _send_until_closed(self) -> None:
        while not (self._backlog.closed and not self._calls and not self._unwritten):
            answers = self._collect()
            verdicts = self._judged(answers) + self._timed_out()
            self._write_and_begin(self._unwritten + verdicts)
            self._give_up_if_stuck()

    def _give_up_if_stuck(self) -> None:
        """Call `on_stuck`, once, if only calls that never returned are left."""
        busy = self._calls or self._unwritten or not self._backlog.is_empty
        if not self._overdue or busy or time.monotonic() < self._replace_at:
            return
        names = sorted({task.delivery.channel_name for task in self._overdue})
        logger.error(
            "%d calls never returned; this worker ends and is started again",
            len(self._overdue),
            extra={"action": "worker_stuck", "channels": ", ".join(names)},
        )
        self._replace_at = math.inf
        if self._on_stuck is not None:
            self._on_stuck()

    # Events

    def _collect(self) -> list[tuple[Task, Answer]]:
        """Wait for events (new tasks or ended calls), handle them, and return the ended calls."""
        answers: list[tuple[Task, Answer]] = []
        try:
            self._handle(self._events.get(timeout=self._pause()), answers)
            if answers:
                self._gather()
            while True:
                self._handle(self._events.get_nowait(), answers)
        except queue.Empty:
            return answers

    def _gather(self) -> None:
        """If many calls are running, wait up to _GATHER seconds for more results."""
        until = time.monotonic() + _GATHER
        many = len(self._calls) // 2
        while (
            len(self._calls) >= _CROWD and self._events.qsize() < many and time.monotonic() < until
        ):
            # A blocking `get` would return with every single result.
            time.sleep(_GATHER / 4)

    def _handle(
        self, event: list[Queued] | tuple[Task, Answer] | None, answers: list[tuple[Task, Answer]]
    ) -> None:
        """Handle one event: new tasks, the result of a call, or None.

        New tasks are queued, a result is appended to *answers*, and None begins the stop.
        """
        if event is None:
            self._backlog.closed = True
        elif isinstance(event, list):
            self._backlog.add(event)
        else:
            answers.append(event)

    def _pause(self) -> float | None:
        """Return how long to wait for the next event, in seconds, or None for no limit."""
        if self._unwritten:
            return _AGAIN
        given_up = time.monotonic() - self._deadline
        pauses = [call.began - given_up + 0.001 for call in self._calls.values()]
        pauses += self._backlog.pauses()
        if self._overdue and not self._calls and self._backlog.is_empty:
            pauses.append(self._replace_at - time.monotonic())
        # A thread cannot wait for longer than some years.
        longest = min(pauses, default=math.inf)
        return max(0.0, longest) if longest < math.inf else None

    def _judged(self, answers: Sequence[tuple[Task, Answer]]) -> list[Verdict]:
        now = self._runtime.clock()
        for task, _ in answers:
            self._overdue.discard(task)
            if task in self._calls:
                self._settling[task] = self._calls.pop(task).batch
        for task, answer in answers:
            if answer.outcome is Outcome.RATE_LIMITED:
                wait = answer.retry_after or LATER.total_seconds()
                self._runtime.rates.block(task.account, wait)
        return [_judge(task, answer, now) for task, answer in answers]

    def _timed_out(self) -> list[Verdict]:
        """Return a verdict of unknown outcome for each call that has exceeded its time limit.

        Nobody knows whether these calls have published their posts. A receipt that arrives later
        still changes the delivery to `published`.
        """
        given_up = time.monotonic() - self._deadline
        late = [task for task, call in self._calls.items() if call.began <= given_up]
        answer = Answer(
            Outcome.UNKNOWN, message=Message("attempt-timed-out", seconds=self._deadline)
        )
        verdicts = self._judged([(task, answer) for task in late])
        self._overdue.update(late)
        return verdicts

    # Writing

    def _write_and_begin(self, verdicts: list[Verdict]) -> None:
        """Store *verdicts* and the intents of new calls in one transaction; begin these calls."""
        now, since = self._runtime.clock(), time.monotonic()
        begun, to_release = self._backlog.pick(self._calls, now, self._overdue)
        if not (verdicts or begun or to_release):
            return
        try:
            with self._runtime.database.write() as session:
                moved = record(session, verdicts, now)
                tasks = [queued.task for queued in begun]
                holds = find_holds(session, tasks, now)
                releases = [
                    released(queued.task.delivery, now=now, next_at=next_at)
                    for queued, next_at in to_release
                ]
                releases += [postponed(t.delivery, hold, now=now) for t, hold in holds.items()]
                release(session, releases)
                free = [task for task in tasks if task not in holds]
                intended = set(intend(self._runtime, session, self._worker, free, now))
        except Exception as error:  # noqa: BLE001 - this thread must survive every error
            # The tasks whose calls were not begun are claimed again when their leases expire.
            self._unwritten, intended = self._to_write_again(verdicts, error), set()
        else:
            self._unwritten = []
            self._tell(verdicts, moved)
        self._settle({verdict.task for verdict in self._unwritten})
        for queued, _ in to_release:
            queued.batch.end(called=False)
        for queued in begun:
            if queued.task in intended:
                self._begin(queued, now, since)
            else:
                queued.batch.end(called=False)

    def _settle(self, unwritten: set[Task]) -> None:
        """Count ended calls as finished, unless they are in *unwritten* (results not stored)."""
        for task in self._settling.keys() - unwritten:
            self._settling.pop(task).end(called=True)

    def _to_write_again(self, verdicts: list[Verdict], error: Exception) -> list[Verdict]:
        """Return the verdicts to store again later, after storing *verdicts* failed with *error*.

        If the database is down, these are all verdicts. Otherwise each verdict is written in its
        own transaction, and a verdict that fails again is dropped: the lease of its delivery will
        expire.
        """
        logger.error(
            "Receipts could not be written",
            exc_info=error,
            extra={"action": "receipts_wait", "receipts": len(verdicts)},
        )
        if _is_database_down(error):
            return verdicts
        return [verdict for verdict in verdicts if not self._write_or_drop(verdict)]

    def _write_or_drop(self, verdict: Verdict) -> bool:
        """Store one call's result in its own transaction. Return False if the database is down.

        Any other error is logged and the verdict is dropped.
        """
        try:
            with self._runtime.database.write() as session:
                moved = record(session, [verdict], self._runtime.clock())
        except Exception as error:
            # The error of one verdict must not keep the next from being written.
            logger.exception(
                "A receipt cannot be written; its lease will make it unknown",
                extra={"action": "receipt_lost", "delivery": verdict.task.delivery.id},
            )
            return not _is_database_down(error)
        self._tell([verdict], moved)
        return True

    def _tell(self, verdicts: Sequence[Verdict], moved: Sequence[Verdict]) -> None:
        """Log the stored *verdicts*, and announce those in *moved*, which changed a status.

        Wake the dispatcher if the next part of a post must be sent.
        """
        _log(verdicts)
        self._announcer.announce(moved)
        if any(verdict.after is DeliveryStatus.SCHEDULED for verdict in moved):
            self._runtime.queue.wake()

    def _begin(self, queued: Queued, intended_at: datetime, since: float) -> None:
        self._calls[queued.task] = Call(queued.batch, time.monotonic())
        queued.batch.begin()
        self._callers.run(partial(self._call, queued.task, intended_at, since))

    def _call(self, task: Task, intended_at: datetime, since: float) -> None:
        passed = timedelta(seconds=time.monotonic() - since)
        # The process may have been suspended since the intent, or have waited for the database. If
        # the lease has expired, other processes may have searched for the post and sent it again.
        in_time = has_time_for_a_call(self._runtime, intended_at, passed)
        self._events.put((task, task.ask() if in_time else not_begun()))


def _judge(task: Task, answer: Answer, now: datetime) -> Verdict:
    """Return the verdict on one call. If judging fails, its outcome is unknown."""
    try:
        return judge(task, answer, now)
    except Exception as error:
        logger.exception(
            "A result cannot be judged",
            extra={"action": "judging_failed", "delivery": task.delivery.id},
        )
        message = Message("attempt-plugin-failed", kind=type(error).__name__, text=text_of(error))
        return judge(task, Answer(Outcome.UNKNOWN, message=message), now)


def has_time_for_a_call(runtime: Runtime, intended_at: datetime, passed: timedelta) -> bool:
    """Return True if enough of a delivery's lease is left for one whole call.

    A lease is the time limit of a claim. It began at *intended_at*. *passed* is the time since then
    by the monotonic clock.
    """
    config = runtime.config
    return max(passed, runtime.clock() - intended_at) < config.lease - config.call_timeout


def not_begun() -> Answer:
    """Return a temporary failure, for a call that was not made because its lease ends too soon."""
    return Answer(Outcome.TEMPORARY, message=Message("attempt-not-begun"))


def _is_database_down(error: Exception) -> bool:
    """Return True if *error* means that the database is down, False if it rejected a row."""
    return isinstance(error, (OperationalError, InterfaceError))


def _log(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        delivery = verdict.task.delivery
        logger.info(
            "Asked a platform",
            extra={
                "action": f"{verdict.task.action}_{verdict.answer.outcome}",
                "delivery": delivery.id,
                "channel": delivery.channel_name,
                "attempt": verdict.task.number,
            },
        )

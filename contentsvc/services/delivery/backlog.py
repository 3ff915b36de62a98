"""A worker's backlog: calls to plugins that are not due yet, or that wait for other calls.

A slot is the permission to make one call to a plugin. Slots are limited per worker and per channel.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contentsvc.domain.deliveries import Action
from contentsvc.services.delivery.tasks import Task
from contentsvc.services.runtime import Runtime

__all__ = ["LATER", "Backlog", "Call", "Queued", "TaskBatch"]

#: Most concurrent calls of one worker, and on one channel. The second limit is lower so that a
#: platform that hangs leaves slots for the other channels.
_SLOTS = 64
_CHANNEL_SLOTS = 16
#: Seconds after which a call counts as slow. Its channel is then limited to _SLOW_CHANNEL_SLOTS,
#: and the worker may make one more call, up to _MOST_CALLS in all.
_SLOW = 2.0
_SLOW_CHANNEL_SLOTS = 8
_MOST_CALLS = 256
#: Most slow calls on all channels of one type, so that a plugin that blocks leaves slots for the
#: other plugins.
_SLOW_TYPE_CALLS = 128
#: Seconds after which a task no longer waits for a slot of its channel.
_PATIENCE = 2.0
#: Seconds between two checks of tasks that have waited for a slot longer than _PATIENCE.
_CHECK_EVERY = 0.25
#: Time until a task that got no slot is claimed again.
LATER = timedelta(seconds=1)
#: The same if the channel's slots are taken by calls that have passed their time limit.
_MUCH_LATER = timedelta(seconds=30)
#: Longest time in seconds that a task waits until it is due. A task that waits longer shows that
#: somebody has set the clock back, so its claim is released.
_LONGEST_WAIT = 5.0


@dataclass(slots=True)
class TaskBatch:
    """Counts the tasks (calls to plugins) of one `submit` by state: early, waiting or running."""

    #: Numbers of tasks that are not due yet, of due tasks that wait for a slot, and of calls under
    #: way.
    early: int = 0
    waiting: int = 0
    calling: int = 0
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def come_due(self) -> None:
        """Count one early task as waiting, because it has come due."""
        self._change(-1, 1, 0)

    def begin(self) -> None:
        """Count one waiting task as running, because its call has begun."""
        self._change(0, -1, 1)

    def end(self, *, called: bool) -> None:
        """Stop counting one task: a running one if *called* is true, else a waiting one."""
        self._change(0, 0, -1) if called else self._change(0, -1, 0)

    def _change(self, early: int, waiting: int, calling: int) -> None:
        with self._changed:
            self.early += early
            self.waiting += waiting
            self.calling += calling
            # Both `wait_…` methods depend on this; waking their threads for each task would cost
            # too much.
            if not self.waiting:
                self._changed.notify_all()

    def wait_begun(self) -> None:
        """Block until the call of every due task has begun, or the task was given up."""
        with self._changed:
            while self.waiting:
                self._changed.wait()

    def wait_ended(self, seconds: float) -> bool:
        """Block for up to *seconds* until all tasks are finished. Return True if they are."""
        with self._changed:
            return self._changed.wait_for(self._is_finished, seconds)

    def _is_finished(self) -> bool:
        return not (self.early or self.waiting or self.calling)


@dataclass(slots=True)
class Queued:
    """A task (a call to a plugin) in a worker's backlog; the call has not begun."""

    task: Task
    batch: TaskBatch
    #: When the task was queued, or came due later, in monotonic seconds.
    since: float
    #: Whether the task was not due yet when it was queued.
    early: bool

    def __lt__(self, other: Queued) -> bool:
        """Return True if this task is before *other* by due time and then by delivery id."""
        mine, theirs = self.task.delivery, other.task.delivery
        return (mine.next_at, mine.id) < (theirs.next_at, theirs.id)


@dataclass(frozen=True, slots=True)
class Call:
    """A running call to a plugin: when it began, and the batch of tasks that it belongs to."""

    batch: TaskBatch
    #: When the call began, in monotonic seconds.
    began: float


class Backlog:
    """The tasks (calls to plugins) that a worker has not yet begun. Not thread-safe."""

    def __init__(self, runtime: Runtime) -> None:
        """Create a backlog without tasks. *runtime* provides the clock and the rate limits."""
        self._runtime = runtime
        #: Tasks that are not due yet: a heap, with the next due task first.
        self._early: list[Queued] = []
        #: Tasks that are due and wait for a slot.
        self._due: list[Queued] = []
        #: Whether `pick` must release all remaining tasks, since the worker is stopping.
        self.closed = False

    def add(self, queued: Sequence[Queued]) -> None:
        """Add tasks. Due tasks keep their order; early tasks are sorted by due time."""
        for task in queued:
            if task.early:
                heapq.heappush(self._early, task)
            else:
                self._due.append(task)

    def pauses(self) -> Iterator[float]:
        """Yield up to two pauses, in seconds. The caller must call `pick` after the shorter one.

        They last until the next task is due, and until a waiting task has waited too long.
        """
        now = time.monotonic()
        for first in self._due[:1]:
            # A task may wait for a slot longer than _PATIENCE. The end of a call, which frees a
            # slot, is an event of the sender.
            yield max(first.since + _PATIENCE - now, _CHECK_EVERY)
        for first in self._early[:1]:
            left = (first.task.delivery.next_at - self._runtime.clock()).total_seconds()
            yield min(left, first.since + _LONGEST_WAIT - now)

    @property
    def is_empty(self) -> bool:
        """Whether the backlog has no tasks."""
        return not (self._early or self._due)

    def pick(
        self, calls: Mapping[Task, Call], now: datetime, overdue: Collection[Task] = ()
    ) -> tuple[list[Queued], list[tuple[Queued, datetime]]]:
        """Remove and return two lists: tasks to call now, and tasks to give up until a later time.

        *calls* are the running calls, which occupy slots. *overdue* are calls that have not
        returned within their time limit: they occupy slots only of their channel and its type. The
        caller must end the claim of each task to give up. The time paired with it is when its
        delivery is to be claimed again.
        """
        self._come_due(now)
        usage = _Usage.of(calls, overdue)
        free = min(_SLOTS + usage.slow_calls, _MOST_CALLS) - len(calls)
        begun: list[Queued] = []
        releases: list[tuple[Queued, datetime]] = []
        full: dict[str, timedelta] = {}
        left: list[Queued] = []
        # A lease that expires before this time is too short for a whole call.
        too_soon = now + self._runtime.config.call_timeout
        for queued in self._due:
            delivery = queued.task.delivery
            lease, crowded = delivery.lease_until, usage.is_crowded(queued.task)
            if self.closed or (queued.early and delivery.next_at > now):
                releases.append((queued, delivery.next_at))
            elif (lease and lease <= too_soon) or (crowded and _is_impatient(queued)):
                wait = _MUCH_LATER if usage.is_hung(queued.task) else LATER
                releases.append((queued, now + wait))
            elif crowded or len(begun) >= free:
                left.append(queued)
            elif (pause := self._rate_wait(queued.task, full)) is not None:
                releases.append((queued, now + pause))
            else:
                usage.busy[delivery.channel_id] += 1
                begun.append(queued)
        self._due = left
        return begun, releases

    def _come_due(self, now: datetime) -> None:
        """Move early tasks that are due, or have waited too long, to the due tasks."""
        too_long = time.monotonic() - _LONGEST_WAIT
        while self._early:
            first = self._early[0]
            if first.task.delivery.next_at > now and first.since > too_long and not self.closed:
                return
            heapq.heappop(self._early)
            first.since = time.monotonic()
            first.batch.come_due()
            self._due.append(first)

    def _rate_wait(self, task: Task, full: dict[str, timedelta]) -> timedelta | None:
        """Return how long *task* must wait for rate limits, or None if its call may begin.

        A call that may begin is counted. *full* maps each account that has reached a limit to its
        wait. It is filled here, so that no later task of such an account overtakes an earlier task.
        """
        channel = task.channel
        if task.action is not Action.PUBLISH or not channel.rates:
            return None
        if task.account not in full:
            seconds = self._runtime.rates.take(task.account, channel.rates)
            if seconds <= 0:
                return None
            full[task.account] = timedelta(seconds=seconds)
        return full[task.account]


@dataclass(frozen=True, slots=True)
class _Usage:
    """The numbers of slots in use, by channel and by channel type."""

    #: Calls that have not returned.
    busy: Counter[int]
    #: Those that have taken over two seconds.
    slow: Counter[int]
    slow_types: Counter[str]
    #: Those that have passed their time limit.
    overdue: Counter[int]
    #: The number of slow calls within their time limit.
    slow_calls: int

    @classmethod
    def of(cls, calls: Mapping[Task, Call], overdue: Collection[Task]) -> _Usage:
        """Count the slots that the running *calls* and the *overdue* ones use."""
        long_ago = time.monotonic() - _SLOW
        slow = [task for task, call in calls.items() if call.began < long_ago]
        late = [*slow, *overdue]
        return cls(
            busy=Counter(task.delivery.channel_id for task in (*calls, *overdue)),
            slow=Counter(task.delivery.channel_id for task in late),
            slow_types=Counter(task.channel.type for task in late),
            overdue=Counter(task.delivery.channel_id for task in overdue),
            slow_calls=len(slow),
        )

    def is_crowded(self, task: Task) -> bool:
        """Return True if *task*'s channel, or the channel's type, has no free slot."""
        channel_id = task.delivery.channel_id
        most = _SLOW_CHANNEL_SLOTS if self.slow[channel_id] else _CHANNEL_SLOTS
        crowded_type = self.slow_types[task.channel.type] >= _SLOW_TYPE_CALLS
        return self.busy[channel_id] >= most or crowded_type

    def is_hung(self, task: Task) -> bool:
        """Return True if overdue calls occupy the slots of *task*'s channel.

        A call is overdue if it has not returned within its time limit.
        """
        return self.overdue[task.delivery.channel_id] >= _SLOW_CHANNEL_SLOTS


def _is_impatient(queued: Queued) -> bool:
    return time.monotonic() - queued.since > _PATIENCE

"""The backlog of a worker: tasks that wait until they are due, and then for a free call slot."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contentsvc.domain.deliveries import Action
from contentsvc.services.delivery.tasks import Task
from contentsvc.services.runtime import Runtime

__all__ = ["LATER", "Backlog", "Call", "Queued", "TaskBatch"]

#: Concurrent calls in one worker, and on one channel: a platform that hangs delays only its own
#: channel and leaves the other slots to the other channels.
_SLOTS = 64
_CHANNEL_SLOTS = 16
#: Seconds after which a call counts as slow. Its channel then gets fewer slots, and its own slot
#: goes to another call, up to the total of _MOST_CALLS.
_SLOW = 2.0
_SLOW_CHANNEL_SLOTS = 8
_MOST_CALLS = 256
#: Seconds after which a batch no longer waits for calls that are under way, and after which a task
#: no longer waits for a slot of its channel.
_PATIENCE = 2.0
#: Seconds between two checks of tasks that have waited for longer than _PATIENCE.
_CHECK_EVERY = 0.25
#: How long a task that got no slot waits before it is claimed again.
LATER = timedelta(seconds=1)
#: Longest wait (seconds) of a task until it is due. If a task waits longer, somebody has set the
#: clock back, and its claim is released.
_LONGEST_WAIT = 5.0


@dataclass(slots=True)
class TaskBatch:
    """The progress of tasks that came together, until all are settled."""

    #: Tasks that are not due yet, tasks that wait for a slot, and calls under way.
    early: int = 0
    waiting: int = 0
    calling: int = 0
    #: Monotonic seconds of the last change.
    changed_at: float = field(default_factory=time.monotonic)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def come_due(self) -> None:
        """Count one task from early to waiting."""
        self._change(-1, 1, 0)

    def begin(self) -> None:
        """Count one task from waiting to calling."""
        self._change(0, -1, 1)

    def end(self, *, called: bool) -> None:
        """Count one task as settled."""
        self._change(0, 0, -1) if called else self._change(0, -1, 0)

    def _change(self, early: int, waiting: int, calling: int) -> None:
        with self._changed:
            self.early += early
            self.waiting += waiting
            self.calling += calling
            self.changed_at = time.monotonic()
            # Waiting threads need only this; waking them for each task would cost too much.
            if not self.waiting:
                self._changed.notify_all()

    def wait_begun(self) -> None:
        """Wait until no due task waits for a slot any more."""
        with self._changed:
            while self.waiting:
                self._changed.wait()

    def wait(self) -> None:
        """Wait until all tasks are settled, or only calls are left and none ended for _PATIENCE."""
        with self._changed:
            while self.early or self.waiting or self.calling:
                left = self.changed_at + _PATIENCE - time.monotonic()
                if not self.waiting and left <= 0:
                    return
                self._changed.wait(max(left, 0.05))


@dataclass(slots=True)
class Queued:
    """A task whose call has not begun."""

    task: Task
    batch: TaskBatch
    #: Monotonic seconds.
    since: float
    #: Whether it was not due when it was queued.
    early: bool

    def __lt__(self, other: Queued) -> bool:
        """Sort before the tasks that are due later."""
        mine, theirs = self.task.delivery, other.task.delivery
        return (mine.next_at, mine.id) < (theirs.next_at, theirs.id)


@dataclass(frozen=True, slots=True)
class Call:
    """A call to a plugin that is under way."""

    batch: TaskBatch
    #: Monotonic seconds.
    began: float


class Backlog:
    """Tasks whose calls have not begun. Not safe for several threads."""

    def __init__(self, runtime: Runtime) -> None:
        """Create an empty backlog."""
        self._runtime = runtime
        #: Tasks that are not due yet: a heap, the next one first.
        self._early: list[Queued] = []
        #: Tasks that are due and wait for a slot.
        self._due: list[Queued] = []
        #: Whether all claims are to be released.
        self.closed = False

    def add(self, queued: Sequence[Queued]) -> None:
        """Add tasks, in their order."""
        for task in queued:
            if task.early:
                heapq.heappush(self._early, task)
            else:
                self._due.append(task)

    def pauses(self) -> Iterator[float]:
        """Yield the seconds after which the backlog needs `pick` again."""
        now = time.monotonic()
        for first in self._due[:1]:
            # A task may wait for a slot for longer than that; the end of a call is an event.
            yield max(first.since + _PATIENCE - now, _CHECK_EVERY)
        for first in self._early[:1]:
            left = (first.task.delivery.next_at - self._runtime.clock()).total_seconds()
            yield min(left, first.since + _LONGEST_WAIT - now)

    def pick(
        self, calls: Mapping[Task, Call], now: datetime
    ) -> tuple[list[Queued], list[tuple[Queued, datetime]]]:
        """Remove and return the tasks that can begin beside *calls*, and those to be released.

        Each task to be released comes with the time at which it is to be claimed again.
        """
        self._come_due(now)
        busy = Counter(task.delivery.channel_id for task in calls)
        slow = _slow_channels(calls)
        free = min(_SLOTS + slow.total(), _MOST_CALLS) - len(calls)
        begun: list[Queued] = []
        releases: list[tuple[Queued, datetime]] = []
        full: dict[str, timedelta] = {}
        left: list[Queued] = []
        # A lease that expires by then leaves no time for a whole call.
        too_soon = now + self._runtime.config.call_timeout
        for queued in self._due:
            delivery = queued.task.delivery
            channel_id, lease = delivery.channel_id, delivery.lease_until
            most = _SLOW_CHANNEL_SLOTS if slow[channel_id] else _CHANNEL_SLOTS
            crowded = busy[channel_id] >= most
            if self.closed or (queued.early and delivery.next_at > now):
                releases.append((queued, delivery.next_at))
            elif (lease and lease <= too_soon) or (crowded and _is_impatient(queued)):
                releases.append((queued, now + LATER))
            elif crowded or len(begun) >= free:
                left.append(queued)
            elif (wait := self._window(queued.task, full)) is not None:
                releases.append((queued, now + wait))
            else:
                busy[channel_id] += 1
                begun.append(queued)
        self._due = left
        return begun, releases

    def _come_due(self, now: datetime) -> None:
        """Move tasks that are due, or have waited too long, to the queue for a free slot."""
        too_long = time.monotonic() - _LONGEST_WAIT
        while self._early:
            first = self._early[0]
            if first.task.delivery.next_at > now and first.since > too_long and not self.closed:
                return
            heapq.heappop(self._early)
            first.since = time.monotonic()
            first.batch.come_due()
            self._due.append(first)

    def _window(self, task: Task, full: dict[str, timedelta]) -> timedelta | None:
        """Count a call in the account's rate windows; return the wait if they are full, else None.

        *full* holds the waits of accounts whose windows are full, so that no later task of such an
        account gets ahead of an earlier one.
        """
        channel = task.channel
        if task.action is not Action.PUBLISH or not channel.rates:
            return None
        if channel.account not in full:
            account = f"{channel.type}:{channel.account}"
            seconds = self._runtime.rates.take(account, channel.rates)
            if seconds <= 0:
                return None
            full[channel.account] = timedelta(seconds=seconds)
        return full[channel.account]


def _slow_channels(calls: Mapping[Task, Call]) -> Counter[int]:
    """Count the slow calls of each channel."""
    long_ago = time.monotonic() - _SLOW
    return Counter(
        task.delivery.channel_id for task, call in calls.items() if call.began < long_ago
    )


def _is_impatient(queued: Queued) -> bool:
    return time.monotonic() - queued.since > _PATIENCE

"""What waits in a worker: for its instant, then for a place among the calls."""

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

__all__ = ["LATER", "Backlog", "Batch", "Call", "Queued"]

#: Calls under way at once in one worker, and for one channel: a platform that hangs holds up
#: itself and leaves the other places to the other channels.
_SLOTS = 64
_CHANNEL_SLOTS = 16
#: Seconds after which a call counts as slow. Its channel gets fewer places from then on, and its
#: own place goes to others, as long as there are not too many calls in all.
_SLOW = 2.0
_SLOW_CHANNEL_SLOTS = 8
_MOST_CALLS = 256
#: Seconds after which a batch no longer waits for calls that are under way, and a task no longer
#: for its channel's place.
_PATIENCE = 2.0
#: Seconds between two looks at tasks whose patience is over.
_LOOK = 0.25
#: How long a task that found no place waits before it is claimed anew.
LATER = timedelta(seconds=1)
#: Seconds for which a task waits for its instant; one that waits longer has met a clock that was
#: set back, and is let go.
_LONGEST_WAIT = 5.0


@dataclass(slots=True)
class Batch:
    """Tasks that came together, until they are settled."""

    #: Those that wait for their instant, those that wait for a place, and calls under way.
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
            # Who waits looks only for this; waking it for each task would cost as much as a task.
            if not self.waiting:
                self._changed.notify_all()

    def wait_begun(self) -> None:
        """Wait until no task that is due waits for its place any more."""
        with self._changed:
            while self.waiting:
                self._changed.wait()

    def wait(self) -> None:
        """Wait until all is settled, or until what is left are calls that take their time."""
        with self._changed:
            while self.early or self.waiting or self.calling:
                left = self.changed_at + _PATIENCE - time.monotonic()
                if not self.waiting and left <= 0:
                    return
                self._changed.wait(max(left, 0.05))


@dataclass(slots=True)
class Queued:
    """A task that has not begun."""

    task: Task
    batch: Batch
    #: Monotonic seconds.
    since: float
    #: Whether it waits for its instant.
    early: bool

    def __lt__(self, other: Queued) -> bool:
        """Stand before those that are due later."""
        mine, theirs = self.task.delivery, other.task.delivery
        return (mine.next_at, mine.id) < (theirs.next_at, theirs.id)


@dataclass(frozen=True, slots=True)
class Call:
    """A call that is under way."""

    batch: Batch
    #: Monotonic seconds.
    began: float


class Backlog:
    """Tasks that have not begun; used by one thread."""

    def __init__(self, runtime: Runtime) -> None:
        """Begin empty."""
        self._runtime = runtime
        #: What waits for its instant: a heap, the next one first.
        self._early: list[Queued] = []
        #: What is due and waits for a place.
        self._due: list[Queued] = []
        #: Whether all is to be let go.
        self.closed = False

    def add(self, queued: Sequence[Queued]) -> None:
        """Take tasks on, in their order."""
        for one in queued:
            if one.early:
                heapq.heappush(self._early, one)
            else:
                self._due.append(one)

    def pauses(self) -> Iterator[float]:
        """Yield after how many seconds it is to be looked at again."""
        now = time.monotonic()
        for first in self._due[:1]:
            # One whose patience is over may still wait for a free place; an event tells of that.
            yield max(first.since + _PATIENCE - now, _LOOK)
        for first in self._early[:1]:
            left = (first.task.delivery.next_at - self._runtime.clock()).total_seconds()
            yield min(left, first.since + _LONGEST_WAIT - now)

    def pick(
        self, calls: Mapping[Task, Call], now: datetime
    ) -> tuple[list[Queued], list[tuple[Queued, datetime]]]:
        """Take out what can begin beside *calls*, and what must wait for another claim.

        With the latter comes until when.
        """
        self._come_due(now)
        busy = Counter(task.delivery.channel_id for task in calls)
        slow = _slow_channels(calls)
        free = min(_SLOTS + slow.total(), _MOST_CALLS) - len(calls)
        begun: list[Queued] = []
        let_go: list[tuple[Queued, datetime]] = []
        full: dict[str, timedelta] = {}
        left: list[Queued] = []
        # A lease that ends by then has no room for a whole call.
        too_soon = now + self._runtime.config.call_timeout
        for queued in self._due:
            delivery = queued.task.delivery
            channel_id, lease = delivery.channel_id, delivery.lease_until
            most = _SLOW_CHANNEL_SLOTS if slow[channel_id] else _CHANNEL_SLOTS
            crowded = busy[channel_id] >= most
            if self.closed or (queued.early and delivery.next_at > now):
                let_go.append((queued, delivery.next_at))
            elif (lease and lease <= too_soon) or (crowded and _is_impatient(queued)):
                let_go.append((queued, now + LATER))
            elif crowded or len(begun) >= free:
                left.append(queued)
            elif (wait := self._window(queued.task, full)) is not None:
                let_go.append((queued, now + wait))
            else:
                busy[channel_id] += 1
                begun.append(queued)
        self._due = left
        return begun, let_go

    def _come_due(self, now: datetime) -> None:
        """Move what has waited for its instant, or for too long, to what waits for a place."""
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
        """Take a place in the account's rate windows; else return how long there is none.

        *full* remembers the accounts without a place, so that none that is due later gets ahead.
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
    """Count each channel's calls that have been under way for long."""
    long_ago = time.monotonic() - _SLOW
    return Counter(
        task.delivery.channel_id for task, call in calls.items() if call.began < long_ago
    )


def _is_impatient(queued: Queued) -> bool:
    return time.monotonic() - queued.since > _PATIENCE

"""Interfaces of the job queue and of rate limiting; `contentsvc.worker` implements them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from contentsvc.channels import Rate

__all__ = [
    "Claim",
    "Clock",
    "Queue",
    "QueueDownError",
    "QueueStats",
    "RateWindows",
    "system_clock",
]


#: A function that returns the present instant, aware and in UTC.
Clock = Callable[[], datetime]


class QueueDownError(Exception):
    """The queue cannot be reached. Nothing is lost: the work is still recorded in the database."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A dispatcher's reservation of a delivery for a worker.

    The claim is valid while the delivery has the same fence. Every new claim increases the fence.
    """

    delivery_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The state of the job queue's server, and the numbers of waiting jobs and of workers."""

    reachable: bool
    #: The server's name and version, such as `valkey 9.1.2`.
    server: str = ""
    #: Pairs of queue name and number of waiting jobs.
    waiting: tuple[tuple[str, int], ...] = ()
    #: Pairs of queue name and number of registered workers.
    workers: tuple[tuple[str, int], ...] = ()


class Queue(Protocol):
    """The job queue between dispatchers and workers.

    It may lose all of its jobs, since they can be created again from the database.
    """

    def wake(self) -> None:
        """Wake a sleeping dispatcher, so that it looks for due deliveries; never raises."""

    def wait(self, seconds: float) -> bool:
        """Sleep for *seconds*, or less if a process calls `wake`; return True if one did.

        Never raises.
        """

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue a job that publishes claimed deliveries, all on channels of the type *lane*.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def follow_up(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue a job that asks the platforms about deliveries with unknown or late results.

        All are on channels of the type *lane*. Such jobs never wait for `publish` jobs, nor the
        other way round.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def render(self, lane: str, delivery_ids: Sequence[int]) -> None:
        """Enqueue a job that renders planned deliveries, all on channels of the type *lane*.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def batch(self, batch_id: int, fence: int) -> None:
        """Enqueue a job that makes some posters of a batch; waiting deliveries are rendered first.

        The job does nothing if *fence* is no longer the batch's newest number.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def has_renderings(self) -> bool:
        """Return True if deliveries wait for rendering; False also if the queue is unreachable."""

    def stats(self) -> QueueStats:
        """Return the state of the queue; never raises."""


class RateWindows(Protocol):
    """Counters of each account's recent calls, for rate limits that all workers share."""

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Count a call of *account*; return 0, or if *rates* forbid it, the seconds to wait.

        A call that has to wait is not counted. Never raises: while the shared counters cannot be
        reached, this process counts its own calls.
        """

    def block(self, account: str, seconds: float) -> None:
        """Make `take` refuse all calls of *account* for *seconds*, as the platform asked.

        Never raises.
        """


def system_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)

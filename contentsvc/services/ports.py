"""Interfaces of the job queue and the rate windows, implemented in `contentsvc.worker`."""

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
    """The state of the queue server and the job counts, for the system page."""

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
        """Wake a sleeping dispatcher, so that it checks for due deliveries; never raises."""

    def wait(self, seconds: float) -> bool:
        """Sleep until a process calls `wake`, at most for *seconds*; return whether one did.

        Never raises.
        """

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue claimed deliveries for publishing; all belong to the *lane*, a channel type.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def render(self, delivery_ids: Sequence[int]) -> None:
        """Enqueue planned deliveries for rendering.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def batch(self, batch_id: int, fence: int) -> None:
        """Enqueue a part of a poster batch; workers render all waiting deliveries before it.

        Raises:
            QueueDownError: the queue cannot be reached.
        """

    def has_renderings(self) -> bool:
        """Tell whether deliveries wait in the render queue; False if it cannot be reached."""

    def stats(self) -> QueueStats:
        """Return the state of the queue; never raises."""


class RateWindows(Protocol):
    """Counters of the recent calls of each account, shared by all workers."""

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Count a call of *account* in the window of each rate; return 0 or the seconds to wait.

        If a window is full, the call is not counted. Never raises: while the shared windows cannot
        be reached, this process counts its own calls.
        """

    def block(self, account: str, seconds: float) -> None:
        """Refuse calls of *account* for *seconds*, as the platform asked; never raises."""


def system_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)

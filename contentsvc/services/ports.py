"""Interfaces of the queue and the rate windows; `contentsvc.worker` implements them."""

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


#: Returns the present instant, aware and in UTC.
Clock = Callable[[], datetime]


class QueueDownError(Exception):
    """The queue cannot be reached; the database still has everything that was to be enqueued."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that a dispatcher has claimed for a worker.

    It holds while the delivery has the same fence; every new claim raises the fence.
    """

    delivery_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """Figures of the queue, for the system page."""

    reachable: bool
    #: The server's name and version, such as `valkey 9.1.2`.
    server: str = ""
    #: Jobs waiting by queue name.
    waiting: tuple[tuple[str, int], ...] = ()
    #: Registered workers by queue name.
    workers: tuple[tuple[str, int], ...] = ()


class Queue(Protocol):
    """The queue to the workers. It may lose everything: the database is the truth."""

    def wake(self) -> None:
        """Wake a dispatcher because something is due sooner; never raises."""

    def wait(self, seconds: float) -> bool:
        """Sleep until somebody calls `wake` (True) or *seconds* are over (False); never raises."""

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue claimed deliveries of one *lane*, a channel type; QueueDownError."""

    def render(self, delivery_ids: Sequence[int]) -> None:
        """Enqueue planned deliveries for rendering; QueueDownError."""

    def batch(self, batch_id: int, fence: int) -> None:
        """Enqueue a part of a poster batch, behind all deliveries; QueueDownError."""

    def has_renderings(self) -> bool:
        """Tell whether deliveries wait in the render queue; never raises."""

    def stats(self) -> QueueStats:
        """Return the queue's figures; never raises."""


class RateWindows(Protocol):
    """Counts of what each account has sent lately, shared by all workers."""

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Count one call in every window of an account; return 0, or the seconds to wait.

        If a window is full, nothing is counted. Never raises: while the shared windows cannot be
        reached, this process counts its own calls.
        """

    def block(self, account: str, seconds: float) -> None:
        """Refuse calls of an account for *seconds*, as the platform asked; never raises."""


def system_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)

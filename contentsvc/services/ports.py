"""What the services want from the queue; `contentsvc.worker` brings the real one."""

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


#: Reads the present instant, aware and in UTC.
Clock = Callable[[], datetime]


class QueueDownError(Exception):
    """The queue cannot be reached; what was to be handed over stays in the database."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery taken by a dispatcher for a worker."""

    delivery_id: int
    fence: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """How the queue stands, for the system page."""

    reachable: bool
    #: What the server calls itself, such as `valkey 9.1.2`.
    server: str = ""
    #: Jobs waiting by queue name.
    waiting: tuple[tuple[str, int], ...] = ()
    #: Registered workers by queue name.
    workers: tuple[tuple[str, int], ...] = ()


class Queue(Protocol):
    """The way to the workers. It only carries wake-ups: the database is the truth."""

    def wake(self) -> None:
        """Tell the dispatchers that something is due sooner; never raises."""

    def wait(self, seconds: float) -> bool:
        """Sleep until woken (True) or until *seconds* have gone; never raises."""

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Hand claimed deliveries of one channel type to a worker; QueueDownError."""

    def render(self, delivery_ids: Sequence[int]) -> None:
        """Have planned deliveries rendered; QueueDownError."""

    def batch(self, batch_id: int, fence: int) -> None:
        """Have a piece of a poster batch made, after what deliveries wait for; QueueDownError."""

    def has_renderings(self) -> bool:
        """Tell whether deliveries wait to be rendered; never raises."""

    def stats(self) -> QueueStats:
        """Tell how the queue stands; never raises."""


class RateWindows(Protocol):
    """What each account has sent lately, shared by all workers."""

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Take a place in every window of an account; return 0, or the seconds to wait.

        Never raises: where the shared windows cannot be reached, this process counts by itself.
        """

    def block(self, account: str, seconds: float) -> None:
        """Let nothing of an account go for *seconds*, as the platform asked; never raises."""


def system_clock() -> datetime:
    """Return the present instant in UTC."""
    return datetime.now(UTC)

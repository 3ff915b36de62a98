"""A clock and a queue that a test controls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from contentsvc.services.ports import Claim, QueueStats

__all__ = ["HandQueue", "SteadyClock"]


class SteadyClock:
    """A clock that stands still until a test sets `now`."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def ticks(self) -> float:
        """Return the same instant as monotonic seconds."""
        return self.now.timestamp()


@dataclass
class HandQueue:
    """A queue that stores the jobs of the dispatcher until the test runs them."""

    claims: list[tuple[str, Claim]] = field(default_factory=list)
    renders: list[int] = field(default_factory=list)
    batches: list[tuple[int, int]] = field(default_factory=list)

    def wake(self) -> None:
        """Do nothing, because no dispatcher waits."""

    def wait(self, seconds: float) -> bool:
        return True

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        self.claims += [(lane, claim) for claim in claims]

    def follow_up(self, lane: str, claims: Sequence[Claim]) -> None:
        self.publish(lane, claims)

    def render(self, lane: str, delivery_ids: Sequence[int]) -> None:
        self.renders += delivery_ids

    def batch(self, batch_id: int, fence: int) -> None:
        self.batches.append((batch_id, fence))

    def has_renderings(self) -> bool:
        return bool(self.renders)

    def stats(self) -> QueueStats:
        return QueueStats(reachable=True, server="valkey", waiting=(("publish", 0),))

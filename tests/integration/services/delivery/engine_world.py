"""A delivery engine in one process, with a clock that the test sets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from contentsvc.db.models import Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.delivery.publishing import Publisher
from contentsvc.services.ports import Claim
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from tests.acceptance.running import PATIENCE
from tests.factories import (
    Clock,
    MemoryQueue,
    clear_script,
    make_calendar,
    make_channel,
    make_entry,
)


@dataclass
class Engine:
    """A dispatcher, a publisher and a renderer that share one database."""

    runtime: Runtime

    def __post_init__(self) -> None:
        self.dispatcher = Dispatcher(self.runtime, "host:1", monotonic=self.ticks)
        self.publisher = Publisher(self.runtime, "host:2")
        self.renderer = Renderer(self.runtime)

    @property
    def clock(self) -> Clock:
        """Return the clock that the test sets."""
        assert isinstance(self.runtime.clock, Clock)
        return self.runtime.clock

    @property
    def queue(self) -> MemoryQueue:
        """Return the queue in memory."""
        assert isinstance(self.runtime.queue, MemoryQueue)
        return self.runtime.queue

    def ticks(self) -> float:
        """Return monotonic seconds that advance with the clock."""
        return self.clock.at.timestamp()

    def script(self, kind: str) -> Any:
        """Clear the script of a scripted channel type and return the type."""
        channel = self.runtime.registry.channel_type(kind)
        clear_script(channel)
        return channel

    def plan(self, kind: str = "scripted", **said: Any) -> Entry:
        """Create a channel, a calendar for it and an approved entry; render its deliveries."""
        make_channel(self.runtime, "there", kind)
        entry = make_entry(self.runtime, make_calendar(self.runtime, "there"), **said)
        self.turn()
        return entry

    def due(self) -> None:
        """Set the clock to the time when the next delivery is due, but never back."""
        waiting = [row.next_at for row in self.deliveries() if row.status in _WAITING]
        self.clock.at = max(self.clock.at, min(waiting))

    def turn(self) -> float:
        """Let the dispatcher take a turn, and render the deliveries that it enqueued."""
        pause = self.dispatcher.turn(self.clock.at)
        planned, self.queue.rendered = self.queue.rendered, []
        self.renderer.render_planned(planned)
        return pause

    def take(self) -> Iterator[tuple[str, list[Claim]]]:
        """Empty the queue and yield its batches, pairs of lane and claims."""
        batches = self.queue.published + self.queue.followed_up
        self.queue.published, self.queue.followed_up = [], []
        yield from batches

    def work(self) -> float:
        """Let the dispatcher take a turn and a worker publish all batches in the queue.

        If deliveries were claimed before they are due, the clock advances to their due time.
        """
        pause = self.turn()
        for lane, claims in self.take():
            self._advance_to(claims)
            self.publish(lane, claims)
        return pause

    def begin_work(self) -> None:
        """Do as `work` does, but do not wait until the calls end."""
        self.turn()
        for lane, claims in self.take():
            self._advance_to(claims)
            self.publisher.submit(lane, claims)

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Let the worker make the calls for *claims*, and wait until their results are stored."""
        batch = self.publisher.submit(lane, claims)
        assert batch.wait_ended(PATIENCE), f"the calls have not ended within {PATIENCE:g} s"

    def _advance_to(self, claims: Sequence[Claim]) -> None:
        held = {claim.delivery_id for claim in claims}
        instants = [row.next_at for row in self.deliveries() if row.id in held & self._early()]
        self.clock.at = max([self.clock.at, *instants])

    def _early(self) -> set[int]:
        """Return the ids of deliveries that are claimed before they are due."""
        claimed = (row for row in self.deliveries() if row.status is DeliveryStatus.CLAIMED)
        return {row.id for row in claimed if row.next_at > self.clock.at}

    def deliveries(self) -> list[Delivery]:
        """Return all deliveries, ordered by due time."""
        with self.runtime.database.read() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.due_at, Delivery.id)))

    def delivery(self) -> Delivery:
        """Return the only delivery."""
        (only,) = self.deliveries()
        return only

    def lease_out(self) -> None:
        """Advance the clock until every lease has expired."""
        self.clock.turn(seconds=self.runtime.config.lease.total_seconds() + 1)

    def settle(self, seconds: float = 60) -> None:
        """Repeat `work` for *seconds*, advancing the clock by the dispatcher's pauses.

        While no delivery is due and no lease expires, the dispatcher sleeps.
        """
        until = self.clock.at + timedelta(seconds=seconds)
        while self.clock.at < until:
            pause = timedelta(seconds=max(0.1, self.work()))
            quiet = self._next_instant(until) - timedelta(seconds=1) - self.clock.at
            self.clock.at += max(pause, quiet)

    def _next_instant(self, until: datetime) -> datetime:
        """Return the next time at which the dispatcher has work, at most *until*."""
        instants = [
            instant
            for row in self.deliveries()
            for instant in (row.next_at, row.lease_until, row.poll_until, row.useful_until)
            if instant is not None and instant >= self.clock.at
        ]
        return min([*instants, until])


_WAITING = {DeliveryStatus.SCHEDULED, DeliveryStatus.RETRYING, DeliveryStatus.PLANNED}

"""The publisher of a worker. It loads claimed deliveries and calls plugins to publish them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.channels import Rendition
from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import Action, DeliveryStatus
from contentsvc.errors import ContentsvcError
from contentsvc.messages import Message
from contentsvc.services.delivery.backlog import TaskBatch
from contentsvc.services.delivery.claims import ClaimedDelivery, load_claimed
from contentsvc.services.delivery.moves import ClaimMove
from contentsvc.services.delivery.opening import Opened, Opener
from contentsvc.services.delivery.parts import load_parts
from contentsvc.services.delivery.recording import release, released
from contentsvc.services.delivery.sending import Sender
from contentsvc.services.delivery.tasks import Task
from contentsvc.services.ports import Claim
from contentsvc.services.posting_limits import pace_of
from contentsvc.services.renditions import Renditions
from contentsvc.services.runtime import Runtime

__all__ = ["Publisher"]

logger = logging.getLogger(__name__)

#: Most deliveries that are loaded together while others are being sent.
_CHUNK = 50
#: Time until a delivery is claimed again if its channel or its rendition cannot be loaded.
_PLUGIN_WAIT = timedelta(seconds=60)
_LATE = Message("delivery-too-late")
_KEY_FORGOTTEN = Message("delivery-key-forgotten")
_S = DeliveryStatus
_ACTIONS = {
    _S.CLAIMED: Action.PUBLISH,
    _S.UNKNOWN: Action.FIND,
    _S.ACCEPTED: Action.POLL,
}


class Publisher:
    """Publishes the deliveries that are claimed (reserved) for a worker. Each process has one."""

    def __init__(
        self,
        runtime: Runtime,
        worker: str,
        on_failure: Callable[[], None] | None = None,
        on_stuck: Callable[[], None] | None = None,
    ) -> None:
        """Create the publisher for the worker called *worker* (`host:pid`).

        It calls *on_failure* if its sender thread ends because of a fault of this program, and
        *on_stuck* when the worker has nothing to do but has calls that never returned.
        """
        self._runtime = runtime
        self._opener = Opener(runtime)
        self._cached_renditions = Renditions(runtime)
        #: Settings of calendars by calendar id, each with the time of the calendar's last change.
        self._cached_heads: dict[int, tuple[datetime, CalendarHead]] = {}
        self._sender = Sender(runtime, worker, on_failure, on_stuck)

    def begin_batch(self, lane: str, claims: Sequence[Claim]) -> None:
        """Begin the plugin calls for *claims*. Return once all have begun, not when they end."""
        before: TaskBatch | None = None
        for first in range(0, len(claims), _CHUNK):
            # This chunk is loaded while the previous chunk is being sent.
            batch = self.submit(lane, claims[first : first + _CHUNK])
            if before is not None:
                before.wait_begun()
            before = batch
        if before is not None:
            before.wait_begun()

    def submit(self, lane: str, claims: Sequence[Claim]) -> TaskBatch:
        """Queue plugin calls for *claims*, all of the channel type *lane*, without waiting.

        Return a counter that can wait until the calls have begun, or have ended.
        """
        tasks = self.make_ready(claims)
        logger.debug("Took a batch", extra={"action": "batch", "lane": lane, "size": len(tasks)})
        return self._sender.submit(tasks)

    def close(self) -> None:
        """Begin no more calls, and wait for the running ones, at most for one call's time limit."""
        self._sender.close()

    def make_ready(self, claims: Sequence[Claim]) -> list[Task]:
        """Return a task (call to make) for each usable claim, in order; give up other claims."""
        with self._runtime.database.read() as session:
            tasks, releases = self._tasks(session, claims)
        if releases:
            with self._runtime.database.write() as session:
                release(session, releases)
        return tasks

    def _tasks(
        self, session: Session, claims: Sequence[Claim]
    ) -> tuple[list[Task], list[ClaimMove]]:
        """Return a task for each usable claim, and status changes that end the other claims.

        The tasks are in the order of *claims*.
        """
        now = self._runtime.clock()
        usable: list[ClaimedDelivery] = []
        releases: list[ClaimMove] = []
        for delivery in load_claimed(session, claims):
            unusable = _release_of(delivery, now)
            if unusable is not None:
                releases.append(unusable)
            elif delivery.status in _ACTIONS:
                usable.append(delivery)
        channels = self._opener.open_all(session, usable)
        parts = load_parts(session, usable)
        digests = {
            delivery.id: parts[delivery.id][1] if delivery.id in parts else delivery.rendition_hash
            for delivery in usable
        }
        renditions = self._renditions(session, digests.values())
        heads = self._heads(session, usable)
        tasks = []
        for delivery in usable:
            opened = channels.get(delivery.channel_id)
            rendition = renditions[digests[delivery.id] or ""]
            part = parts[delivery.id][0] if delivery.id in parts else None
            if isinstance(opened, Opened) and isinstance(rendition, Rendition):
                ids, channel = (delivery.channel_id, delivery.channel_name), opened.channel
                pace = pace_of(delivery.calendar_id, heads[delivery.calendar_id], ids, channel)
                action = _ACTIONS[delivery.status]
                task = Task(action, delivery, channel, rendition, opened.account, pace, part)
                if task.may_double(now, self._runtime.config):
                    releases.append(_left_to_a_person(delivery, now))
                else:
                    tasks.append(task)
            elif delivery.status is _S.CLAIMED:
                error = rendition if isinstance(opened, Opened) else opened
                assert isinstance(error, ContentsvcError)
                next_at = now + _PLUGIN_WAIT
                releases.append(released(delivery, now=now, next_at=next_at, error=error.message))
        return tasks, releases

    def _renditions(
        self, session: Session, digests: Iterable[str | None]
    ) -> dict[str, Rendition | ContentsvcError]:
        """Load renditions (finished posts); return them, or the errors of loading them, by hash."""
        renditions: dict[str, Rendition | ContentsvcError] = {}
        for digest in {digest or "" for digest in digests}:
            try:
                renditions[digest] = self._cached_renditions.load(session, digest)
            except ContentsvcError as error:
                renditions[digest] = error
        return renditions

    def _heads(
        self, session: Session, deliveries: Sequence[ClaimedDelivery]
    ) -> dict[int, CalendarHead]:
        """Return the settings of the calendars of *deliveries*, by calendar id."""
        changed = {delivery.calendar_id: delivery.calendar_updated_at for delivery in deliveries}
        cache = self._cached_heads
        stale = [key for key, at in changed.items() if key not in cache or cache[key][0] != at]
        if stale:
            for row in session.scalars(select(Calendar).where(Calendar.id.in_(stale))):
                cache[row.id] = (row.updated_at, head_of(row))
        return {key: cache[key][1] for key in changed}


def _release_of(delivery: ClaimedDelivery, now: datetime) -> ClaimMove | None:
    """Return the status change that ends an unusable claim, or None if the claim is usable.

    A claim is unusable if the channel is paused, or the delivery is too late to be useful.
    """
    if delivery.status is not _S.CLAIMED:
        return None
    if delivery.channel_paused_at is not None:
        return released(delivery, now=now, next_at=delivery.next_at)
    if now > delivery.useful_until:
        after = _S.SCHEDULED if delivery.may_be_out else _S.MISSED
        return released(delivery, now=now, next_at=now, error=_LATE, after=after)
    return None


def _left_to_a_person(delivery: ClaimedDelivery, now: datetime) -> ClaimMove:
    """Return the change to the status `unknown` for a delivery that must not be sent again.

    Whether it was published is in doubt. If the channel can be asked, a worker calls `find` next;
    otherwise a person decides.
    """
    return released(delivery, now=now, next_at=now, error=_KEY_FORGOTTEN, after=_S.UNKNOWN)

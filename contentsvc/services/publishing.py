"""Publishing: claimed deliveries become calls, each made within its claim."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from contentsvc.channels import Rendition
from contentsvc.db.mapping import plan_of
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import ContentsvcError
from contentsvc.services.opening import Opener
from contentsvc.services.pacing import pace_of
from contentsvc.services.ports import Claim
from contentsvc.services.recording import give_back, held_at
from contentsvc.services.renditions import load_rendition
from contentsvc.services.runtime import Runtime
from contentsvc.services.sending import Batch, Sender
from contentsvc.services.tasks import Action, Task

__all__ = ["Publisher"]

logger = logging.getLogger(__name__)

#: Deliveries made ready together while others go out.
_CHUNK = 50
#: How long a delivery waits whose channel cannot be opened.
_PLUGIN_WAIT = timedelta(seconds=60)
_LATE = "its time went by before it could be sent"
_S = DeliveryStatus
_ACTIONS = {
    _S.CLAIMED: Action.PUBLISH,
    _S.UNKNOWN: Action.FIND,
    _S.ACCEPTED: Action.CHECK,
}


class Publisher:
    """Works batches off; one for the life of a worker."""

    def __init__(self, runtime: Runtime, worker: str) -> None:
        """Work as *worker* (`host:pid`)."""
        self._runtime = runtime
        self._opener = Opener(runtime)
        self._sender = Sender(runtime, worker)

    def publish_batch(self, lane: str, claims: Sequence[Claim]) -> None:
        """Send a batch of one channel type, or ask about it; one's trouble is not another's.

        It comes back when all are settled, or when what is left are calls that take their time:
        those are finished beside the next batch.
        """
        self._submit(lane, claims).wait()

    def begin_batch(self, lane: str, claims: Sequence[Claim]) -> None:
        """Begin to send a batch likewise; the calls under way are finished beside the next one."""
        before: Batch | None = None
        for first in range(0, len(claims), _CHUNK):
            # The next ones are made ready while these go out.
            batch = self._submit(lane, claims[first : first + _CHUNK])
            if before is not None:
                before.wait_begun()
            before = batch
        if before is not None:
            before.wait_begun()

    def close(self) -> None:
        """Finish the calls that are under way, for at most one call's whole time."""
        self._sender.close()

    def _submit(self, lane: str, claims: Sequence[Claim]) -> Batch:
        with self._runtime.database.read() as session:
            tasks = self._tasks(session, claims)
        logger.debug("Took a batch", extra={"action": "batch", "lane": lane, "size": len(tasks)})
        return self._sender.submit(tasks)

    def _tasks(self, session: Session, claims: Sequence[Claim]) -> list[Task]:
        """Return what is to be asked, in the order of the claims."""
        now = self._runtime.clock()
        renditions: dict[str, Rendition] = {}
        held = _held(session, claims)
        plans = _plans(session, {calendar_id for _, calendar_id in held})
        tasks = []
        for delivery, calendar_id in held:
            task = self._task(session, delivery, renditions, now)
            if task is not None:
                pace = pace_of(
                    calendar_id, plans[calendar_id], delivery.channel, type(task.channel)
                )
                tasks.append(replace(task, pace=pace) if pace else task)
        return tasks

    def _task(
        self,
        session: Session,
        delivery: Delivery,
        renditions: dict[str, Rendition],
        now: datetime,
    ) -> Task | None:
        action = _ACTIONS.get(delivery.status)
        if action is None or (action is Action.PUBLISH and not self._may_begin(delivery, now)):
            return None
        digest = delivery.rendition_hash or ""
        try:
            channel = self._opener.open(delivery.channel)
            if digest not in renditions:
                renditions[digest] = load_rendition(self._runtime, session, digest)
        except ContentsvcError as error:
            if action is Action.PUBLISH:
                self._give_back(delivery, now, now + _PLUGIN_WAIT, str(error))
            return None
        return Task(action, delivery, channel, renditions[digest])

    def _may_begin(self, delivery: Delivery, now: datetime) -> bool:
        """Tell whether a claimed delivery may be sent now; one that may not is let go."""
        if delivery.channel.paused_at is not None:
            self._give_back(delivery, now, delivery.next_at)
        elif now > delivery.useful_until:
            late = _S.SCHEDULED if delivery.in_doubt else _S.MISSED
            self._give_back(delivery, now, now, _LATE, late)
        else:
            return True
        return False

    def _give_back(
        self,
        delivery: Delivery,
        now: datetime,
        next_at: datetime,
        error: str = "",
        after: DeliveryStatus = _S.SCHEDULED,
    ) -> None:
        with self._runtime.database.write() as session:
            give_back(session, delivery, now=now, next_at=next_at, error=error, after=after)


def _held(session: Session, claims: Sequence[Claim]) -> list[tuple[Delivery, int]]:
    """Return the claimed deliveries in order, each with its calendar's id.

    Those that somebody else has taken over meanwhile are left out.
    """
    places = [(claim.delivery_id, claim.fence) for claim in claims]
    query = (
        select(Delivery, Entry.calendar_id)
        .join(Entry, Delivery.entry_id == Entry.id)
        .where(held_at(places))
        .options(joinedload(Delivery.channel))
    )
    held = {
        delivery.id: (delivery, calendar_id) for delivery, calendar_id in session.execute(query)
    }
    return [held[claim.delivery_id] for claim in claims if claim.delivery_id in held]


def _plans(session: Session, calendar_ids: set[int]) -> dict[int, CalendarPlan]:
    query = select(Calendar).where(Calendar.id.in_(calendar_ids))
    return {calendar.id: plan_of(calendar, None, []) for calendar in session.scalars(query)}

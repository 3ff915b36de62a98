"""Publishing: claimed deliveries become calls, each made within its claim."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import Rendition
from contentsvc.db.bulk import has_arrays
from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import ContentsvcError
from contentsvc.services.delivery.backlog import Batch
from contentsvc.services.delivery.opening import Opener
from contentsvc.services.delivery.recording import HELD, give_back
from contentsvc.services.delivery.sending import Sender
from contentsvc.services.delivery.tasks import Action, Held, Task
from contentsvc.services.ports import Claim
from contentsvc.services.posting_limits import pace_of
from contentsvc.services.renditions import Renditions
from contentsvc.services.runtime import Runtime

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
        self._kept_renditions = Renditions(runtime)
        #: By calendar, each with when that was changed last.
        self._kept_plans: dict[int, tuple[datetime, CalendarHead]] = {}
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
        held = _held(session, claims)
        wanted = [one for one in held if self._is_wanted(one, now)]
        channels = self._opener.open_all(session, wanted)
        renditions = self._renditions(session, wanted)
        plans = self._plans(session, wanted)
        tasks = []
        for one in wanted:
            channel = channels.get(one.channel_id)
            rendition = renditions[one.rendition_hash or ""]
            if isinstance(channel, OpenChannel) and isinstance(rendition, Rendition):
                place = (one.channel_id, one.channel_name)
                pace = pace_of(one.calendar_id, plans[one.calendar_id], place, channel)
                tasks.append(Task(_ACTIONS[one.status], one, channel, rendition, pace))
            elif one.status is _S.CLAIMED:
                why = rendition if isinstance(channel, OpenChannel) else channel
                self._give_back(one, now, now + _PLUGIN_WAIT, str(why))
        return tasks

    def _is_wanted(self, held: Held, now: datetime) -> bool:
        """Tell whether something is to be asked; a claim that may not be used is let go."""
        if held.status is not _S.CLAIMED:
            return held.status in _ACTIONS
        if held.channel_paused_at is not None:
            self._give_back(held, now, held.next_at)
        elif now > held.useful_until:
            late = _S.SCHEDULED if held.in_doubt else _S.MISSED
            self._give_back(held, now, now, _LATE, late)
        else:
            return True
        return False

    def _renditions(
        self, session: Session, held: Sequence[Held]
    ) -> dict[str, Rendition | ContentsvcError]:
        """Return what is to be sent by its hash, or why it cannot be."""
        found: dict[str, Rendition | ContentsvcError] = {}
        for digest in {one.rendition_hash or "" for one in held}:
            try:
                found[digest] = self._kept_renditions.load(session, digest)
            except ContentsvcError as error:
                found[digest] = error
        return found

    def _plans(self, session: Session, held: Sequence[Held]) -> dict[int, CalendarHead]:
        """Return the plans of deliveries' calendars by id."""
        changed = {one.calendar_id: one.calendar_updated_at for one in held}
        kept = self._kept_plans
        stale = [key for key, at in changed.items() if key not in kept or kept[key][0] != at]
        if stale:
            for row in session.scalars(select(Calendar).where(Calendar.id.in_(stale))):
                kept[row.id] = (row.updated_at, head_of(row))
        return {key: kept[key][1] for key in changed}

    def _give_back(
        self,
        held: Held,
        now: datetime,
        next_at: datetime,
        error: str = "",
        after: DeliveryStatus = _S.SCHEDULED,
    ) -> None:
        with self._runtime.database.write() as session:
            give_back(session, held, now=now, next_at=next_at, error=error, after=after)


@cache
def _holding(*, arrays: bool) -> Select[Any]:
    # Made once: building a statement takes longer than running it.
    return (
        select(
            *(Delivery.id, Delivery.fence, Delivery.key, Delivery.status, Delivery.notice),
            *(Delivery.due_at, Delivery.next_at, Delivery.useful_until, Delivery.lease_until),
            *(Delivery.attempt_count, Delivery.in_doubt, Delivery.rendition_hash, Delivery.receipt),
            *(
                Entry.calendar_id,
                Calendar.updated_at,
                ChannelRow.id,
                ChannelRow.name,
                ChannelRow.type,
            ),
            *(ChannelRow.updated_at, ChannelRow.paused_at),
        )
        .join(Entry, Delivery.entry_id == Entry.id)
        .join(Calendar, Entry.calendar_id == Calendar.id)
        .join(ChannelRow, Delivery.channel_id == ChannelRow.id)
        .where(*HELD.where(arrays=arrays))
    )


def _held(session: Session, claims: Sequence[Claim]) -> list[Held]:
    """Return the claimed deliveries in order, without those that somebody else has taken over."""
    places = [(claim.delivery_id, claim.fence) for claim in claims]
    connection = session.connection()
    rows = connection.execute(
        _holding(arrays=has_arrays(connection)), HELD.given(connection, places)
    )
    found = {(row[0], row[1]): Held(*row) for row in rows}
    return [found[place] for place in places if place in found]

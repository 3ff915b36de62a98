"""Publishing: claim, durable intent, the plugin's call, durable receipt."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import Rendition
from contentsvc.db.models import Attempt, Delivery
from contentsvc.db.moves import move_fenced
from contentsvc.domain.deliveries import Actor, DeliveryStatus, Next, Outcome, next_step
from contentsvc.errors import ContentsvcError
from contentsvc.services.calling import Answer, ask
from contentsvc.services.channels import open_channel, pause_channel
from contentsvc.services.following_up import FollowUp
from contentsvc.services.ports import Claim
from contentsvc.services.recording import log_outcome, new_attempt, recorded, write
from contentsvc.services.renditions import load_rendition
from contentsvc.services.runtime import Runtime

__all__ = ["Publisher"]

logger = logging.getLogger(__name__)

#: Deliveries of one batch that are sent at once.
_CONCURRENCY = 16
#: How long a delivery waits whose channel cannot be opened.
_PLUGIN_WAIT = timedelta(seconds=60)
#: How long an unknown outcome rests before it is looked into, by whether the same key twice is one
#: post: the platform may still be working on the call that was given up.
_SETTLE = {True: timedelta(seconds=2), False: timedelta(seconds=30)}
_S = DeliveryStatus


@dataclass(frozen=True, slots=True)
class _Ready:
    """A claimed delivery with all that its call needs."""

    delivery: Delivery
    channel: OpenChannel
    rendition: Rendition
    attempt_id: int
    attempt: int


class Publisher:
    """Sends claimed deliveries, each within its claim."""

    def __init__(self, runtime: Runtime, worker: str) -> None:
        """Work as *worker* (`host:pid`)."""
        self._runtime = runtime
        self._worker = worker
        self._seconds = runtime.config.call_timeout.total_seconds()
        self._follow_up = FollowUp(runtime, worker)

    def publish_batch(self, lane: str, claims: Sequence[Claim]) -> None:
        """Send a batch of one channel type, several at once; one's trouble is not another's."""
        with ThreadPoolExecutor(min(_CONCURRENCY, max(1, len(claims)))) as pool:
            for claim, error in zip(claims, pool.map(self._guarded, claims), strict=True):
                if error is not None:
                    logger.error(
                        "A delivery could not be worked on; its lease will bring it back",
                        exc_info=error,
                        extra={
                            "action": "delivery_error",
                            "delivery": claim.delivery_id,
                            "lane": lane,
                        },
                    )

    def _guarded(self, claim: Claim) -> Exception | None:
        # The database may be away, the disk full: the lease, not this worker, has the last word.
        try:
            self._work(claim)
        except Exception as error:  # noqa: BLE001 - given back and logged with its traceback
            return error
        return None

    def _work(self, claim: Claim) -> None:
        with self._runtime.database.read() as session:
            delivery = _held(session, claim)
        if delivery is None:
            return
        if delivery.status is _S.CLAIMED:
            self._publish(delivery)
        elif delivery.status is _S.UNKNOWN:
            self._follow_up.find(delivery)
        elif delivery.status is _S.ACCEPTED:
            self._follow_up.check(delivery)

    def _publish(self, delivery: Delivery) -> None:
        now = self._runtime.clock()
        if delivery.channel.paused_at is not None or not self._has_time(delivery, now):
            self._release(delivery, now, delivery.next_at)
        elif now > delivery.useful_until:
            self._too_late(delivery, now)
        else:
            self._send(delivery)

    def _has_time(self, delivery: Delivery, now: datetime) -> bool:
        """Tell whether a whole call still fits into the lease."""
        lease = delivery.lease_until
        return lease is not None and now + self._runtime.config.call_timeout < lease

    def _send(self, delivery: Delivery) -> None:
        try:
            channel = open_channel(self._runtime, delivery.channel)
            with self._runtime.database.read() as session:
                rendition = load_rendition(self._runtime, session, delivery.rendition_hash or "")
        except ContentsvcError as error:
            now = self._runtime.clock()
            self._release(delivery, now, now + _PLUGIN_WAIT, error=str(error))
            return
        ready = self._intend(delivery, channel, rendition)
        if ready is None:
            return
        answer = ask(lambda: channel.publish(rendition, key=delivery.key), seconds=self._seconds)
        self._record(ready, answer)

    def _intend(
        self, delivery: Delivery, channel: OpenChannel, rendition: Rendition
    ) -> _Ready | None:
        """Commit the intent; None where the claim is no longer ours and nothing may be sent."""
        number = delivery.attempt_count + 1
        now = self._runtime.clock()
        with self._runtime.database.write() as session:
            ours = move_fenced(
                session,
                delivery.id,
                _S.CLAIMED,
                _S.SENDING,
                by=Actor.WORKER,
                fence=delivery.fence,
                lease_until=now + self._runtime.config.lease,
                attempt_count=number,
                updated_at=now,
            )
            if not ours:
                return None
            attempt = new_attempt(delivery, "publish", number, self._worker, now)
            session.add(attempt)
            session.flush()
            return _Ready(delivery, channel, rendition, attempt.id, number)

    def _record(self, ready: _Ready, answer: Answer) -> None:
        """Write down what came of the call, at once."""
        delivery = ready.delivery
        now = self._runtime.clock()
        step = next_step(
            answer.outcome,
            ready.attempt,
            now=now,
            useful_until=delivery.useful_until,
            retry_after=answer.retry_after,
            jitter=random.random(),  # noqa: S311 - spreads retries, hides nothing
        )
        in_doubt = delivery.in_doubt or answer.outcome is Outcome.UNKNOWN
        if in_doubt and step.status is _S.FAILED:
            # An earlier attempt may be out: refusing this one does not unsay it.
            step = Next(_S.UNKNOWN)
        if answer.outcome is Outcome.PUBLISHED:
            in_doubt = False
        values = recorded(answer, step, now) | {"in_doubt": in_doubt}
        if step.status is _S.UNKNOWN:
            values["next_at"] = now + _SETTLE[ready.channel.idempotent]
        with self._runtime.database.write() as session:
            written = write(session, delivery, _S.SENDING, step.status, values)
            if not written and answer.outcome is Outcome.PUBLISHED:
                # The reaper gave this worker up, but the receipt is the truth.
                written = write(session, delivery, _S.UNKNOWN, _S.PUBLISHED, values)
            _finish(session, ready.attempt_id, answer, now)
            if answer.outcome is Outcome.AUTH:
                pause_channel(session, delivery.channel.name, reason=answer.words, now=now)
        log_outcome(delivery, answer, written=written)

    def _release(
        self, delivery: Delivery, now: datetime, next_at: datetime, error: str = ""
    ) -> None:
        values = {
            "lease_until": None,
            "claimed_by": None,
            "next_at": next_at,
            "error": error,
            "updated_at": now,
        }
        with self._runtime.database.write() as session:
            write(session, delivery, _S.CLAIMED, _S.SCHEDULED, values)

    def _too_late(self, delivery: Delivery, now: datetime) -> None:
        if delivery.in_doubt:
            self._release(delivery, now, now)
            return
        words = "its time went by before it could be sent"
        with self._runtime.database.write() as session:
            values = {"lease_until": None, "error": words, "updated_at": now}
            write(session, delivery, _S.CLAIMED, _S.MISSED, values)


def _held(session: Session, claim: Claim) -> Delivery | None:
    """Return the claimed delivery; None where the claim is no longer the newest."""
    return session.scalar(
        select(Delivery)
        .where(Delivery.id == claim.delivery_id, Delivery.fence == claim.fence)
        .options(joinedload(Delivery.channel))
    )


def _finish(session: Session, attempt_id: int, answer: Answer, now: datetime) -> None:
    session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(finished_at=now, outcome=answer.outcome, words=answer.words)
    )

"""Records every call to a plugin: stores the intent before the call, and the result after it.

Each function handles many calls in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from contentsvc.db.bulk import has_arrays, insert_each, update_each
from contentsvc.db.models import Attempt, Delivery, DeliveryPart
from contentsvc.domain.deliveries import Action, Actor, DeliveryStatus, Outcome
from contentsvc.messages import Message
from contentsvc.services.channel_setup.channels import pause_channel
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.delivery.holds import Hold
from contentsvc.services.delivery.moves import CLAIMS, ClaimMove, begin_sending, move_claims
from contentsvc.services.delivery.tasks import Task, Verdict
from contentsvc.services.ports import Claim
from contentsvc.services.runtime import Runtime

__all__ = ["intend", "postponed", "record", "release", "released"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus
_NO_ERROR = Message.plain("")


_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment]  # a mapped class has one
_ATTEMPTS: Table = Attempt.__table__  # type: ignore[assignment]  # the same
_PARTS: Table = DeliveryPart.__table__  # type: ignore[assignment]  # the same


# Each statement is built once: SQLAlchemy takes longer to build one than a database to run it.


@cache
def _select_claims(*, arrays: bool) -> Select[int, int]:
    return select(_DELIVERIES.c.id, _DELIVERIES.c.fence).where(*CLAIMS.where(arrays=arrays))


@cache
def _select_and_lock(*, arrays: bool) -> Select[int, int, DeliveryStatus]:
    return (
        select(_DELIVERIES.c.id, _DELIVERIES.c.fence, _DELIVERIES.c.status)
        .where(*CLAIMS.where(arrays=arrays))
        .order_by(_DELIVERIES.c.id)
        .with_for_update(of=_DELIVERIES)
    )


def intend(
    runtime: Runtime, session: Session, worker: str, tasks: Sequence[Task], now: datetime
) -> list[Task]:
    """Record the intent to call plugins for *tasks*. Return the tasks whose claims are valid.

    The caller may make only the returned calls, and only after the transaction is committed. The
    other tasks have lost their claims.
    """
    if not tasks:
        return []
    sends = [task.claim for task in tasks if task.action is Action.PUBLISH]
    lease_until = now + runtime.config.lease
    # Compare claims, not delivery ids: a worker may also have an older claim of the same delivery.
    valid_claims = begin_sending(session, sends, lease_until=lease_until, now=now)
    valid_claims |= _valid_follow_ups(session, tasks)
    intended = []
    for task in tasks:
        # Make one call per claim: the queue may have delivered the same job twice.
        if task.claim in valid_claims:
            valid_claims.remove(task.claim)
            intended.append(task)
    insert_each(session.connection(), _ATTEMPTS, [_attempt(task, worker, now) for task in intended])
    return intended


def _valid_follow_ups(session: Session, tasks: Sequence[Task]) -> set[Claim]:
    """Return the valid claims of those *tasks* that look up a post (FIND and POLL)."""
    asked = [_pair(task.claim) for task in tasks if task.action is not Action.PUBLISH]
    if not asked:
        return set()
    connection = session.connection()
    valid = _select_claims(arrays=has_arrays(connection))
    rows = connection.execute(valid, CLAIMS.parameters(connection, asked))
    return {Claim(row.id, row.fence) for row in rows}


def _pair(claim: Claim) -> tuple[int, int]:
    return claim.delivery_id, claim.fence


def _attempt(task: Task, worker: str, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": task.delivery.id,
        "number": task.number,
        "part": task.part.number if task.part else 0,
        "fence": task.delivery.fence,
        "action": task.action.value,
        "worker": worker,
        "expected_at": task.delivery.next_at,
        "started_at": now,
        "words": Message.plain(""),
    }


def record(session: Session, verdicts: Sequence[Verdict], now: datetime) -> list[Verdict]:
    """Store the results of calls. Return the verdicts that changed their delivery's status.

    Only deliveries with valid claims are changed. If a platform refused the credentials, its
    channel is paused.
    """
    if not verdicts:
        return []
    statuses = _lock_valid_claims(session, verdicts)
    moving = [
        (verdict, made)
        for verdict in verdicts
        if (made := _move_of(verdict, statuses.get(verdict.task.claim))) is not None
    ]
    move_claims(session, [made for _, made in moving], Actor.WORKER)
    _store_parts(session, [verdict for verdict, _ in moving], now)
    _finish(session, verdicts, now)
    for verdict in verdicts:
        if verdict.answer.outcome is Outcome.AUTH:
            name = verdict.task.channel.host.name
            pause_channel(session, name, reason=verdict.answer.message, now=now)
    return [verdict for verdict, made in moving if made.after is not made.before]


def _store_parts(session: Session, verdicts: Sequence[Verdict], now: datetime) -> None:
    """Store the receipts of published parts."""
    rows = []
    for verdict in verdicts:
        part, receipt = verdict.task.part, verdict.answer.receipt
        if part is not None and receipt is not None:
            key = {"delivery_id": verdict.task.delivery.id, "number": part.number}
            values = {
                "receipt": {"id": receipt.id, "url": receipt.url},
                "published_at": receipt.published_at or now,
            }
            rows.append((key, values))
    if rows:
        update_each(session.connection(), _PARTS, rows)


def _lock_valid_claims(
    session: Session, verdicts: Sequence[Verdict]
) -> dict[Claim, DeliveryStatus]:
    """Lock the rows of deliveries whose claims are still valid. Return their statuses by claim."""
    claims = [_pair(verdict.task.claim) for verdict in verdicts]
    connection = session.connection()
    locking = _select_and_lock(arrays=has_arrays(connection))
    rows = connection.execute(locking, CLAIMS.parameters(connection, claims))
    return {Claim(row.id, row.fence): row.status for row in rows}


def _move_of(verdict: Verdict, status: DeliveryStatus | None) -> ClaimMove | None:
    """Return the status change that *verdict* makes, or None if it comes too late.

    *verdict* is the result of a call. *status* is the delivery's present status, or None if the
    claim is no longer valid.
    """
    after = verdict.after
    if status is None:
        return None
    # The reaper may have set the delivery to unknown meanwhile; a receipt corrects that.
    is_late_receipt = status is _S.UNKNOWN and after is _S.PUBLISHED
    if status is not verdict.task.action.before and not is_late_receipt:
        return None
    return ClaimMove(verdict.task.claim, status, after, verdict.values)


def _finish(session: Session, verdicts: Sequence[Verdict], now: datetime) -> None:
    rows = []
    for verdict in verdicts:
        task, answer = verdict.task, verdict.answer
        key = {
            "delivery_id": task.delivery.id,
            "fence": task.delivery.fence,
            "action": task.action.value,
        }
        # A search without a result is shown as unknown; its message says that no post was found.
        outcome = Outcome.UNKNOWN if answer.outcome is Outcome.ABSENT else answer.outcome
        rows.append((key, {"finished_at": now, "outcome": outcome, "words": answer.message}))
    update_each(session.connection(), _ATTEMPTS, rows)


def postponed(delivery: ClaimedDelivery, hold: Hold, *, now: datetime) -> ClaimMove:
    """Return a status change by which a claimed delivery waits until *hold* ends.

    The delivery becomes `missed` if the hold ends after it is still useful, unless it may be out.
    """
    useful = hold.until <= delivery.useful_until or delivery.may_be_out
    after = _S.SCHEDULED if useful else _S.MISSED
    # The end of the red switch or of a pause is not known, so these holds end soon and are renewed.
    return released(delivery, now=now, next_at=hold.until, error=hold.reason, after=after)


def released(
    delivery: ClaimedDelivery,
    *,
    now: datetime,
    next_at: datetime,
    error: Message = _NO_ERROR,
    after: DeliveryStatus = _S.SCHEDULED,
) -> ClaimMove:
    """Return a status change that ends a delivery's claim without a call to the plugin.

    The delivery gets the status *after* and is claimed again at *next_at*.
    """
    values = {
        "lease_until": None,
        "claimed_by": None,
        "next_at": next_at,
        "error": error,
        "updated_at": now,
    }
    return ClaimMove(delivery.claim, _S.CLAIMED, after, values)


def release(session: Session, releases: Sequence[ClaimMove]) -> None:
    """Write the status changes *releases*, which end claims without a call, to the database."""
    move_claims(session, releases, Actor.WORKER)

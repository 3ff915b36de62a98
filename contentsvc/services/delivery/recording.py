"""Intents before the calls, receipts after them: both durable, several in one transaction."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, Update, bindparam, literal_column, select, update
from sqlalchemy.orm import Session

from contentsvc.db.bulk import Among, has_arrays, insert_each, update_each
from contentsvc.db.models import Attempt, Delivery
from contentsvc.domain.deliveries import Actor, DeliveryStatus, Outcome, check_move
from contentsvc.services.channel_setup.channels import pause_channel
from contentsvc.services.delivery.tasks import Action, Held, Task, Verdict
from contentsvc.services.posting_limits import Hold
from contentsvc.services.runtime import Runtime

__all__ = ["HELD", "give_back", "give_back_held", "intend", "record"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus


_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment]  # a mapped class has one
_ATTEMPTS: Table = Attempt.__table__  # type: ignore[assignment]  # the same
#: The condition that a delivery is one of those given as pairs of id and fence.
HELD = Among(_DELIVERIES, "id", "fence")


# Each statement is made once: SQLAlchemy takes longer to build one than a database to run it.


@cache
def _begin(*, arrays: bool) -> Update:
    return (
        update(_DELIVERIES)
        # Without the `|| ''` SQLite would go through all that is claimed, and not to these few.
        .where(
            _DELIVERIES.c.status.concat(literal_column("''")) == _S.CLAIMED,
            *HELD.where(arrays=arrays),
        )
        .values(
            status=_S.SENDING,
            lease_until=bindparam("lease_until"),
            attempt_count=_DELIVERIES.c.attempt_count + 1,
            updated_at=bindparam("now"),
        )
        .returning(_DELIVERIES.c.id, _DELIVERIES.c.fence)
    )


@cache
def _still(*, arrays: bool) -> Select[int, int]:
    return select(_DELIVERIES.c.id, _DELIVERIES.c.fence).where(*HELD.where(arrays=arrays))


@cache
def _locking(*, arrays: bool) -> Select[int, int, DeliveryStatus]:
    return (
        select(_DELIVERIES.c.id, _DELIVERIES.c.fence, _DELIVERIES.c.status)
        .where(*HELD.where(arrays=arrays))
        .order_by(_DELIVERIES.c.id)
        .with_for_update(of=_DELIVERIES)
    )


def intend(
    runtime: Runtime, session: Session, worker: str, tasks: Sequence[Task], now: datetime
) -> list[Task]:
    """Write that these calls are about to be made; return those that still may be.

    A task that is not among them lost its claim meanwhile, and nothing may be sent for it. The
    others' calls may begin once the transaction is committed.
    """
    if not tasks:
        return []
    check_move(_S.CLAIMED, _S.SENDING, Actor.WORKER)
    places = [_place(task) for task in tasks if task.action is Action.PUBLISH]
    connection = session.connection()
    given = HELD.given(connection, places)
    given |= {"lease_until": now + runtime.config.lease, "now": now}
    begun = connection.execute(_begin(arrays=has_arrays(connection)), given)
    # By the claim, and not by the delivery alone: a worker may hold an older claim of the same one.
    ours = {(row.id, row.fence) for row in begun} | _still_asked(session, tasks)
    kept = []
    for task in tasks:
        # Once for each claim: a job may have come to this worker twice.
        if _place(task) in ours:
            ours.remove(_place(task))
            kept.append(task)
    insert_each(connection, _ATTEMPTS, [_attempt(task, worker, now) for task in kept])
    return kept


def _place(task: Task) -> tuple[int, int]:
    return task.delivery.id, task.delivery.fence


def _still_asked(session: Session, tasks: Sequence[Task]) -> set[tuple[int, int]]:
    """Return the claims of the deliveries to ask about that nobody has taken over."""
    asked = [_place(task) for task in tasks if task.action is not Action.PUBLISH]
    if not asked:
        return set()
    connection = session.connection()
    still = _still(arrays=has_arrays(connection))
    rows = connection.execute(still, HELD.given(connection, asked))
    return {(row.id, row.fence) for row in rows}


def _attempt(task: Task, worker: str, now: datetime) -> dict[str, Any]:
    return {
        "delivery_id": task.delivery.id,
        "number": task.number,
        "fence": task.delivery.fence,
        "action": task.action.value,
        "worker": worker,
        "started_at": now,
        "words": "",
    }


def record(session: Session, verdicts: Sequence[Verdict], now: datetime) -> list[Verdict]:
    """Write down what the calls made of their deliveries, as far as the claims still hold.

    Returns those that moved theirs.
    """
    if not verdicts:
        return []
    standing = _standing(session, verdicts)
    moves = [
        (verdict, before)
        for verdict in verdicts
        if (before := _moves_from(verdict, standing)) is not None
    ]
    for verdict, before in moves:
        assert verdict.after is not None
        check_move(before, verdict.after, Actor.WORKER)
    _write(session, moves)
    _finish(session, verdicts, now)
    for verdict in verdicts:
        if verdict.answer.outcome is Outcome.AUTH and verdict.task.action is Action.PUBLISH:
            name = verdict.task.channel.host.name
            pause_channel(session, name, reason=verdict.answer.words, now=now)
    return [verdict for verdict, _ in moves]


def _standing(
    session: Session, verdicts: Sequence[Verdict]
) -> dict[tuple[int, int], DeliveryStatus]:
    """Lock the deliveries whose claims still hold, and return how they stand, by the claim."""
    places = [_place(verdict.task) for verdict in verdicts]
    connection = session.connection()
    locking = _locking(arrays=has_arrays(connection))
    rows = connection.execute(locking, HELD.given(connection, places))
    return {(row.id, row.fence): row.status for row in rows}


def _moves_from(
    verdict: Verdict, standing: dict[tuple[int, int], DeliveryStatus]
) -> DeliveryStatus | None:
    """Return the status from which a verdict moves its delivery; None where it moves nothing."""
    now_in = standing.get(_place(verdict.task))
    if verdict.after is None or now_in is None:
        return None
    if now_in is verdict.task.action.before:
        return now_in
    # The reaper gave this worker up, but the receipt is the truth.
    late = now_in is _S.UNKNOWN and verdict.after is _S.PUBLISHED
    return now_in if late else None


def _write(session: Session, moves: Sequence[tuple[Verdict, DeliveryStatus]]) -> None:
    """Make the moves, those that write the same columns in one statement."""
    rows: dict[tuple[str, ...], list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for verdict, before in moves:
        delivery = verdict.task.delivery
        key = {"id": delivery.id, "fence": delivery.fence, "status": before}
        values = {"status": verdict.after, **verdict.values}
        rows[tuple(values)].append((key, values))
    for same in rows.values():
        update_each(session.connection(), _DELIVERIES, same)


def _finish(session: Session, verdicts: Sequence[Verdict], now: datetime) -> None:
    rows = []
    for verdict in verdicts:
        task, answer = verdict.task, verdict.answer
        key = {
            "delivery_id": task.delivery.id,
            "fence": task.delivery.fence,
            "action": task.action.value,
        }
        rows.append((key, {"finished_at": now, "outcome": answer.outcome, "words": answer.words}))
    update_each(session.connection(), _ATTEMPTS, rows)


def give_back_held(session: Session, delivery: Held, why: Hold, *, now: datetime) -> None:
    """Let a claimed delivery go that must not be sent now; one that would be too late is missed."""
    useful = why.until <= delivery.useful_until or delivery.in_doubt
    after = _S.SCHEDULED if useful else _S.MISSED
    # A switch is turned back sooner or later; only the hours and the quotas tell until when.
    give_back(session, delivery, now=now, next_at=why.until, error=why.words, after=after)


def give_back(
    session: Session,
    delivery: Held,
    *,
    now: datetime,
    next_at: datetime,
    error: str = "",
    after: DeliveryStatus = _S.SCHEDULED,
) -> None:
    """Let a claimed delivery go, to be claimed again at *next_at*; nothing of it was sent."""
    check_move(_S.CLAIMED, after, Actor.WORKER)
    session.execute(
        update(Delivery)
        .where(
            Delivery.id == delivery.id,
            Delivery.fence == delivery.fence,
            Delivery.status == _S.CLAIMED,
        )
        .values(
            status=after,
            lease_until=None,
            claimed_by=None,
            next_at=next_at,
            error=error,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )

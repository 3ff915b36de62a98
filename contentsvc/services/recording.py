"""Intents before the calls, receipts after them: both durable, several in one transaction."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Table, Update, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from contentsvc.db.models import Attempt, Delivery
from contentsvc.domain.deliveries import Actor, DeliveryStatus, Outcome, check_move
from contentsvc.services.channels import pause_channel
from contentsvc.services.pacing import Hold
from contentsvc.services.runtime import Runtime
from contentsvc.services.tasks import Action, Held, Task, Verdict

__all__ = ["HELD", "give_back", "give_back_held", "held_places", "intend", "record"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus


# Each statement is made once: SQLAlchemy takes longer to build one than SQLite to run it.
_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment]  # a mapped class has one
_ATTEMPTS: Table = Attempt.__table__  # type: ignore[assignment]  # the same
#: The condition that a delivery is one of those that `held_places` names.
HELD = (
    # The ids stand by themselves too: SQLite finds no index for pairs and would read the table.
    _DELIVERIES.c.id.in_(bindparam("ids", expanding=True)),
    tuple_(_DELIVERIES.c.id, _DELIVERIES.c.fence).in_(bindparam("places", expanding=True)),
)
_BEGIN = (
    update(_DELIVERIES)
    .where(_DELIVERIES.c.status == _S.CLAIMED, *HELD)
    .values(
        status=_S.SENDING,
        lease_until=bindparam("lease_until"),
        attempt_count=_DELIVERIES.c.attempt_count + 1,
        updated_at=bindparam("now"),
    )
    .returning(_DELIVERIES.c.id)
)
_STILL = select(_DELIVERIES.c.id).where(*HELD)
_NOTE = insert(_ATTEMPTS)
_STANDING = (
    select(_DELIVERIES.c.id, _DELIVERIES.c.status)
    .where(*HELD)
    .order_by(_DELIVERIES.c.id)
    .with_for_update()
)
_FINISH = (
    update(_ATTEMPTS)
    .where(
        _ATTEMPTS.c.delivery_id == bindparam("b_delivery"),
        _ATTEMPTS.c.fence == bindparam("b_fence"),
        _ATTEMPTS.c.action == bindparam("b_action"),
    )
    .values(
        finished_at=bindparam("finished_at"),
        outcome=bindparam("outcome"),
        words=bindparam("words"),
    )
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
    begun = session.connection().execute(
        _BEGIN, {**held_places(places), "lease_until": now + runtime.config.lease, "now": now}
    )
    ours = set(begun.scalars()) | _still_asked(session, tasks)
    kept = [task for task in tasks if task.delivery.id in ours]
    if kept:
        rows = [_attempt(task, worker, now) for task in kept]
        session.connection().execute(_NOTE, rows)
    return kept


def held_places(places: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Return the parameters of `HELD` for *places*: pairs of id and fence."""
    return {"ids": [delivery_id for delivery_id, _ in places], "places": list(places)}


def _place(task: Task) -> tuple[int, int]:
    return task.delivery.id, task.delivery.fence


def _still_asked(session: Session, tasks: Sequence[Task]) -> set[int]:
    """Return the deliveries to ask about that nobody has taken over."""
    asked = [_place(task) for task in tasks if task.action is not Action.PUBLISH]
    if not asked:
        return set()
    return set(session.connection().execute(_STILL, held_places(asked)).scalars())


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


def _standing(session: Session, verdicts: Sequence[Verdict]) -> dict[int, DeliveryStatus]:
    """Lock the deliveries whose claims still hold, and return how they stand."""
    places = [_place(verdict.task) for verdict in verdicts]
    return dict(session.connection().execute(_STANDING, held_places(places)).all())


def _moves_from(verdict: Verdict, standing: dict[int, DeliveryStatus]) -> DeliveryStatus | None:
    """Return the status from which a verdict moves its delivery; None where it moves nothing."""
    now_in = standing.get(verdict.task.delivery.id)
    if verdict.after is None or now_in is None:
        return None
    if now_in is verdict.task.action.before:
        return now_in
    # The reaper gave this worker up, but the receipt is the truth.
    late = now_in is _S.UNKNOWN and verdict.after is _S.PUBLISHED
    return now_in if late else None


def _write(session: Session, moves: Sequence[tuple[Verdict, DeliveryStatus]]) -> None:
    """Make the moves, those that write the same columns in one statement."""
    rows = [
        {
            "b_id": verdict.task.delivery.id,
            "b_fence": verdict.task.delivery.fence,
            "b_status": before,
            "status": verdict.after,
            **verdict.values,
        }
        for verdict, before in moves
    ]
    for columns, same in groupby(sorted(rows, key=_columns), key=_columns):
        session.connection().execute(_writing(columns), list(same))


@lru_cache(maxsize=64)
def _writing(columns: tuple[str, ...]) -> Update:
    return (
        update(_DELIVERIES)
        .where(
            _DELIVERIES.c.id == bindparam("b_id"),
            _DELIVERIES.c.fence == bindparam("b_fence"),
            _DELIVERIES.c.status == bindparam("b_status"),
        )
        .values({name: bindparam(name) for name in columns if not name.startswith("b_")})
    )


def _columns(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(row))


def _finish(session: Session, verdicts: Sequence[Verdict], now: datetime) -> None:
    rows = [
        {
            "b_delivery": verdict.task.delivery.id,
            "b_fence": verdict.task.delivery.fence,
            "b_action": verdict.task.action.value,
            "finished_at": now,
            "outcome": verdict.answer.outcome,
            "words": verdict.answer.words,
        }
        for verdict in verdicts
    ]
    session.connection().execute(_FINISH, rows)


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

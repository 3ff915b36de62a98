"""Moves, which are changes of a delivery's status, each made by one conditional UPDATE.

No other module writes `Delivery.status`; `tests/test_delivery_moves.py` checks this. Every function
checks the move against `domain.deliveries.MOVES` before it writes. No function commits; that is
left to the caller.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Integer,
    Row,
    Table,
    Update,
    bindparam,
    false,
    func,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.orm import Session

from contentsvc.db.bulk import Among, has_arrays, update_each
from contentsvc.db.models import WAITING_SQL, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import WAITING, Actor, DeliveryStatus, check_move
from contentsvc.services.ports import Claim

__all__ = [
    "AFRESH",
    "CAN_BE_CLAIMED",
    "CLAIMS",
    "DUE_ORDER",
    "ClaimMove",
    "begin_sending",
    "claim_due",
    "is_approved",
    "move",
    "move_claims",
    "move_one",
]

_S = DeliveryStatus
_DELIVERIES: Table = Delivery.__table__  # type: ignore[assignment]  # a mapped class has one

#: The condition that the id and fence of a delivery are those of one of the claims.
CLAIMS = Among(_DELIVERIES, "id", "fence")

#: The columns to write if a delivery's next attempt is independent of the earlier ones, because a
#: person decided that the post is not out, or because the delivery is planned again.
AFRESH: Mapping[str, Any] = {"first_sent_at": None, "poll_until": None, "follow_ups": 0}
#: The columns to write if a delivery is planned again: it may then have other parts.
_PLANNED_AGAIN = {**AFRESH, "part_count": 0, "parts_out": 0}


@dataclass(frozen=True, slots=True)
class ClaimMove:
    """A change of a claimed delivery's status. It is made only if the claim is still valid."""

    claim: Claim
    before: DeliveryStatus
    #: The new status. If it is the same as *before*, only the other columns are written.
    after: DeliveryStatus
    #: Other columns to write with the status.
    values: Mapping[str, Any]


def move(
    session: Session,
    before: DeliveryStatus,
    after: DeliveryStatus,
    by: Actor,
    *where: ColumnElement[bool],
    **values: Any,
) -> list[int]:
    """Change the status of deliveries from *before* to *after*, and return their ids.

    Only deliveries that meet the conditions *where* are changed. *values* are other columns to
    write with the status.

    Raises:
        IllegalMoveError: the actor *by* may never make this move.
    """
    check_move(before, after, by)
    moved = session.execute(
        update(Delivery)
        .where(Delivery.status == before, *where)
        .values({**(_PLANNED_AGAIN if after is _S.PLANNED else {}), **values, "status": after})
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    )
    return list(moved.scalars())


def move_one(
    session: Session, delivery: Delivery, after: DeliveryStatus, by: Actor, **values: Any
) -> bool:
    """Change a delivery's status to *after*. Return False if it has been changed by others since.

    In that case nothing is written. Otherwise *delivery* is reloaded from the database.

    Raises:
        IllegalMoveError: the actor *by* may never make this move.
    """
    check_move(delivery.status, after, by)
    result = session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.status == delivery.status)
        .values({**(_PLANNED_AGAIN if after is _S.PLANNED else {}), **values, "status": after})
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        return False
    session.refresh(delivery)
    return True


def move_claims(session: Session, moves: Sequence[ClaimMove], by: Actor) -> None:
    """Make the status changes *moves*. Deliveries that were claimed again or changed are skipped.

    Raises:
        IllegalMoveError: the actor *by* may never make one of these moves; no move was made.
    """
    rows: dict[tuple[str, ...], list[tuple[dict[str, Any], dict[str, Any]]]] = defaultdict(list)
    for made in moves:
        if made.after is not made.before:
            check_move(made.before, made.after, by)
        key = {"id": made.claim.delivery_id, "fence": made.claim.fence, "status": made.before}
        values = {"status": made.after, **made.values}
        # One statement writes the same columns in all of its rows.
        rows[tuple(values)].append((key, values))
    for same in rows.values():
        update_each(session.connection(), _DELIVERIES, same)


# The statements below are built once: SQLAlchemy takes longer to build one than a database takes to
# run it.

# The channel is checked in a subquery, with which the database reads only the first rows of the
# index. With a join it would go through every due delivery before sorting.
CAN_BE_CLAIMED = (
    text(f"deliveries.{WAITING_SQL}"),
    select(ChannelRow.paused_at.is_(None) & ChannelRow.type.in_(bindparam("types", expanding=True)))
    .where(ChannelRow.id == Delivery.channel_id)
    .correlate(Delivery)
    .scalar_subquery(),
)
#: The order in which deliveries are claimed, which is the order of index `ix_deliveries_waiting`.
DUE_ORDER = (Delivery.next_at, Delivery.due_at, Delivery.id)
_CLAIM_DUE = (
    update(Delivery)
    # The subquery locks the rows as it found them. With a second condition on their status, SQLite
    # would go through all waiting deliveries instead of these.
    .where(
        Delivery.id.in_(
            select(Delivery.id)
            .where(Delivery.next_at <= bindparam("due_until"), *CAN_BE_CLAIMED)
            .order_by(*DUE_ORDER)
            .limit(bindparam("most", type_=Integer))
            .with_for_update(skip_locked=True, of=Delivery)
        )
    )
    .values(
        status=_S.CLAIMED,
        fence=Delivery.fence + 1,
        lease_until=bindparam("lease_until"),
        claimed_by=bindparam("claimed_by"),
        updated_at=bindparam("now"),
    )
    .returning(Delivery.id, Delivery.fence, Delivery.channel_id, Delivery.next_at)
    .execution_options(synchronize_session=False)
)


def is_approved() -> ColumnElement[bool]:
    """Return the SQL condition that a delivery's approval is still the approval of its entry."""
    # With EXISTS, PostgreSQL would join all entries with these few deliveries.
    present = (
        select(Entry.approval_hash)
        .where(Entry.id == _DELIVERIES.c.entry_id, Entry.deleted_at.is_(None))
        .correlate(_DELIVERIES)
        .scalar_subquery()
    )
    # Without a present approval the comparison is NULL, and so would be its negation.
    return func.coalesce(_DELIVERIES.c.approval_hash == present, false())


def claim_due(
    session: Session,
    *,
    due_until: datetime,
    most: int,
    types: Collection[str],
    lease_until: datetime,
    claimed_by: str,
    now: datetime,
) -> Sequence[Row[int, int, int, datetime]]:
    """Claim (reserve) up to *most* waiting deliveries due by *due_until*; return one row for each.

    The earliest are claimed first. Deliveries on paused channels, and on channels of other *types*,
    are not claimed. The rows have id, new fence, channel id and `next_at`, in no particular order.
    """
    for before in WAITING:
        check_move(before, _S.CLAIMED, Actor.DISPATCHER)
    parameters = {
        "due_until": due_until,
        "most": most,
        "types": list(types),
        "lease_until": lease_until,
        "claimed_by": claimed_by,
        "now": now,
    }
    return session.execute(_CLAIM_DUE, parameters).all()


@cache
def _begin_sending(*, arrays: bool) -> Update:
    return (
        update(_DELIVERIES)
        # Without the `|| ''` SQLite would go through all claimed deliveries instead of these few.
        .where(
            _DELIVERIES.c.status.concat(literal_column("''")) == _S.CLAIMED,
            *CLAIMS.where(arrays=arrays),
            is_approved(),
        )
        .values(
            status=_S.SENDING,
            lease_until=bindparam("lease_until"),
            attempt_count=_DELIVERIES.c.attempt_count + 1,
            first_sent_at=func.coalesce(_DELIVERIES.c.first_sent_at, bindparam("now")),
            updated_at=bindparam("now"),
        )
        .returning(_DELIVERIES.c.id, _DELIVERIES.c.fence)
    )


def begin_sending(
    session: Session, claims: Iterable[Claim], *, lease_until: datetime, now: datetime
) -> set[Claim]:
    """Set the deliveries of valid *claims* to the status `sending`; return the valid claims.

    A delivery is not sent if the approval of its entry has changed since the delivery was planned.
    """
    check_move(_S.CLAIMED, _S.SENDING, Actor.WORKER)
    connection = session.connection()
    parameters = CLAIMS.parameters(
        connection, [(claim.delivery_id, claim.fence) for claim in claims]
    )
    parameters |= {"lease_until": lease_until, "now": now}
    rows = connection.execute(_begin_sending(arrays=has_arrays(connection)), parameters)
    return {Claim(row.id, row.fence) for row in rows}

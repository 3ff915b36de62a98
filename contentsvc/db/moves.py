"""A delivery's moves: each one conditional UPDATE."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CursorResult, update
from sqlalchemy.orm import Session

from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import Actor, DeliveryStatus, check_move

__all__ = ["move", "move_fenced"]


def move(
    session: Session, delivery: Delivery, after: DeliveryStatus, *, by: Actor, **values: Any
) -> bool:
    """Move a delivery from the status it was read in; False where another was faster.

    Raises:
        IllegalMoveError: *by* may never make this move.
    """
    check_move(delivery.status, after, by)
    statement = (
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.status == delivery.status)
        .values(status=after, **values)
        .execution_options(synchronize_session=False)
    )
    changed = _changed(session, statement)
    if changed:
        session.refresh(delivery)
    return changed


def move_fenced(
    session: Session,
    delivery_id: int,
    before: DeliveryStatus,
    after: DeliveryStatus,
    *,
    by: Actor,
    fence: int,
    **values: Any,
) -> bool:
    """Move a claimed delivery as the holder of *fence*; False where the claim is no longer ours."""
    check_move(before, after, by)
    statement = (
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.status == before, Delivery.fence == fence)
        .values(status=after, **values)
        .execution_options(synchronize_session=False)
    )
    return _changed(session, statement)


def _changed(session: Session, statement: Any) -> bool:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1

"""Deliveries: looked at, and brought on by a person where the service cannot."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import Actor, DeliveryStatus
from contentsvc.domain.entries import EntryStatus
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.services.delivery.moves import move_one
from contentsvc.services.planning import Usefulness
from contentsvc.services.replanning import tells_otherwise

__all__ = [
    "ATTENTION",
    "Resolution",
    "get_delivery",
    "list_deliveries",
    "needs_attention",
    "plan_again",
    "resolve_delivery",
]

_S = DeliveryStatus
#: A person should look at these.
ATTENTION = (_S.UNKNOWN, _S.FAILED, _S.MISSED, _S.HANDED_OFF)


class Resolution(StrEnum):
    """What a person decides about a delivery that the service cannot settle."""

    #: It is out.
    OUT = "out"
    #: It is not out; send it.
    SEND_AGAIN = "send-again"
    #: It is not out and is not wanted any more.
    DROP = "drop"


def list_deliveries(
    session: Session,
    *,
    status: DeliveryStatus | None = None,
    channel: str | None = None,
    calendar: str | None = None,
    limit: int = 50,
    before_id: int | None = None,
) -> list[Delivery]:
    """Return deliveries, the newest first; *before_id* goes on after a page's last."""
    query = _with_context().order_by(Delivery.id.desc()).limit(limit)
    if status is not None:
        query = query.where(Delivery.status == status)
    if channel is not None:
        query = query.join(ChannelRow).where(ChannelRow.name == channel)
    if calendar is not None:
        query = query.join(Entry).join(Calendar).where(Calendar.slug == calendar)
    if before_id is not None:
        query = query.where(Delivery.id < before_id)
    return list(session.scalars(query))


def needs_attention(session: Session, limit: int = 50) -> list[Delivery]:
    """Return the deliveries that a person should look at, the newest first."""
    query = _with_context().where(Delivery.status.in_(ATTENTION))
    return list(session.scalars(query.order_by(Delivery.due_at.desc()).limit(limit)))


def get_delivery(session: Session, delivery_id: int) -> Delivery:
    """Return a delivery with its entry, channel and attempts; NotFoundError where there is none."""
    query = _with_context().where(Delivery.id == delivery_id)
    delivery = session.scalar(query.options(selectinload(Delivery.attempts)))
    if delivery is None:
        raise NotFoundError(f"there is no delivery {delivery_id}")
    return delivery


def _with_context() -> Select[Delivery]:
    return select(Delivery).options(
        joinedload(Delivery.entry).joinedload(Entry.calendar), joinedload(Delivery.channel)
    )


def resolve_delivery(
    session: Session,
    delivery_id: int,
    resolution: Resolution,
    *,
    url: str | None = None,
    by: str,
    now: datetime,
    usefulness: Usefulness,
) -> Delivery:
    """Settle a delivery that is unknown or handed off, as a person has found it to be.

    *url* is where it can be seen, with OUT.

    Raises:
        InputError: it is in no state for a person to settle, its entry is not approved and
            cannot be sent again, it tells of a livestream what is no longer so, or the address
            is none.
        ConflictError: somebody else was faster.
    """
    delivery = get_delivery(session, delivery_id)
    if delivery.status not in {_S.UNKNOWN, _S.HANDED_OFF}:
        raise InputError(f"delivery {delivery_id} is {delivery.status}; there is nothing to settle")
    note = f"{by}: {resolution}"
    if resolution is Resolution.OUT:
        receipt = {"id": "", "url": _checked_url(url), "by": by}
        _must_move(
            session, delivery, _S.PUBLISHED, now, receipt=receipt, published_at=now, error=""
        )
    elif resolution is Resolution.DROP:
        _must_move(session, delivery, _S.FAILED, now, error=note)
    elif delivery.status is _S.HANDED_OFF:
        raise InputError("a delivery that was handed off is finished by a person, not sent again")
    else:
        _require_wanted(delivery)
        if tells_otherwise(delivery.entry, delivery):
            raise InputError("its livestream has changed since; give it up, then plan it again")
        until = usefulness.useful_until(delivery.entry.kind, now)
        values = {"next_at": now, "useful_until": max(until, delivery.useful_until), "error": note}
        _must_move(session, delivery, _S.RETRYING, now, **values)
    return delivery


def plan_again(
    session: Session,
    delivery_id: int,
    *,
    by: str,
    now: datetime,
    usefulness: Usefulness,
    at: datetime | None = None,
) -> Delivery:
    """Plan a delivery that failed, was missed or was cancelled for *at* (UTC), or for now.

    Raises:
        InputError: it is in another state, its entry is not approved, or *at* is past.
        ConflictError: somebody else was faster.
    """
    delivery = get_delivery(session, delivery_id)
    if delivery.status not in {_S.FAILED, _S.MISSED, _S.CANCELLED}:
        raise InputError(f"delivery {delivery_id} is {delivery.status} and cannot be planned again")
    _require_wanted(delivery)
    due_at = at or now
    if due_at < now:
        raise InputError("that time has gone by; choose a later one", field="at")
    _must_move(
        session,
        delivery,
        _S.PLANNED,
        now,
        due_at=due_at,
        next_at=due_at,
        useful_until=usefulness.useful_until(delivery.entry.kind, due_at),
        rendition_hash=None,
        error=f"{by} planned it again",
    )
    return delivery


def _must_move(
    session: Session, delivery: Delivery, after: DeliveryStatus, now: datetime, **values: Any
) -> None:
    moved = move_one(
        session,
        delivery,
        after,
        Actor.PERSON,
        # What a worker may still be finding out no longer counts.
        fence=Delivery.fence + 1,
        lease_until=None,
        in_doubt=False,
        told_at=None,
        updated_at=now,
        **values,
    )
    if not moved:
        raise ConflictError("somebody else has settled it meanwhile; look again")


def _require_wanted(delivery: Delivery) -> None:
    if delivery.entry.status is not EntryStatus.APPROVED or delivery.entry.deleted_at is not None:
        raise InputError("its entry is not approved; approve it first")


def _checked_url(url: str | None) -> str | None:
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        raise InputError("give an address that begins with https:// or http://", field="url")
    return url

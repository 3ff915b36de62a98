"""Find deliveries (planned or past publications), and apply people's decisions about them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, exists, select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import Actor, DeliveryStatus
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.messages import Message
from contentsvc.services.approvals import is_sendable
from contentsvc.services.delivery.moves import AFRESH, move_one
from contentsvc.services.planning import Usefulness
from contentsvc.services.replanning import is_outdated

__all__ = [
    "ATTENTION",
    "Resolution",
    "get_delivery",
    "list_deliveries",
    "needs_attention",
    "plan_again",
    "resolve_delivery",
    "shown_receipt",
]

_S = DeliveryStatus
#: Statuses of deliveries that need a person's attention.
ATTENTION = (_S.UNKNOWN, _S.FAILED, _S.MISSED, _S.HANDED_OFF)


class Resolution(StrEnum):
    """A person's decision about a delivery whose result the service cannot find out."""

    #: The post is published; of a post with parts, the next part, and the rest is to be sent.
    OUT = "out"
    #: The post, or its next part, is not published, and is to be sent again with the rest.
    SEND_AGAIN = "send-again"
    #: The post is not published, and is not to be sent; of a post with parts, the rest.
    DROP = "drop"


def list_deliveries(
    session: Session,
    *,
    status: DeliveryStatus | None = None,
    channel: str | None = None,
    calendar: str | None = None,
    limit: int = 50,
    before_id: int | None = None,
    calendar_ids: Collection[int] | None = None,
) -> list[Delivery]:
    """Return up to *limit* deliveries that match all given filters, the newest first.

    *calendar_ids* are the calendars that the person may see; None for all of them.
    *before_id* is the id of the last delivery on the previous page.
    """
    query = _with_context().order_by(Delivery.id.desc()).limit(limit)
    if status is not None:
        query = query.where(Delivery.status == status)
    if channel is not None:
        query = query.join(ChannelRow).where(ChannelRow.name == channel)
    if calendar is not None:
        query = query.join(Entry).join(Calendar).where(Calendar.slug == calendar)
    if before_id is not None:
        query = query.where(Delivery.id < before_id)
    return list(session.scalars(_within(query, calendar_ids)))


def needs_attention(
    session: Session, limit: int = 50, calendar_ids: Collection[int] | None = None
) -> list[Delivery]:
    """Return up to *limit* deliveries that need a person's attention, by due time, latest first.

    *calendar_ids* are the calendars that the person may see; None for all of them.
    """
    query = _within(_with_context().where(Delivery.status.in_(ATTENTION)), calendar_ids)
    return list(session.scalars(query.order_by(Delivery.due_at.desc()).limit(limit)))


def _within(query: Select[Delivery], calendar_ids: Collection[int] | None) -> Select[Delivery]:
    if calendar_ids is None:
        return query
    # An entry is looked up for each delivery, in the order of the deliveries' index.
    is_visible = exists().where(Entry.id == Delivery.entry_id, Entry.calendar_id.in_(calendar_ids))
    return query.where(is_visible)


def get_delivery(session: Session, delivery_id: int) -> Delivery:
    """Return a delivery with its entry, channel and attempts.

    Raises:
        NotFoundError: no delivery has this id.
    """
    query = _with_context().where(Delivery.id == delivery_id)
    delivery = session.scalar(
        query.options(selectinload(Delivery.attempts), selectinload(Delivery.parts))
    )
    if delivery is None:
        raise NotFoundError("delivery-unknown-number", id=delivery_id)
    return delivery


def shown_receipt(delivery: Delivery) -> dict[str, Any] | None:
    """Return a delivery's receipt without the values that are meant for its plugin only."""
    if delivery.receipt is None:
        return None
    hidden = {"token", "raw_id"}
    return {name: value for name, value in delivery.receipt.items() if name not in hidden}


def _with_context() -> Select[Delivery]:
    return select(Delivery).options(
        joinedload(Delivery.entry).joinedload(Entry.calendar), joinedload(Delivery.channel)
    )


def resolve_delivery(
    session: Session,
    delivery_id: int,
    resolution: Resolution,
    *,
    part: int | None = None,
    url: str | None = None,
    by: str,
    now: datetime,
    usefulness: Usefulness,
) -> Delivery:
    """Apply a person's decision about a delivery that the service cannot finish by itself.

    The delivery is unknown or handed off. *url* is the address of the published post. It is ignored
    unless the resolution is OUT. If a post has several parts, the decision is about the next part:
    after OUT the service sends the part that follows, and after DROP the delivery is published with
    the parts that are out. *part* is the number of the part that the person saw, if any.

    Raises:
        InputError: the delivery has another status, *url* is not a web address, or the delivery
            cannot be sent again because its entry is not approved, its livestream has changed, or
            it was handed off.
        ConflictError: the delivery was changed meanwhile, or *part* is no longer the next part.
    """
    delivery = get_delivery(session, delivery_id)
    if part is not None and part != delivery.parts_out + 1:
        raise ConflictError("delivery-settled-meanwhile")
    if delivery.status not in {_S.UNKNOWN, _S.HANDED_OFF}:
        raise InputError("delivery-nothing-to-settle", id=delivery_id, status=_status(delivery))
    if resolution is Resolution.OUT:
        receipt = {"id": "", "url": _checked_url(url), "by": by}
        _confirm(session, delivery, receipt, now, usefulness)
    elif resolution is Resolution.DROP and delivery.parts_out:
        _must_move(
            session,
            delivery,
            _S.PUBLISHED,
            now,
            receipt=delivery.parts[0].receipt,
            published_at=delivery.parts[delivery.parts_out - 1].published_at,
            error=Message("delivery-rest-dropped", name=by),
        )
    elif resolution is Resolution.DROP:
        error = Message("delivery-given-up", name=by)
        _must_move(session, delivery, _S.FAILED, now, error=error)
    elif delivery.status is _S.HANDED_OFF:
        raise InputError("delivery-handed-off-to-person")
    else:
        _require_wanted(delivery)
        if is_outdated(delivery.entry, delivery):
            raise InputError("delivery-livestream-changed")
        if delivery.approval_hash != delivery.entry.approval_hash:
            raise InputError("delivery-approval-changed")
        _must_move(
            session,
            delivery,
            # After an earlier database was restored, it may not have been rendered.
            _S.PLANNED if delivery.rendition_hash is None else _S.RETRYING,
            now,
            **_sent_now(delivery, now, usefulness),
            error=Message("delivery-sent-again", name=by),
        )
    return delivery


def _confirm(
    session: Session,
    delivery: Delivery,
    receipt: dict[str, Any],
    now: datetime,
    usefulness: Usefulness,
) -> None:
    """Record that the post, or its next part, is published; if parts are left, send them."""
    number = delivery.parts_out + 1
    values: dict[str, Any] = {"receipt": receipt, "error": ""}
    if delivery.part_count:
        part = delivery.parts[number - 1]
        part.receipt, part.published_at = receipt, now
        values |= {"receipt": delivery.parts[0].receipt, "parts_out": number}
    if number < delivery.part_count:
        _require_wanted(delivery)
        values |= _sent_now(delivery, now, usefulness)
        _must_move(session, delivery, _S.SCHEDULED, now, attempt_count=0, **values)
    else:
        _must_move(session, delivery, _S.PUBLISHED, now, published_at=now, **values)


def _sent_now(delivery: Delivery, now: datetime, usefulness: Usefulness) -> dict[str, Any]:
    """Return the columns to write if a delivery is to be sent at once because a person said so."""
    until = usefulness.useful_until(delivery.entry.kind, now)
    return {"next_at": now, "useful_until": max(until, delivery.useful_until), **AFRESH}


def plan_again(
    session: Session,
    delivery_id: int,
    *,
    by: str,
    now: datetime,
    usefulness: Usefulness,
    at: datetime | None = None,
) -> Delivery:
    """Plan a failed, missed or cancelled delivery again, due at *at* (UTC; by default now).

    Raises:
        InputError: the delivery has another status, its entry is not approved, or *at* is past.
        ConflictError: the delivery was changed meanwhile.
    """
    delivery = get_delivery(session, delivery_id)
    if delivery.status not in {_S.FAILED, _S.MISSED, _S.CANCELLED}:
        raise InputError("delivery-not-planned-again", id=delivery_id, status=_status(delivery))
    _require_wanted(delivery)
    due_at = at or now
    if due_at < now:
        raise InputError("delivery-time-past", field="at")
    _must_move(
        session,
        delivery,
        _S.PLANNED,
        now,
        due_at=due_at,
        next_at=due_at,
        useful_until=usefulness.useful_until(delivery.entry.kind, due_at),
        approval_hash=delivery.entry.approval_hash,
        rendition_hash=None,
        error=Message("delivery-planned-again", name=by),
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
        # With the new fence, the result of a worker that is asking the platform is ignored.
        fence=Delivery.fence + 1,
        lease_until=None,
        in_doubt=False,
        told_at=None,
        updated_at=now,
        **values,
    )
    if not moved:
        raise ConflictError("delivery-settled-meanwhile")


def _status(delivery: Delivery) -> Message:
    return Message(f"delivery-status-{delivery.status.replace('_', '-')}")


def _require_wanted(delivery: Delivery) -> None:
    if not is_sendable(delivery):
        raise InputError("delivery-not-approved")


def _checked_url(url: str | None) -> str | None:
    if not url:
        return None
    if not url.startswith(("https://", "http://")):
        raise InputError("delivery-address-invalid", field="url")
    return url

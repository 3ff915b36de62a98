"""Create, change and cancel single deliveries, so that they match their entry."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import update
from sqlalchemy.orm import Session

from contentsvc.config import Config
from contentsvc.db.models import Delivery, Entry
from contentsvc.domain.deliveries import OPEN, Actor, DeliveryStatus
from contentsvc.domain.entries import EntryKind
from contentsvc.domain.livestreams import Consequence, Facts, changes, consequence_of
from contentsvc.errors import ConflictError
from contentsvc.services.delivery.moves import move_one
from contentsvc.services.public_livestreams import OUT, present_facts

__all__ = [
    "Usefulness",
    "Wanted",
    "cancel",
    "is_open",
    "is_outdated",
    "is_past",
    "new_delivery",
    "replan",
    "update_outdated",
]


@dataclass(frozen=True, slots=True)
class Usefulness:
    """How long after its due time a post or a notice is still worth publishing."""

    post: timedelta
    notice: timedelta

    @classmethod
    def of(cls, config: Config) -> Self:
        """Create an object from the settings `late_post` and `late_notice` of *config*."""
        return cls(post=config.late_post, notice=config.late_notice)

    def useful_until(self, kind: EntryKind, due_at: datetime) -> datetime:
        """Return the instant after which a delivery of an entry of *kind* is too late."""
        return due_at + (self.notice if kind is EntryKind.LIVESTREAM else self.post)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery that an approved entry needs: its channel, notice and due time."""

    channel_id: int
    notice: str
    due_at: datetime


def is_outdated(entry: Entry, delivery: Delivery) -> bool:
    """Return True if an unpublished notice shows facts of its livestream that have changed.

    A missed notice that was never rendered also counts as outdated.
    """
    if not delivery.notice or delivery.status in OUT or delivery.status is DeliveryStatus.SENDING:
        return False
    if delivery.facts is None:
        # The notice was never rendered.
        return delivery.status is DeliveryStatus.MISSED
    return bool(
        changes(Facts.from_json(delivery.facts), present_facts(entry, delivery.channel.name))
    )


def update_outdated(
    session: Session,
    entry: Entry,
    delivery: Delivery,
    item: Wanted,
    *,
    now: datetime,
    usefulness: Usefulness,
) -> None:
    """Plan a notice with outdated facts again, or prevent its sending, depending on its status.

    A notice that may be out is not sent again automatically, since its facts are outdated. A
    handed-off notice is planned again with the new facts. So is an unpublished notice whose new due
    time is in the future.
    """
    consequence = consequence_of(delivery.status, may_be_out=delivery.may_be_out)
    if consequence is Consequence.LOOK_FIRST:
        _prevent_resending(session, delivery, now)
    elif consequence is Consequence.HANDED_ANEW:
        cancel(session, delivery, now)
        replan(session, entry, delivery, item, now=now, usefulness=usefulness)
    elif consequence is Consequence.PLANNED_ANEW and item.due_at > now:
        replan(session, entry, delivery, item, now=now, usefulness=usefulness)


def _prevent_resending(session: Session, delivery: Delivery, now: datetime) -> None:
    """Stop automatic attempts of a delivery that may be published; a person can still resend it."""
    if delivery.status is not DeliveryStatus.UNKNOWN:
        cancel(session, delivery, now)
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery.id, Delivery.status == DeliveryStatus.UNKNOWN)
        .values(useful_until=now)
        .execution_options(synchronize_session=False)
    )


def is_past(entry: Entry, item: Wanted, *, now: datetime, usefulness: Usefulness) -> bool:
    """Return True if the delivery *item*, sent at *now*, would be too late to be useful."""
    return usefulness.useful_until(entry.kind, item.due_at) < now


def new_delivery(entry: Entry, item: Wanted, *, now: datetime, usefulness: Usefulness) -> Delivery:
    """Return a new planned delivery of *entry* with the channel and due time of *item*.

    It gets a new unique key.
    """
    return Delivery(
        entry_id=entry.id,
        channel_id=item.channel_id,
        notice=item.notice,
        key=str(uuid.uuid4()),
        status=DeliveryStatus.PLANNED,
        due_at=item.due_at,
        next_at=item.due_at,
        useful_until=usefulness.useful_until(entry.kind, item.due_at),
        approval_hash=entry.approval_hash,
        created_at=now,
        updated_at=now,
    )


def replan(
    session: Session,
    entry: Entry,
    delivery: Delivery,
    item: Wanted,
    *,
    now: datetime,
    usefulness: Usefulness,
) -> None:
    """Set a delivery back to `planned`, due at the time in *item*; it is then rendered again.

    If it would be too late by now, it is cancelled instead, unless it is planned already.

    Raises:
        ConflictError: a worker has begun to send the delivery.
    """
    changes = {
        "due_at": item.due_at,
        "next_at": item.due_at,
        "useful_until": usefulness.useful_until(entry.kind, item.due_at),
        "approval_hash": entry.approval_hash,
        "rendition_hash": None,
        "facts": None,
        "lease_until": None,
        "error": "",
        "updated_at": now,
    }
    if delivery.status is DeliveryStatus.PLANNED:
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(**changes)
            .execution_options(synchronize_session=False)
        )
        return
    if is_past(entry, item, now=now, usefulness=usefulness):
        cancel(session, delivery, now)
        return
    moved = move_one(
        session,
        delivery,
        DeliveryStatus.PLANNED,
        Actor.PLANNER,
        fence=Delivery.fence + 1,
        **changes,
    )
    if not moved:
        raise ConflictError("planning-going-out")


def is_open(delivery: Delivery) -> bool:
    """Return True if a delivery waits to be sent and certainly was not published."""
    return delivery.status in OPEN and not delivery.may_be_out


def cancel(session: Session, delivery: Delivery, now: datetime) -> None:
    """Cancel a waiting or handed-off delivery; if it may be published, set it to `unknown`.

    Deliveries in other statuses are not changed.
    """
    after = DeliveryStatus.CANCELLED
    if delivery.status in OPEN and delivery.may_be_out:
        after = DeliveryStatus.UNKNOWN
    elif not is_open(delivery) and delivery.status is not DeliveryStatus.HANDED_OFF:
        return
    move_one(
        session,
        delivery,
        after,
        Actor.PLANNER,
        # A worker with the older fence can no longer begin to send.
        fence=Delivery.fence + 1,
        lease_until=None,
        updated_at=now,
    )

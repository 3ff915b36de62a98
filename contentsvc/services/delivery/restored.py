"""Settles the deliveries of a database that was restored from a backup."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Session

from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import OPEN, Actor, DeliveryStatus
from contentsvc.messages import Message
from contentsvc.services.delivery.moves import move

__all__ = ["doubt_overdue"]


def doubt_overdue(session: Session, now: datetime) -> int:
    """Set every unpublished delivery due by *now* to the status `unknown`; return their number.

    The service may have published them after the backup was made, and would publish them again. If
    a channel can be asked, or recognizes the delivery's key, the service finds out by itself;
    otherwise a person decides.
    """
    ids = [
        delivery_id
        for before in sorted(OPEN)
        for delivery_id in move(
            session,
            before,
            DeliveryStatus.UNKNOWN,
            Actor.PERSON,
            Delivery.due_at <= now,
            fence=Delivery.fence + 1,
            lease_until=None,
            claimed_by=None,
            in_doubt=True,
            # No delivery is sent before it is due: the platform may have the key since then.
            first_sent_at=func.coalesce(Delivery.first_sent_at, Delivery.due_at),
            follow_ups=0,
            next_at=now,
            error=Message("delivery-restored"),
            # The person who restores the backup knows; a reminder for each would be too many.
            told_at=now,
            updated_at=now,
        )
    ]
    return len(ids)

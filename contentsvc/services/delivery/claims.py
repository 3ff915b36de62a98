"""Loads claimed deliveries (reserved for a worker) with columns of their calendar and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from contentsvc.db.bulk import has_arrays
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.moves import CLAIMS
from contentsvc.services.ports import Claim

__all__ = ["ClaimedDelivery", "load_claimed"]


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery with columns of its calendar and channel, as a worker loaded them."""

    id: int
    fence: int
    key: str
    status: DeliveryStatus
    notice: str
    due_at: datetime
    next_at: datetime
    useful_until: datetime
    lease_until: datetime | None
    attempt_count: int
    #: When the key was first sent to the platform; None if it never was.
    first_sent_at: datetime | None
    #: The deadline of polling; None if the platform never accepted the post.
    poll_until: datetime | None
    #: The calls of FIND and POLL since the delivery got its present status, or since the last poll
    #: that the platform answered.
    follow_ups: int
    in_doubt: bool
    #: The number of parts; 0 if the post is published as a whole.
    part_count: int
    #: How many parts are published.
    parts_out: int
    rendition_hash: str | None
    receipt: dict[str, Any] | None
    calendar_id: int
    #: Whether it is published in quiet hours as well.
    despite_quiet: bool
    #: When the calendar was last changed.
    calendar_updated_at: datetime
    channel_id: int
    channel_name: str
    channel_type: str
    #: When the channel was last changed.
    channel_updated_at: datetime
    #: When the channel was paused; None if it is not paused.
    channel_paused_at: datetime | None

    @property
    def may_be_out(self) -> bool:
        """Return True if people may see a part of the post, or all of it, on the platform."""
        return self.in_doubt or self.parts_out > 0

    @property
    def claim(self) -> Claim:
        """Return the claim (reservation) under which the worker loaded this delivery."""
        return Claim(self.id, self.fence)


@cache
def _by_claims(*, arrays: bool) -> Select[Any]:
    # Built once: SQLAlchemy takes longer to build a statement than a database takes to run it. The
    # labels are the fields of ClaimedDelivery.
    delivery = (
        *(Delivery.id, Delivery.fence, Delivery.key, Delivery.status, Delivery.notice),
        *(Delivery.due_at, Delivery.next_at, Delivery.useful_until, Delivery.lease_until),
        *(Delivery.attempt_count, Delivery.first_sent_at, Delivery.poll_until),
        *(Delivery.follow_ups, Delivery.in_doubt, Delivery.part_count, Delivery.parts_out),
        *(Delivery.rendition_hash, Delivery.receipt),
    )
    return (
        select(
            *delivery,
            Entry.calendar_id,
            Entry.despite_quiet,
            Calendar.updated_at.label("calendar_updated_at"),
            ChannelRow.id.label("channel_id"),
            ChannelRow.name.label("channel_name"),
            ChannelRow.type.label("channel_type"),
            ChannelRow.updated_at.label("channel_updated_at"),
            ChannelRow.paused_at.label("channel_paused_at"),
        )
        .join(Entry, Delivery.entry_id == Entry.id)
        .join(Calendar, Entry.calendar_id == Calendar.id)
        .join(ChannelRow, Delivery.channel_id == ChannelRow.id)
        .where(*CLAIMS.where(arrays=arrays))
    )


def load_claimed(session: Session, claims: Sequence[Claim]) -> list[ClaimedDelivery]:
    """Load the deliveries of the valid *claims*, in the same order; skip the other claims."""
    connection = session.connection()
    rows = connection.execute(
        _by_claims(arrays=has_arrays(connection)),
        CLAIMS.parameters(connection, [(claim.delivery_id, claim.fence) for claim in claims]),
    )
    loaded = [ClaimedDelivery(**row) for row in rows.mappings()]
    by_claim = {delivery.claim: delivery for delivery in loaded}
    return [by_claim[claim] for claim in claims if claim in by_claim]

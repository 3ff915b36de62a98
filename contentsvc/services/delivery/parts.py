"""Stores and loads the parts of deliveries on channels that publish a post as several messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from contentsvc.channels import Receipt
from contentsvc.db.models import DeliveryPart
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.delivery.tasks import Part

__all__ = ["load_parts", "store_parts"]


def store_parts(session: Session, delivery_id: int, hashes: Sequence[str]) -> None:
    """Replace the parts of a delivery with new, unpublished ones. *hashes* are rendition hashes."""
    session.execute(delete(DeliveryPart).where(DeliveryPart.delivery_id == delivery_id))
    session.add_all(
        DeliveryPart(delivery_id=delivery_id, number=number, rendition_hash=digest)
        for number, digest in enumerate(hashes, 1)
    )


def load_parts(
    session: Session, deliveries: Iterable[ClaimedDelivery]
) -> dict[int, tuple[Part, str]]:
    """Return, by delivery id, the next part to publish and the hash of its rendition.

    A delivery that is published as a whole is left out.
    """
    divided = {delivery.id: delivery for delivery in deliveries if delivery.part_count}
    if not divided:
        return {}
    query = select(DeliveryPart).where(DeliveryPart.delivery_id.in_(divided))
    rows: dict[int, list[DeliveryPart]] = defaultdict(list)
    for row in session.scalars(query.order_by(DeliveryPart.number)):
        rows[row.delivery_id].append(row)
    return {
        delivery_id: _next_part(divided[delivery_id].parts_out, parts)
        for delivery_id, parts in rows.items()
    }


def _next_part(parts_out: int, rows: list[DeliveryPart]) -> tuple[Part, str]:
    row = rows[parts_out]
    before = rows[parts_out - 1] if parts_out else None
    after = _receipt_of(before) if before is not None else None
    first = rows[0].receipt if parts_out else None
    return Part(row.number, len(rows), after, first), row.rendition_hash


def _receipt_of(row: DeliveryPart) -> Receipt | None:
    """Return the receipt of a part, or None if a person confirmed it without the platform's id."""
    stored = row.receipt or {}
    if not stored.get("id"):
        return None
    return Receipt(stored.get("raw_id") or stored["id"], stored.get("url"), row.published_at)

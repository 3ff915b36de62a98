"""How late deliveries begin to go out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import Attempt, Delivery

__all__ = ["Lateness", "measure_lateness"]

_SPAN = timedelta(hours=1)
#: The newest so many tell enough, however many there were.
_MOST = 5000


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from the due instant to the durable intent, of the last hour's first attempts."""

    count: int
    p50: float | None
    p99: float | None
    worst: float | None


def measure_lateness(session: Session, now: datetime) -> Lateness:
    """Return the lateness of what began to go out in the hour before *now*."""
    query = (
        select(Attempt.started_at, Delivery.due_at)
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .where(
            Attempt.started_at > now - _SPAN,
            Attempt.action == "publish",
            Attempt.number == 1,
        )
        .order_by(Attempt.started_at.desc())
        .limit(_MOST)
    )
    seconds = sorted((began - due).total_seconds() for began, due in session.execute(query))
    if not seconds:
        return Lateness(0, None, None, None)
    return Lateness(len(seconds), _at(seconds, 0.5), _at(seconds, 0.99), seconds[-1])


def _at(ordered: list[float], share: float) -> float:
    """Return the value that *share* of the others do not exceed (nearest rank)."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

"""Measure the delay between the due time and the sending of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.db.models import Attempt, Delivery

__all__ = ["Lateness", "measure_lateness", "percentile"]

_PERIOD = timedelta(hours=1)
#: The most attempts that are read; the newest are enough for accurate percentiles.
_MOST_ATTEMPTS = 5000


@dataclass(frozen=True, slots=True)
class Lateness:
    """Statistics, in seconds, of how late the deliveries of the last hour were sent.

    A delivery counts if its first attempt began in that hour. Lateness is the time from its due
    time, or from the end of the last hold (quiet hours, a quota, a pause), to the commit of the
    intent to publish.
    """

    count: int
    p50: float | None
    p99: float | None
    worst: float | None


def measure_lateness(session: Session, now: datetime) -> Lateness:
    """Return statistics of the lateness of deliveries first attempted in the hour before *now*.

    At most the newest 5000 attempts count.
    """
    query = (
        select(Attempt.started_at, func.coalesce(Attempt.expected_at, Delivery.due_at))
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .where(
            Attempt.started_at > now - _PERIOD,
            Attempt.action == "publish",
            Attempt.number == 1,
        )
        .order_by(Attempt.started_at.desc())
        .limit(_MOST_ATTEMPTS)
    )
    seconds = sorted(
        (started_at - expected_at).total_seconds()
        for started_at, expected_at in session.execute(query)
    )
    if not seconds:
        return Lateness(0, None, None, None)
    return Lateness(len(seconds), percentile(seconds, 0.5), percentile(seconds, 0.99), seconds[-1])


def percentile(ordered: list[float], share: float) -> float:
    """Return the smallest of the sorted values that *share* (0 to 1) of them do not exceed."""
    return ordered[max(0, ceil(share * len(ordered)) - 1)]

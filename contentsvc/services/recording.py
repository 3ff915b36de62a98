"""Writing down what came of a delivery, within its claim."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from contentsvc.db.models import Attempt, Delivery
from contentsvc.db.moves import move_fenced
from contentsvc.domain.deliveries import Actor, DeliveryStatus, Next, Outcome
from contentsvc.services.calling import Answer

__all__ = ["log_outcome", "new_attempt", "recorded", "write"]

logger = logging.getLogger(__name__)


def new_attempt(
    delivery: Delivery, action: str, number: int, worker: str, started_at: datetime
) -> Attempt:
    """Return the record of a call that begins: `publish`, `find` or `check`."""
    return Attempt(
        delivery_id=delivery.id,
        number=number,
        fence=delivery.fence,
        action=action,
        worker=worker,
        started_at=started_at,
        words="",
    )


def write(
    session: Session,
    delivery: Delivery,
    before: DeliveryStatus,
    after: DeliveryStatus,
    values: dict[str, Any],
) -> bool:
    """Move a delivery on as its claim's holder; False where the claim is no longer ours."""
    return move_fenced(
        session, delivery.id, before, after, by=Actor.WORKER, fence=delivery.fence, **values
    )


def recorded(answer: Answer, step: Next, now: datetime) -> dict[str, Any]:
    """Return what is written to the delivery's row for an answer."""
    values: dict[str, Any] = {
        "lease_until": None,
        "claimed_by": None,
        "error": "" if answer.outcome is Outcome.PUBLISHED else answer.words,
        "updated_at": now,
    }
    if step.not_before is not None:
        values["next_at"] = step.not_before
    if answer.receipt is not None:
        values["receipt"] = {"id": answer.receipt.id, "url": answer.receipt.url}
        values["published_at"] = answer.receipt.published_at or now
    if answer.accepted is not None:
        values["receipt"] = {"token": answer.accepted.token}
        values["next_at"] = now + timedelta(seconds=answer.accepted.poll_after)
    if answer.hand_off is not None:
        values["receipt"] = {
            "instructions": dict(answer.hand_off.instructions),
            "url": answer.hand_off.url,
        }
    return values


def log_outcome(delivery: Delivery, answer: Answer, *, written: bool) -> None:
    """Log what came of a call; *written* is False where the claim was lost meanwhile."""
    logger.info(
        "Delivery worked on",
        extra={
            "action": f"delivery_{answer.outcome}",
            "delivery": delivery.id,
            "channel": delivery.channel.name,
            "written": written,
        },
    )

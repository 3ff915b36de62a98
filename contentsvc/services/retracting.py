"""Retraction of published posts from channels that support it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from contentsvc.channels import Receipt
from contentsvc.channels.hosting import supports
from contentsvc.db.models import Attempt, ChannelRow, Delivery, DeliveryPart
from contentsvc.domain.deliveries import DeliveryStatus, Outcome
from contentsvc.errors import InputError, PluginError
from contentsvc.messages import Message
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.deliveries import get_delivery
from contentsvc.services.delivery.calling import Answer, ask
from contentsvc.services.runtime import Runtime

__all__ = ["RETRACT", "can_take_back", "take_back"]

#: The action of an attempt to retract a post, beside those of workers (`Action`).
RETRACT = "retract"
#: Seconds that a person waits for the platform: for a post, and at most for one of several parts.
_SECONDS, _MOST_SECONDS = 10.0, 30.0


def can_take_back(runtime: Runtime, delivery: Delivery) -> bool:
    """Return True if the post of a delivery can be retracted (deleted on its platform).

    It must be published and not yet retracted, and its channel must support retraction.
    """
    if delivery.status is not DeliveryStatus.PUBLISHED or delivery.retracted_at is not None:
        return False
    try:
        kind = runtime.registry.channel_type(delivery.channel.type)
    except PluginError:
        return False
    return supports(kind, "retract") and bool((delivery.receipt or {}).get("id"))


def take_back(runtime: Runtime, delivery_id: int, *, by: str) -> None:
    """Retract (delete) a delivery's post on its platform, and record the attempt of the person.

    The attempt is stored before the call and completed after it, so that a retraction that was
    interrupted can be seen. No transaction is open during the call. A post may be retracted again:
    retracting a post that no longer exists succeeds.

    Raises:
        InputError: the post is not published, its channel cannot retract posts, or the platform
            refused or did not respond in time. A refusal carries the platform's message.
    """
    with runtime.database.write() as session:
        delivery = get_delivery(session, delivery_id)
        if not can_take_back(runtime, delivery):
            raise InputError("delivery-not-retractable", channel=delivery.channel.name)
        attempt_id = _begin(session, delivery, by, runtime.clock())
        receipts = _receipts(session, delivery)
    answer = _ask(runtime, delivery, receipts)
    with runtime.database.write() as session:
        _complete(session, attempt_id, delivery_id, answer, runtime.clock())
    if answer.outcome is not Outcome.ABSENT:
        name = delivery.channel.name
        raise InputError("delivery-not-retracted", channel=name, reason=answer.message)


def _begin(session: Session, delivery: Delivery, by: str, now: datetime) -> int:
    """Store the attempt to retract a post, before the call; return the attempt's id."""
    earlier = (Attempt.delivery_id == delivery.id, Attempt.action == RETRACT)
    session.execute(
        update(Attempt)
        .where(*earlier, Attempt.finished_at.is_(None))
        .values(
            finished_at=now, outcome=Outcome.UNKNOWN, message=Message("attempt-retract-interrupted")
        )
    )
    number = session.scalar(select(func.count()).select_from(Attempt).where(*earlier)) or 0
    attempt = Attempt(
        delivery_id=delivery.id,
        number=number + 1,
        fence=delivery.fence,
        action=RETRACT,
        worker=by,
        started_at=now,
    )
    session.add(attempt)
    session.flush()
    return attempt.id


def _receipts(session: Session, delivery: Delivery) -> list[Receipt]:
    """Return the receipts of the post, or of its parts: the last part is retracted first."""
    query = select(DeliveryPart).where(DeliveryPart.delivery_id == delivery.id)
    parts = session.scalars(query.order_by(DeliveryPart.number.desc()))
    found = [
        _receipt(part.receipt, part.published_at)
        for part in parts
        if (part.receipt or {}).get("id")
    ]
    return found or [_receipt(delivery.receipt, delivery.published_at)]


def _receipt(stored: dict[str, Any] | None, published_at: datetime | None) -> Receipt:
    stored = stored or {}
    return Receipt(stored.get("raw_id") or stored["id"], stored.get("url"), published_at)


def _ask(runtime: Runtime, delivery: Delivery, receipts: list[Receipt]) -> Answer:
    """Call the plugin; the outcome is ABSENT if the platform does not have the post any more."""
    channel = delivery.channel
    seconds = min(_SECONDS * len(receipts), _MOST_SECONDS)
    try:
        return runtime.calls.run(
            channel.type, lambda: _retracted(runtime, channel, receipts), seconds
        )
    except PluginError as error:
        # The call may still take effect.
        return Answer(Outcome.UNKNOWN, message=error.message)


def _retracted(runtime: Runtime, row: ChannelRow, receipts: list[Receipt]) -> Answer:
    """Retract each of *receipts*; the first that fails ends the calls."""
    try:
        channel = open_channel(runtime, row)
    except PluginError as error:
        return Answer(Outcome.TEMPORARY, message=error.message)

    def call() -> None:
        for receipt in receipts:
            channel.retract(receipt)

    return ask(call, (None,))


def _complete(
    session: Session, attempt_id: int, delivery_id: int, answer: Answer, now: datetime
) -> None:
    session.execute(
        update(Attempt)
        .where(Attempt.id == attempt_id)
        .values(finished_at=now, outcome=answer.outcome, message=answer.message)
    )
    if answer.outcome is Outcome.ABSENT:
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery_id, Delivery.retracted_at.is_(None))
            .values(retracted_at=now)
        )

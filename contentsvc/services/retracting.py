"""Retraction of published posts from channels that support it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from contentsvc.channels import Receipt
from contentsvc.channels.hosting import supports
from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import PLUGIN_FAULTS, ContentsvcError, InputError, PluginError
from contentsvc.masking import KNOWN
from contentsvc.messages import Message, text_of
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.deliveries import get_delivery
from contentsvc.services.runtime import Runtime

__all__ = ["can_take_back", "take_back"]

#: Seconds that a person waits for the platform.
_SECONDS = 10.0


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


def take_back(runtime: Runtime, delivery_id: int) -> None:
    """Retract (delete) a delivery's post on its platform, and store the time of the retraction.

    No transaction is open during the call to the platform. If recording the time fails afterwards,
    the person can retract the post again: retracting a post that no longer exists succeeds.

    Raises:
        InputError: the post is not published, its channel cannot retract posts, or the platform
            refused or did not respond within ten seconds. A refusal carries the platform's message.
    """
    with runtime.database.read() as session:
        delivery = get_delivery(session, delivery_id)
    if not can_take_back(runtime, delivery):
        raise InputError("delivery-not-retractable", channel=delivery.channel.name)
    stored, channel = delivery.receipt or {}, delivery.channel
    try:
        receipt = Receipt(
            stored.get("raw_id") or stored["id"], stored.get("url"), delivery.published_at
        )
        runtime.calls.run(
            channel.type, lambda: open_channel(runtime, channel).retract(receipt), _SECONDS
        )
    except ContentsvcError as error:
        raise _refusal(delivery, error.message) from error
    except PLUGIN_FAULTS as error:
        # A plugin may raise anything.
        reason = Message("attempt-plugin-failed", kind=type(error).__name__, text=text_of(error))
        raise _refusal(delivery, reason) from error
    with runtime.database.write() as session:
        _record(session, delivery_id, runtime.clock())


def _refusal(delivery: Delivery, reason: Message) -> InputError:
    masked = KNOWN.message(reason)
    return InputError("delivery-not-retracted", channel=delivery.channel.name, reason=masked)


def _record(session: Session, delivery_id: int, now: datetime) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.retracted_at.is_(None))
        .values(retracted_at=now)
    )

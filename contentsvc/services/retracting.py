"""A post taken back from a channel that allows it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import Receipt
from contentsvc.db.models import Delivery
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.errors import ContentsvcError, InputError, PluginError
from contentsvc.services.channel_setup.channels import open_channel
from contentsvc.services.deliveries import get_delivery
from contentsvc.services.runtime import Runtime

__all__ = ["can_take_back", "take_back"]


def can_take_back(runtime: Runtime, delivery: Delivery) -> bool:
    """Tell whether a post is out and its channel can take it back."""
    if delivery.status is not DeliveryStatus.PUBLISHED or delivery.retracted_at is not None:
        return False
    try:
        kind = runtime.registry.channel_type(delivery.channel.type)
    except PluginError:
        return False
    return kind.retract is not OpenChannel.retract and bool((delivery.receipt or {}).get("id"))


def take_back(runtime: Runtime, delivery_id: int) -> None:
    """Take a post back from its channel, and note that.

    It calls the platform, so no transaction is open meanwhile; taking back what is gone already
    is no fault of a channel's, so a note that was lost can be made by doing it once more.

    Raises:
        InputError: it is not out, its channel cannot, or the platform refused; with its words.
    """
    with runtime.database.read() as session:
        delivery = get_delivery(session, delivery_id)
    if not can_take_back(runtime, delivery):
        raise InputError(f"{delivery.channel.name} cannot take this post back")
    stored = delivery.receipt or {}
    receipt = Receipt(stored["id"], stored.get("url"), delivery.published_at)
    try:
        open_channel(runtime, delivery.channel).retract(receipt)
    except ContentsvcError as error:
        words = f"{delivery.channel.name} did not take it back: {error}"
        raise InputError(words) from error
    except Exception as error:
        # A plugin may raise anything; the person who asked reads it.
        words = f"{delivery.channel.name} did not take it back: {type(error).__name__}: {error}"
        raise InputError(words) from error
    with runtime.database.write() as session:
        _note(session, delivery_id, runtime.clock())


def _note(session: Session, delivery_id: int, now: datetime) -> None:
    session.execute(
        update(Delivery)
        .where(Delivery.id == delivery_id, Delivery.retracted_at.is_(None))
        .values(retracted_at=now)
    )

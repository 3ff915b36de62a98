"""Delete database rows that are no longer needed, such as expired links and unused renditions."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, exists, or_

from contentsvc.db.models import Delivery, DeliveryPart, Heartbeat, RenditionRow, SignInLink
from contentsvc.services.poster_batches.batches import drop_expired
from contentsvc.services.runtime import Runtime
from contentsvc.services.sessions import delete_expired_sessions
from contentsvc.services.toasts import delete_expired_toasts

__all__ = ["tidy"]

#: How long the last heartbeat of a process is stored.
_HEARTBEATS = timedelta(days=1)
#: How long a rendition is stored that no delivery uses, such as that of a preview.
_RENDITIONS = timedelta(days=7)


def tidy(runtime: Runtime, now: datetime) -> None:
    """Delete expired heartbeats, links, sessions, toasts and batches, and unused renditions.

    A rendition is a finished post; it is unused if no delivery and no part of one refers to it.
    """
    used = or_(
        exists().where(Delivery.rendition_hash == RenditionRow.hash),
        exists().where(DeliveryPart.rendition_hash == RenditionRow.hash),
    )
    with runtime.database.write() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.seen_at < now - _HEARTBEATS))
        session.execute(delete(SignInLink).where(SignInLink.expires_at < now))
        session.execute(
            delete(RenditionRow).where(RenditionRow.created_at < now - _RENDITIONS, ~used)
        )
        delete_expired_sessions(session, now)
        delete_expired_toasts(session, now)
    drop_expired(runtime.database, runtime.config, now)

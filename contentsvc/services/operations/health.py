"""Whether everybody who should be at work was seen lately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc import __version__
from contentsvc.db.migrate import head_revision
from contentsvc.db.models import ChannelRow, Delivery, Heartbeat, Switch
from contentsvc.domain.deliveries import WAITING, DeliveryStatus
from contentsvc.services.operations.lateness_figures import Lateness, measure_lateness
from contentsvc.services.ports import QueueStats
from contentsvc.services.runtime import Runtime
from contentsvc.services.switch import paused

__all__ = [
    "SILENT_AFTER",
    "SystemStatus",
    "dispatcher_is_silent",
    "record_heartbeat",
    "system_status",
]

#: A role that was not seen for this long is not at work.
SILENT_AFTER = timedelta(seconds=30)


def record_heartbeat(
    session: Session,
    *,
    role: str,
    name: str,
    started_at: datetime,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note that the process *name* (`host:pid`) of a role is at work."""
    session.merge(
        Heartbeat(
            role=role,
            name=name,
            started_at=started_at,
            seen_at=now,
            version=__version__,
            detail=dict(detail or {}),
        )
    )


def dispatcher_is_silent(session: Session, now: datetime) -> bool:
    """Tell whether no dispatcher was seen for half a minute."""
    seen_at = session.scalar(
        select(func.max(Heartbeat.seen_at)).where(Heartbeat.role == "dispatcher")
    )
    return seen_at is None or now - seen_at > SILENT_AFTER


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """How the service stands, for the system page."""

    #: Those seen within a day, the newest first.
    heartbeats: list[Heartbeat]
    queue: QueueStats
    #: When the oldest delivery that should be out by now was due; None where all are.
    oldest_due_at: datetime | None
    #: Deliveries by status, of those not settled or of the last week.
    counts: dict[DeliveryStatus, int]
    #: `sqlite` or `postgresql`.
    database: str
    revision: str
    version: str
    dispatcher_is_silent: bool
    lateness: Lateness
    #: Names of the channels that pause.
    paused_channels: list[str]
    #: None while the red switch is off.
    switch: Switch | None


def system_status(runtime: Runtime, session: Session, now: datetime) -> SystemStatus:
    """Return how the service stands at *now*."""
    beats = select(Heartbeat).order_by(Heartbeat.role, Heartbeat.seen_at.desc())
    oldest = select(func.min(Delivery.due_at)).where(
        Delivery.status.in_([*WAITING, DeliveryStatus.PLANNED]), Delivery.next_at < now
    )
    recent = (
        select(Delivery.status, func.count())
        # With every status named, an index leads to each one's last week.
        .where(Delivery.status.in_(list(DeliveryStatus)), Delivery.due_at > now - timedelta(days=7))
        .group_by(Delivery.status)
    )
    pausing = (
        select(ChannelRow.name).where(ChannelRow.paused_at.is_not(None)).order_by(ChannelRow.name)
    )
    return SystemStatus(
        heartbeats=list(session.scalars(beats)),
        queue=runtime.queue.stats(),
        oldest_due_at=session.scalar(oldest),
        counts=dict(session.execute(recent).all()),
        database=runtime.database.engine.dialect.name,
        revision=head_revision(),
        version=__version__,
        dispatcher_is_silent=dispatcher_is_silent(session, now),
        lateness=measure_lateness(session, now),
        paused_channels=list(session.scalars(pausing)),
        switch=paused(session),
    )

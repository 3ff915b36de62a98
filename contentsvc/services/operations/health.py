"""Record heartbeats of processes, and collect the figures that the system page shows."""

from __future__ import annotations

from collections import Counter
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
    "REQUIRED_ROLES",
    "SILENT_AFTER",
    "SystemStatus",
    "dispatcher_is_silent",
    "record_heartbeat",
    "role_of",
    "system_status",
]

#: A process whose last heartbeat is older than this counts as stopped.
SILENT_AFTER = timedelta(seconds=30)
#: The roles of processes without which nothing is rendered or published, or no answer that takes
#: time ever arrives.
REQUIRED_ROLES = ("dispatcher", "publish", "follow-up", "render")


def record_heartbeat(
    session: Session,
    *,
    role: str,
    name: str,
    started_at: datetime,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Store that the process *name* (`host:pid`) of *role* was running at *now*."""
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
    """Return True if no dispatcher has recorded a heartbeat within the last 30 seconds."""
    seen_at = session.scalar(
        select(func.max(Heartbeat.seen_at)).where(Heartbeat.role == "dispatcher")
    )
    return seen_at is None or now - seen_at > SILENT_AFTER


def role_of(heartbeat: Heartbeat) -> str:
    """Return what the process does: `dispatcher`, `web`, or a worker's queue such as `publish`."""
    return str(heartbeat.detail.get("queue") or heartbeat.role)


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """The state of processes, queue, database and deliveries, as shown on the system page."""

    #: Ordered by role, the newest of each role first.
    heartbeats: list[Heartbeat]
    queue: QueueStats
    #: The due time of the oldest overdue delivery; None if none is overdue.
    oldest_due_at: datetime | None
    #: The number of deliveries by status, of those due within the last week or later.
    counts: dict[DeliveryStatus, int]
    #: `sqlite` or `postgresql`.
    database: str
    revision: str
    version: str
    #: The number of processes by role, of those with a heartbeat within the last 30 seconds. Each
    #: of REQUIRED_ROLES is a key.
    alive: dict[str, int]
    lateness: Lateness
    #: The names of the paused channels.
    paused_channels: list[str]
    #: The switch that pauses all publishing; None if it is off.
    switch: Switch | None

    @property
    def missing(self) -> list[str]:
        """Return those of REQUIRED_ROLES of which no process is alive."""
        return [role for role in REQUIRED_ROLES if not self.alive[role]]


def system_status(runtime: Runtime, session: Session, now: datetime) -> SystemStatus:
    """Return the state of processes, queue, database and deliveries, as of *now*."""
    heartbeats = select(Heartbeat).order_by(Heartbeat.role, Heartbeat.seen_at.desc())
    oldest = select(func.min(Delivery.due_at)).where(
        Delivery.status.in_([*WAITING, DeliveryStatus.PLANNED]), Delivery.next_at < now
    )
    recent = (
        select(Delivery.status, func.count())
        # Naming every status lets the query use the index on (status, due_at).
        .where(Delivery.status.in_(list(DeliveryStatus)), Delivery.due_at > now - timedelta(days=7))
        .group_by(Delivery.status)
    )
    paused_channels = (
        select(ChannelRow.name).where(ChannelRow.paused_at.is_not(None)).order_by(ChannelRow.name)
    )
    beats = list(session.scalars(heartbeats))
    alive = Counter(dict.fromkeys(REQUIRED_ROLES, 0))
    alive.update(role_of(beat) for beat in beats if now - beat.seen_at <= SILENT_AFTER)
    return SystemStatus(
        heartbeats=beats,
        queue=runtime.queue.stats(),
        oldest_due_at=session.scalar(oldest),
        counts=dict(session.execute(recent).all()),
        database=runtime.database.engine.dialect.name,
        revision=head_revision(),
        version=__version__,
        alive=dict(alive),
        lateness=measure_lateness(session, now),
        paused_channels=list(session.scalars(paused_channels)),
        switch=paused(session),
    )

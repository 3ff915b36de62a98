"""The switch that stops all publishing while it is on, and the ids of paused channels."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, exists, literal, select, union_all, update
from sqlalchemy.orm import Session

from contentsvc.db.models import ChannelRow, Delivery, Switch
from contentsvc.domain.deliveries import WAITING

__all__ = ["pause_all", "paused", "paused_channels", "release_overdue", "resume_all"]

_PAUSE = "pause"
#: The id that stands for all channels; no channel has it.
_ALL = 0
# One query for the switch and the channels, built only once since workers run it all the time.
_PAUSED = union_all(
    select(literal(_ALL)).where(exists().where(Switch.name == _PAUSE)),
    select(ChannelRow.id).where(ChannelRow.paused_at.is_not(None)),
)


def paused(session: Session) -> Switch | None:
    """Return the switch that stops all publishing, or None while it is off.

    The row tells who turned it on, when and why.
    """
    return session.get(Switch, _PAUSE)


def paused_channels(connection: Connection) -> set[int] | None:
    """Return the ids of the paused channels; None if everything is paused."""
    ids = set(connection.execute(_PAUSED).scalars())
    return None if _ALL in ids else ids


def pause_all(session: Session, *, reason: str, by: str, now: datetime) -> Switch:
    """Turn on the switch that stops all publishing, and return it; calls in progress continue.

    If the switch is on already, only the reason and the person are replaced.
    """
    switch = paused(session)
    if switch is None:
        switch = Switch(name=_PAUSE, set_at=now)
        session.add(switch)
    switch.reason, switch.set_by = reason, by
    session.flush()
    return switch


def resume_all(session: Session, *, now: datetime) -> None:
    """Turn off the switch that stops all publishing; deliveries that are too late stay unsent.

    Overdue ones count as due from *now*, so that the pause is no lateness of the service.
    """
    switch = paused(session)
    if switch is not None:
        session.delete(switch)
        release_overdue(session, now)
        session.flush()


def release_overdue(session: Session, now: datetime, *where: ColumnElement[bool]) -> None:
    """Let waiting deliveries that are overdue and meet *where* wait from *now* on."""
    session.execute(
        update(Delivery)
        .where(Delivery.status.in_(WAITING), Delivery.next_at < now, *where)
        .values(next_at=now)
        .execution_options(synchronize_session=False)
    )

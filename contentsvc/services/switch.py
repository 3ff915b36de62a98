"""The red switch: while it is on, nothing is published."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, literal, select, union_all
from sqlalchemy.orm import Session

from contentsvc.db.models import ChannelRow, Switch

__all__ = ["pause_all", "paused", "paused_channels", "resume_all"]

_PAUSE = "pause"
#: Stands for all channels; no channel has this id.
_ALL = 0
# One query for the switch and the channels, built once: it runs before every few calls.
_PAUSED = union_all(
    select(literal(_ALL)).where(exists().where(Switch.name == _PAUSE)),
    select(ChannelRow.id).where(ChannelRow.paused_at.is_not(None)),
)


def paused(session: Session) -> Switch | None:
    """Return the switch, with who turned it on, when and why; None if it is off."""
    return session.get(Switch, _PAUSE)


def paused_channels(connection: Connection) -> set[int] | None:
    """Return the ids of the paused channels; None if everything is paused."""
    ids = set(connection.execute(_PAUSED).scalars())
    return None if _ALL in ids else ids


def pause_all(session: Session, *, reason: str, by: str, now: datetime) -> Switch:
    """Turn the switch on; calls that are under way are not interrupted."""
    switch = paused(session)
    if switch is None:
        switch = Switch(name=_PAUSE, set_at=now)
        session.add(switch)
    switch.reason, switch.set_by = reason, by
    session.flush()
    return switch


def resume_all(session: Session) -> None:
    """Turn the switch off; deliveries that are too late by now will be missed."""
    switch = paused(session)
    if switch is not None:
        session.delete(switch)
        session.flush()

"""The red switch: nothing is published until it is turned back."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, exists, literal, select, union_all
from sqlalchemy.orm import Session

from contentsvc.db.models import ChannelRow, Switch

__all__ = ["pause_all", "paused", "paused_channels", "resume_all"]

_PAUSE = "pause"
#: No channel has this number.
_ALL = 0
# Made once, and one question for both: it is asked before every few calls.
_PAUSED = union_all(
    select(literal(_ALL)).where(exists().where(Switch.name == _PAUSE)),
    select(ChannelRow.id).where(ChannelRow.paused_at.is_not(None)),
)


def paused(session: Session) -> Switch | None:
    """Return who paused everything, when and why; None while everything runs."""
    return session.get(Switch, _PAUSE)


def paused_channels(connection: Connection) -> set[int] | None:
    """Return the ids of the channels that pause; None while everything does."""
    ids = set(connection.execute(_PAUSED).scalars())
    return None if _ALL in ids else ids


def pause_all(session: Session, *, reason: str, by: str, now: datetime) -> Switch:
    """Hold every delivery that has not begun to go out; a call under way is not broken off."""
    switch = paused(session)
    if switch is None:
        switch = Switch(name=_PAUSE, set_at=now)
        session.add(switch)
    switch.reason, switch.set_by = reason, by
    session.flush()
    return switch


def resume_all(session: Session) -> None:
    """Let deliveries go again; what is too late by now is missed."""
    switch = paused(session)
    if switch is not None:
        session.delete(switch)
        session.flush()

"""Planning: an approved entry becomes one delivery a channel, or a notice and channel."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentsvc.channels import RenditionWarning, WarningLevel
from contentsvc.config import Config
from contentsvc.db.mapping import content_of, plan_of
from contentsvc.db.models import Calendar, Channel, Delivery, Entry
from contentsvc.db.moves import move
from contentsvc.domain.deliveries import OPEN, Actor, DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.reading import load_entry, require_rev

__all__ = [
    "Windows",
    "approve",
    "approve_entry",
    "approve_week",
    "channel_names",
    "is_too_late",
    "plan_deliveries",
    "retime",
]


@dataclass(frozen=True, slots=True)
class Windows:
    """For how long after its time a delivery is still worth publishing."""

    post: timedelta
    notice: timedelta

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the windows that are set."""
        return cls(post=config.late_post, notice=config.late_notice)

    def useful_until(self, kind: EntryKind, due_at: datetime) -> datetime:
        """Return the instant after which a delivery of *kind* is missed."""
        return due_at + (self.notice if kind is EntryKind.LIVESTREAM else self.post)


def channel_names(content: EntryContent, calendar: Calendar) -> tuple[str, ...]:
    """Return the channels an entry goes to: its own, else the calendar's."""
    return content.channels if content.channels is not None else tuple(calendar.channels)


def is_too_late(entry: Entry, *, now: datetime, windows: Windows) -> bool:
    """Tell whether nothing of an entry could still go out usefully."""
    last = entry.starts_at
    chain = content_of(entry).chain
    if chain:
        last = chain[-1].due_at(entry.starts_at)
    return windows.useful_until(entry.kind, last) < now


def approve_entry(
    session: Session,
    entry_id: int,
    rev: int,
    *,
    by: str,
    now: datetime,
    windows: Windows,
    warnings: Sequence[RenditionWarning] = (),
) -> Entry:
    """Approve an entry and plan its deliveries.

    Raises:
        InputError: it is past, goes nowhere, or a warning blocks it.
        ConflictError: it was changed since *rev*.
    """
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    blocking = [warning for warning in warnings if warning.level is WarningLevel.BLOCK]
    if blocking:
        raise InputError(blocking[0].message, field=blocking[0].field)
    approve(session, entry, by=by, now=now, windows=windows)
    return entry


def approve(session: Session, entry: Entry, *, by: str, now: datetime, windows: Windows) -> None:
    """Mark an entry approved by *by* and plan its deliveries; InputError where it cannot be."""
    if not channel_names(content_of(entry), entry.calendar):
        raise InputError("it goes to no channel; choose one first", field="channels")
    if is_too_late(entry, now=now, windows=windows):
        raise InputError("its time has gone by; move it to a later time first", field="time")
    if entry.status is not EntryStatus.APPROVED:
        entry.status = EntryStatus.APPROVED
        entry.rev += 1
        entry.changed_by = by
        entry.updated_at = now
    entry.approved_by = by
    entry.approved_at = now
    session.flush()
    plan_deliveries(session, entry, now=now, windows=windows)


def approve_week(
    session: Session,
    calendar: Calendar,
    week: IsoWeek,
    *,
    by: str,
    now: datetime,
    windows: Windows,
) -> list[Entry]:
    """Approve every draft and reviewed entry of a week that is not past; return those."""
    waiting = select(Entry).where(
        Entry.calendar_id == calendar.id,
        Entry.week == str(week),
        Entry.deleted_at.is_(None),
        Entry.status.in_([EntryStatus.DRAFT, EntryStatus.IN_REVIEW]),
    )
    approved = []
    for entry in session.scalars(waiting.order_by(Entry.starts_at)):
        if not is_too_late(entry, now=now, windows=windows):
            approve(session, entry, by=by, now=now, windows=windows)
            approved.append(entry)
    return approved


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One delivery that an approved entry calls for."""

    channel_id: int
    notice: str
    due_at: datetime


def plan_deliveries(
    session: Session, entry: Entry, *, now: datetime, windows: Windows
) -> list[Delivery]:
    """Make an entry's deliveries what the entry calls for; doing it twice changes nothing.

    Those not yet out are made, moved or cancelled; what is out, in flight or in doubt is left
    alone. A notice whose own time has gone by is not planned at all: a livestream approved an
    hour before it starts has no use for yesterday's notice.
    """
    wanted = {(item.channel_id, item.notice): item for item in _wanted(session, entry)}
    standing = {(row.channel_id, row.notice): row for row in _deliveries(session, entry)}
    for place, delivery in standing.items():
        if place not in wanted:
            _cancel(session, delivery, now)
        elif _is_open(delivery) or delivery.status is DeliveryStatus.CANCELLED:
            _replan(session, entry, delivery, wanted[place], now=now, windows=windows)
    for place, item in wanted.items():
        if place not in standing and not _is_past(entry, item, now=now, windows=windows):
            session.add(_new_delivery(entry, item, now=now, windows=windows))
    session.flush()
    return _deliveries(session, entry)


def retime(
    session: Session,
    calendar: Calendar,
    entry: Entry,
    week: IsoWeek,
    *,
    now: datetime,
    windows: Windows,
) -> None:
    """Set the instant that an entry's day and time mean, and bring its deliveries there."""
    plan = plan_of(calendar, week, [])
    entry.week = str(week)
    entry.starts_at = plan.starts_at(content_of(entry), week).at
    session.flush()
    if entry.status is EntryStatus.APPROVED:
        plan_deliveries(session, entry, now=now, windows=windows)


def _wanted(session: Session, entry: Entry) -> list[_Wanted]:
    if entry.status is not EntryStatus.APPROVED or entry.deleted_at is not None:
        return []
    content = content_of(entry)
    names = channel_names(content, entry.calendar)
    ids = dict(
        session.execute(select(Channel.name, Channel.id).where(Channel.name.in_(names))).all()
    )
    missing = [name for name in names if name not in ids]
    if missing:
        raise InputError(f"there is no channel {', '.join(missing)}", field="channels")
    times = [(str(notice), notice.due_at(entry.starts_at)) for notice in content.chain]
    if content.kind is not EntryKind.LIVESTREAM:
        times = [("", entry.starts_at)]
    return [_Wanted(ids[name], notice, due_at) for name in names for notice, due_at in times]


def _deliveries(session: Session, entry: Entry) -> list[Delivery]:
    query = select(Delivery).where(Delivery.entry_id == entry.id).order_by(Delivery.due_at)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _is_past(entry: Entry, item: _Wanted, *, now: datetime, windows: Windows) -> bool:
    return windows.useful_until(entry.kind, item.due_at) < now


def _new_delivery(entry: Entry, item: _Wanted, *, now: datetime, windows: Windows) -> Delivery:
    return Delivery(
        entry_id=entry.id,
        channel_id=item.channel_id,
        notice=item.notice,
        key=str(uuid.uuid4()),
        status=DeliveryStatus.PLANNED,
        due_at=item.due_at,
        next_at=item.due_at,
        useful_until=windows.useful_until(entry.kind, item.due_at),
        created_at=now,
        updated_at=now,
    )


def _replan(
    session: Session,
    entry: Entry,
    delivery: Delivery,
    item: _Wanted,
    *,
    now: datetime,
    windows: Windows,
) -> None:
    """Send an open delivery back to be rendered anew, for its possibly new time."""
    changes = {
        "due_at": item.due_at,
        "next_at": item.due_at,
        "useful_until": windows.useful_until(entry.kind, item.due_at),
        "rendition_hash": None,
        "lease_until": None,
        "error": "",
        "updated_at": now,
    }
    if delivery.status is DeliveryStatus.PLANNED:
        session.execute(
            update(Delivery)
            .where(Delivery.id == delivery.id)
            .values(**changes)
            .execution_options(synchronize_session=False)
        )
        return
    if _is_past(entry, item, now=now, windows=windows):
        _cancel(session, delivery, now)
        return
    moved = move(
        session,
        delivery,
        DeliveryStatus.PLANNED,
        by=Actor.PLANNER,
        fence=Delivery.fence + 1,
        **changes,
    )
    if not moved:
        raise ConflictError("it is going out at this moment; look again in a few seconds")


def _is_open(delivery: Delivery) -> bool:
    """Tell whether nothing of a delivery is out or in flight, for certain."""
    return delivery.status in OPEN and not delivery.in_doubt


def _cancel(session: Session, delivery: Delivery, now: datetime) -> None:
    """Cancel a delivery that is not out; one that may be out is left for a person to look at."""
    after = DeliveryStatus.CANCELLED
    if delivery.status in OPEN and delivery.in_doubt:
        after = DeliveryStatus.UNKNOWN
    elif not _is_open(delivery) and delivery.status is not DeliveryStatus.HANDED_OFF:
        return
    move(
        session,
        delivery,
        after,
        by=Actor.PLANNER,
        # A worker that holds an older fence can no longer begin to send.
        fence=Delivery.fence + 1,
        lease_until=None,
        updated_at=now,
    )

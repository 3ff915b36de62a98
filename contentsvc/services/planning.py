"""Approve entries, and plan their deliveries: one per channel, or per notice and channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from contentsvc.channels import RenditionWarning, WarningLevel
from contentsvc.db.mapping import (
    approval_of,
    approved_content,
    content_of,
    fingerprint,
)
from contentsvc.db.models import Calendar, ChannelRow, Correction, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services import approvals
from contentsvc.services.entry_lookup import load_entry, require_rev
from contentsvc.services.public_livestreams import update_page
from contentsvc.services.replanning import (
    Usefulness,
    Wanted,
    cancel,
    is_open,
    is_outdated,
    is_past,
    new_delivery,
    replan,
    update_outdated,
)

__all__ = [
    "Usefulness",
    "approve",
    "approve_entry",
    "approve_week",
    "is_too_late",
    "plan_deliveries",
    "waiting_in",
]


def is_too_late(entry: Entry, *, now: datetime, usefulness: Usefulness) -> bool:
    """Return True if even the last delivery of an entry would be too late at *now* to be useful."""
    last = entry.starts_at
    chain = content_of(entry).chain
    if chain:
        last = chain[-1].due_at(entry.starts_at)
    return usefulness.useful_until(entry.kind, last) < now


def approve_entry(
    session: Session,
    entry_id: int,
    rev: int,
    *,
    by: str,
    now: datetime,
    usefulness: Usefulness,
    warnings: Sequence[RenditionWarning] = (),
) -> Entry:
    """Approve an entry and plan its deliveries, which publish it on its channels.

    Raises:
        InputError: the entry is too late, has no channel, or one of *warnings* blocks it.
        ConflictError: the entry was changed since the revision *rev*.
    """
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    blocking = [warning for warning in warnings if warning.level is WarningLevel.BLOCK]
    if blocking:
        raise InputError(blocking[0].message, field=blocking[0].field)
    approve(session, entry, by=by, now=now, usefulness=usefulness)
    return entry


def approve(
    session: Session, entry: Entry, *, by: str, now: datetime, usefulness: Usefulness
) -> None:
    """Mark an entry as approved by the person *by* and plan its deliveries.

    Raises:
        InputError: the entry has no channel, or all of its deliveries would be too late.
    """
    if not approvals.channels_of(entry):
        raise InputError("approval-without-channel", field="channels")
    if is_too_late(entry, now=now, usefulness=usefulness):
        raise InputError("approval-too-late", field="time")
    if entry.status is not EntryStatus.APPROVED:
        entry.rev += 1
        entry.changed_by = by
        entry.updated_at = now
    approvals.grant(session, entry, by=by, now=now)
    session.flush()
    plan_deliveries(session, entry, now=now, usefulness=usefulness)


def approve_week(
    session: Session,
    calendar: Calendar,
    week: IsoWeek,
    *,
    by: str,
    now: datetime,
    usefulness: Usefulness,
    seen: Mapping[int, int] | None = None,
) -> list[Entry]:
    """Approve a week's entries that are drafts or in review; return the approved ones.

    Entries whose deliveries would all be too late are left out. *seen* maps entry ids to the
    revisions that the person has seen. If it is given, other entries and other revisions are not
    approved.
    """
    approved = []
    for entry in waiting_in(session, calendar, week, now=now, usefulness=usefulness):
        if seen is None or seen.get(entry.id) == entry.rev:
            approve(session, entry, by=by, now=now, usefulness=usefulness)
            approved.append(entry)
    return approved


def waiting_in(
    session: Session, calendar: Calendar, week: IsoWeek, *, now: datetime, usefulness: Usefulness
) -> list[Entry]:
    """Return a week's entries that wait for approval and are not too late, in order of start.

    They are drafts or in review.
    """
    waiting = select(Entry).where(
        Entry.calendar_id == calendar.id,
        Entry.week == str(week),
        Entry.deleted_at.is_(None),
        Entry.status.in_([EntryStatus.DRAFT, EntryStatus.IN_REVIEW]),
    )
    ordered = waiting.options(joinedload(Entry.calendar)).order_by(Entry.starts_at)
    entries = session.scalars(ordered).all()
    return [entry for entry in entries if not is_too_late(entry, now=now, usefulness=usefulness)]


def plan_deliveries(
    session: Session,
    entry: Entry,
    *,
    now: datetime,
    usefulness: Usefulness,
    at_once: bool = True,
) -> list[Delivery]:
    """Make an entry's deliveries match its approval; return all deliveries in order of due time.

    Create missing deliveries, plan changed ones again, and cancel those that are no longer wanted.
    What was approved is what goes out, also while a changed entry waits for review.

    A second call changes nothing. Published deliveries, and those that are being sent or may be
    out, are not changed. A notice that is too late to be useful is not planned: a livestream that
    is approved an hour before its start needs no notice for the day before.

    If *at_once* is false, nothing is planned, or planned again, at a time before *now*: a delivery
    whose new time has passed is cancelled instead of published at once.
    """
    wanted = {(item.channel_id, item.notice): item for item in _wanted(session, entry)}
    existing = {(row.channel_id, row.notice): row for row in _deliveries(session, entry)}
    for key, delivery in existing.items():
        if key not in wanted:
            cancel(session, delivery, now)
        elif is_open(delivery) and delivery.approval_hash == entry.approval_hash:
            # It is planned as approved, or at a time that a person has chosen.
            continue
        elif is_open(delivery) or delivery.status is DeliveryStatus.CANCELLED:
            if at_once or wanted[key].due_at >= now:
                replan(session, entry, delivery, wanted[key], now=now, usefulness=usefulness)
            else:
                cancel(session, delivery, now)
        elif is_outdated(entry, delivery):
            update_outdated(session, entry, delivery, wanted[key], now=now, usefulness=usefulness)
    for key, item in wanted.items():
        is_late = is_past(entry, item, now=now, usefulness=usefulness)
        if key not in existing and not is_late and (at_once or item.due_at >= now):
            session.add(new_delivery(entry, item, now=now, usefulness=usefulness))
    session.flush()
    if update_page(session, entry, now):
        _withdraw_corrections(session, entry, now=now, usefulness=usefulness)
    return _deliveries(session, entry)


def _withdraw_corrections(
    session: Session, entry: Entry, *, now: datetime, usefulness: Usefulness
) -> None:
    """Cancel unpublished corrections of a livestream, since their facts are outdated now."""
    query = select(Correction.correction_id).where(Correction.entry_id == entry.id)
    approved = select(Entry).where(Entry.id.in_(query), Entry.status == EntryStatus.APPROVED)
    for correction in session.scalars(approved).all():
        if any(is_open(row) for row in _deliveries(session, correction)):
            correction.status = EntryStatus.CANCELLED
            approvals.withdraw(correction)
            correction.rev += 1
            correction.changed_by, correction.updated_at = entry.changed_by, now
            session.flush()
            plan_deliveries(session, correction, now=now, usefulness=usefulness)


def _wanted(session: Session, entry: Entry) -> list[Wanted]:
    """Return the deliveries that an entry is approved for; none on channels with new settings."""
    approval = approval_of(entry)
    if approval is None:
        return []
    content = approved_content(approval)
    names = tuple(approval.channels)
    rows = {
        row.name: row
        for row in session.scalars(select(ChannelRow).where(ChannelRow.name.in_(names)))
    }
    missing = [name for name in names if name not in rows]
    if missing:
        raise InputError("planning-channels-unknown", names=missing, field="channels")
    times = [(str(notice), notice.due_at(approval.starts_at)) for notice in content.chain]
    if content.kind is not EntryKind.LIVESTREAM:
        times = [("", approval.starts_at)]
    approved = [rows[name] for name in names if fingerprint(rows[name]) == approval.channels[name]]
    return [Wanted(row.id, notice, due_at) for row in approved for notice, due_at in times]


def _deliveries(session: Session, entry: Entry) -> list[Delivery]:
    query = select(Delivery).where(Delivery.entry_id == entry.id).order_by(Delivery.due_at)
    return list(session.scalars(query.execution_options(populate_existing=True)))

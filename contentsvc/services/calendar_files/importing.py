"""A calendar file's plan taken into the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, ChannelRow, Entry
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.calendar_files.entry_importing import (
    EntryImporter,
    ImportReport,
    SkippedEntry,
    mark_as_filed,
)
from contentsvc.services.calendar_settings import put_calendar
from contentsvc.services.planning import Windows

__all__ = ["ImportReport", "SkippedEntry", "import_calendar", "mark_as_filed"]


def import_calendar(
    session: Session,
    plan: CalendarPlan,
    *,
    now: datetime,
    by: str,
    windows: Windows,
    approve: bool = False,
    overwrite: bool = False,
    review_on_edit: bool = True,
) -> ImportReport:
    """Make a calendar's week say what *plan* says; doing it twice changes nothing.

    Entries are known by their key. One that a person changed, made or deleted in the web since
    the last import keeps that person's words and is reported as kept, unless *overwrite*. A draft
    in the file says nothing about approval; `approved` there, or *approve* for the whole file,
    approves in the name of *by*. The caller's transaction holds it all: an error leaves nothing.

    Raises:
        InputError: the plan has no week, names a channel that does not exist, or an entry
            cannot be approved.
        ConflictError: something of an entry began to go out at this moment, or somebody else
            imports the same new calendar.
    """
    if plan.week is None:
        raise InputError(
            "this is a template without a week; give the week to stamp it on, such as 2026-W48",
            field="week",
        )
    _require_channels(session, plan)
    try:
        calendar = _put_head(session, plan.head, now=now, windows=windows)
    except IntegrityError as error:
        raise ConflictError(
            f"somebody else is importing {plan.head.slug} at this moment; import it again"
        ) from error
    entries = {entry.key: entry for entry in _entries(session, calendar, plan.week)}
    importer = EntryImporter(
        session=session,
        head=plan.head,
        week=plan.week,
        calendar=calendar,
        now=now,
        by=by,
        windows=windows,
        approve=approve,
        overwrite=overwrite,
        review_on_edit=review_on_edit,
        report=ImportReport(plan.head.slug, plan.week),
    )
    for content in plan.entries:
        importer.take(content, entries.get(content.key))
    put_calendar(session, plan.head, now=now, windows=windows)
    importer.report.absent = _absent(plan, entries)
    return importer.report


def _require_channels(session: Session, plan: CalendarPlan) -> None:
    known = set(session.scalars(select(ChannelRow.name)))
    places = [("the calendar", plan.head.channels)]
    places += [(f"the entry {entry.key!r}", entry.channels or ()) for entry in plan.entries]
    faults = [
        f"{place} names the channel {name!r}, which does not exist"
        for place, names in places
        for name in names
        if name not in known
    ]
    if faults:
        there = ", ".join(sorted(known)) or "none yet"
        raise InputError("; ".join([*faults, f"the channels are: {there}"]), field="channels")


def _put_head(session: Session, head: CalendarHead, *, now: datetime, windows: Windows) -> Calendar:
    """Create or change the calendar, keeping the slots that its entries may still stand in."""
    # Imports of one calendar follow each other; SQLite has one writer anyway.
    query = select(Calendar).where(Calendar.slug == head.slug).with_for_update()
    standing = session.scalar(query)
    present = head_of(standing).slots if standing else {}
    both = replace(head, slots={**present, **head.slots})
    return put_calendar(session, both, now=now, windows=windows)


def _entries(session: Session, calendar: Calendar, week: IsoWeek) -> Sequence[Entry]:
    return session.scalars(
        select(Entry)
        .where(Entry.calendar_id == calendar.id, Entry.week == str(week))
        .options(selectinload(Entry.deliveries))
        .order_by(Entry.starts_at, Entry.id)
    ).all()


def _absent(plan: CalendarPlan, entries: Mapping[str, Entry]) -> list[str]:
    given = {content.key for content in plan.entries}
    return [
        key
        for key, entry in entries.items()
        if key not in given and entry.imported_hash is not None and entry.deleted_at is None
    ]

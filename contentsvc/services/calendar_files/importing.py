"""Import a calendar plan (the contents of a calendar file) into the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, ChannelRow, Entry
from contentsvc.domain.approvals import Answer
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.calendar_files.entry_importing import (
    EntryImporter,
    ImportChoices,
    ImportReport,
    SkippedEntry,
    mark_as_filed,
)
from contentsvc.services.calendar_settings import put_calendar
from contentsvc.services.planning import Usefulness

__all__ = ["ImportChoices", "ImportReport", "SkippedEntry", "import_calendar", "mark_as_filed"]


_DEFAULTS = ImportChoices()


def import_calendar(
    session: Session,
    plan: CalendarPlan,
    *,
    now: datetime,
    by: str,
    usefulness: Usefulness,
    choices: ImportChoices = _DEFAULTS,
) -> ImportReport:
    """Create or change a calendar and the entries of one week as *plan* describes them.

    Importing the same plan again changes nothing. Entries are matched by their key. An entry that
    a person has created, changed or deleted in the web interface since the last import is not
    changed and is reported as skipped, unless *choices* say so.

    The status `draft` in the file does not withdraw an approval. The status `approved`, or such a
    choice for the whole file, approves the entry in the name of *by*. All changes are in the
    caller's transaction, so that an error changes nothing.

    Raises:
        InputError: the plan has no week, names a channel that does not exist, or has an entry
            that cannot be approved.
        ApprovedEntriesError: the calendar's settings change, which concerns approved entries, and
            *choices* have no answer what happens to these.
        ConflictError: an entry began to be published just now, or somebody else is importing the
            same new calendar.
    """
    if plan.week is None:
        raise InputError("import-without-week", field="week")
    _require_channels(session, plan)
    try:
        calendar = _put_head(
            session, plan.head, now=now, usefulness=usefulness, answer=choices.answer
        )
    except IntegrityError as error:
        raise ConflictError("import-busy", calendar=plan.head.slug) from error
    entries = {entry.key: entry for entry in _entries(session, calendar, plan.week)}
    importer = EntryImporter(
        session=session,
        head=plan.head,
        week=plan.week,
        calendar=calendar,
        now=now,
        by=by,
        usefulness=usefulness,
        choices=choices,
        report=ImportReport(plan.head.slug, plan.week),
    )
    for content in plan.entries:
        importer.import_entry(content, entries.get(content.key))
    # The slots that the file no longer has go, now that its entries do not use them any more.
    answer = Answer(choices.answer.decision) if choices.answer else None
    put_calendar(session, plan.head, now=now, usefulness=usefulness, answer=answer)
    importer.report.absent = _absent(plan, entries)
    return importer.report


def _require_channels(session: Session, plan: CalendarPlan) -> None:
    known = set(session.scalars(select(ChannelRow.name)))
    named = [(plan.head.slug, plan.head.channels)]
    named += [(entry.key, entry.channels or ()) for entry in plan.entries]
    # Each name is shown with the key of its entry, or with the slug of the calendar.
    missing = [f"{name} ({key})" for key, names in named for name in names if name not in known]
    if missing and not known:
        raise InputError("import-channels-none", field="channels", missing=missing)
    if missing:
        raise InputError(
            "import-channels-unknown", field="channels", missing=missing, known=sorted(known)
        )


def _put_head(
    session: Session,
    head: CalendarHead,
    *,
    now: datetime,
    usefulness: Usefulness,
    answer: Answer | None,
) -> Calendar:
    """Create the calendar or change its settings to *head*, but keep its present time slots.

    Entries may still use these slots.
    """
    # The lock makes imports of one calendar wait for each other; SQLite has one writer anyway.
    query = select(Calendar).where(Calendar.slug == head.slug).with_for_update()
    calendar = session.scalar(query)
    present = head_of(calendar).slots if calendar else {}
    both = replace(head, slots={**present, **head.slots})
    return put_calendar(session, both, now=now, usefulness=usefulness, answer=answer)


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

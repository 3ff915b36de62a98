"""Import a calendar template (a week without a date) into a week, and copy weeks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_of, fill_entry, head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.entries import EntryContent, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services.calendar_files.exporting import week_entries
from contentsvc.services.calendar_files.importing import (
    ImportChoices,
    ImportReport,
    import_calendar,
)
from contentsvc.services.planning import Usefulness

__all__ = ["Clash", "ClashReason", "CopyReport", "copy_week", "preview_copy", "stamp"]


_DEFAULTS = ImportChoices()


def stamp(
    session: Session,
    plan: CalendarPlan,
    week: IsoWeek,
    *,
    now: datetime,
    by: str,
    usefulness: Usefulness,
    choices: ImportChoices = _DEFAULTS,
) -> ImportReport:
    """Import *plan*, usually a template without a date, into *week*; return a report.

    A plan that has a week can be imported into another week, too. Dates inside texts do not change.

    Raises:
        InputError: the plan names a channel that does not exist, or has an entry that cannot be
            approved.
        ApprovedEntriesError: the plan changes settings that approved entries depend on, and
            *choices* have no answer what happens to these.
        ConflictError: an entry began to be published just now, or somebody else is importing the
            same new calendar.
    """
    return import_calendar(
        session,
        replace(plan, week=week),
        now=now,
        by=by,
        usefulness=usefulness,
        choices=choices,
    )


class ClashReason(StrEnum):
    """The reason why an entry is left out when people copy one week to another."""

    #: The target week has an entry with the same key, or had one that was deleted.
    SAME_KEY = "same_key"
    #: The target week has another entry at the same day and time.
    TIME_TAKEN = "time_taken"
    #: Its time in the target week has passed.
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Clash:
    """An entry that is left out when a week is copied, for example because its time has passed."""

    key: str
    title: str
    reason: ClashReason
    #: Key of the entry in the target week; empty if the time has passed.
    other: str = ""


@dataclass(slots=True)
class CopyReport:
    """The result of copying a week, or its preview: the copied entries and those left out.

    The lists are in order of time.
    """

    source: IsoWeek
    target: IsoWeek
    copied: list[str] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


def preview_copy(
    session: Session, calendar: Calendar, source: IsoWeek, target: IsoWeek, *, now: datetime
) -> CopyReport:
    """Return the report that `copy_week` would return, without changing anything.

    Raises:
        InputError: both weeks are the same, or an entry is in a slot that was removed.
    """
    report, _ = _compare(session, calendar, source, target, now)
    return report


def copy_week(
    session: Session,
    calendar: Calendar,
    source: IsoWeek,
    target: IsoWeek,
    *,
    now: datetime,
    by: str,
) -> CopyReport:
    """Copy entries of *source* into *target* as drafts; skip those in the past or in conflict.

    Cancelled entries are not copied. Dates inside texts do not change.

    Raises:
        InputError: both weeks are the same, or an entry is in a slot that was removed.
    """
    report, copies = _compare(session, calendar, source, target, now)
    for content, at in copies:
        copy = Entry(
            calendar_id=calendar.id,
            calendar=calendar,
            week=str(target),
            starts_at=at,
            status=EntryStatus.DRAFT,
            rev=1,
            changed_by=by,
            created_at=now,
            updated_at=now,
        )
        fill_entry(copy, content)
        session.add(copy)
    session.flush()
    return report


def _compare(
    session: Session, calendar: Calendar, source: IsoWeek, target: IsoWeek, now: datetime
) -> tuple[CopyReport, list[tuple[EntryContent, datetime]]]:
    """Return the report on copying a week, and content and time (UTC) of each entry to create."""
    if source == target:
        raise InputError("copy-same-week", field="week", week=str(source))
    head = head_of(calendar)
    present = session.scalars(
        select(Entry).where(Entry.calendar_id == calendar.id, Entry.week == str(target))
    ).all()
    keys = {entry.key for entry in present}
    visible = [content_of(entry) for entry in present if entry.deleted_at is None]
    taken = {_starts_at(head, content, target, target): content.key for content in visible}
    report, copies = CopyReport(source, target), []
    for entry in week_entries(session, calendar, source):
        if entry.status is EntryStatus.CANCELLED:
            continue
        content = content_of(entry)
        at = _starts_at(head, content, source, target)
        clash = _clash(content, at, keys=keys, taken=taken, now=now)
        if clash:
            report.clashes.append(clash)
        else:
            report.copied.append(content.key)
            copies.append((content, at))
    return report, copies


def _starts_at(
    head: CalendarHead, content: EntryContent, week: IsoWeek, target: IsoWeek
) -> datetime:
    """Return the start time, in UTC, that an entry of *week* would have in the week *target*."""
    if content.slot is not None and content.slot not in head.slots:
        raise InputError(
            "copy-slot-gone", field="slots", key=content.key, week=str(week), slot=content.slot
        )
    return head.starts_at(content, target).at


def _clash(
    content: EntryContent,
    at: datetime,
    *,
    keys: set[str],
    taken: dict[datetime, str],
    now: datetime,
) -> Clash | None:
    key, title = content.key, content.title
    if key in keys:
        return Clash(key, title, ClashReason.SAME_KEY, key)
    if at in taken:
        return Clash(key, title, ClashReason.TIME_TAKEN, taken[at])
    if at < now:
        return Clash(key, title, ClashReason.PAST)
    return None

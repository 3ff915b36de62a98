"""A template stamped on a week, and one week copied to another."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_of, fill_entry, head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.entries import EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services.calendar_files.exporting import week_entries
from contentsvc.services.calendar_files.importing import ImportReport, import_calendar
from contentsvc.services.planning import Windows

__all__ = ["Clash", "ClashReason", "CopyReport", "copy_week", "preview_copy", "stamp"]


def stamp(
    session: Session,
    plan: CalendarPlan,
    week: IsoWeek,
    *,
    now: datetime,
    by: str,
    windows: Windows,
    approve: bool = False,
    overwrite: bool = False,
) -> ImportReport:
    """Bring a template's entries into *week*, as an import of that week would.

    A file that has a week of its own serves as a template too. Dates inside texts are left alone.
    """
    return import_calendar(
        session,
        replace(plan, week=week),
        now=now,
        by=by,
        windows=windows,
        approve=approve,
        overwrite=overwrite,
    )


class ClashReason(StrEnum):
    """Why an entry is not copied."""

    #: The target week has, or had, an entry of this key.
    SAME_KEY = "same_key"
    #: Another entry stands at this day and time.
    TIME_TAKEN = "time_taken"
    #: Its time in the target week has gone by.
    PAST = "past"


@dataclass(frozen=True, slots=True)
class Clash:
    """An entry that is not copied."""

    key: str
    title: str
    reason: ClashReason
    #: Key of the entry that stands in the way; empty where it is the time.
    other: str = ""


@dataclass(slots=True)
class CopyReport:
    """What a copy of a week brings, by the entries' keys in order of time."""

    source: IsoWeek
    target: IsoWeek
    copied: list[str] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)


def preview_copy(
    session: Session, calendar: Calendar, source: IsoWeek, target: IsoWeek, *, now: datetime
) -> CopyReport:
    """Tell what `copy_week` would do; nothing is changed."""
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
    """Copy a week's entries to another as drafts; what clashes is left out and reported.

    Cancelled entries are not copied, and dates inside texts are left alone. InputError where
    both weeks are the same.
    """
    report, entries = _compare(session, calendar, source, target, now)
    for entry in entries:
        _copy(session, calendar, entry, target, now=now, by=by)
    session.flush()
    return report


def _compare(
    session: Session, calendar: Calendar, source: IsoWeek, target: IsoWeek, now: datetime
) -> tuple[CopyReport, list[Entry]]:
    if source == target:
        raise InputError(f"{source} cannot be copied to itself; choose another week", field="week")
    standing = session.scalars(
        select(Entry).where(Entry.calendar_id == calendar.id, Entry.week == str(target))
    ).all()
    keys = {entry.key for entry in standing}
    shown = [entry for entry in standing if entry.deleted_at is None]
    taken = {_at(calendar, entry, target): entry.key for entry in shown}
    report, free = CopyReport(source, target), []
    for entry in week_entries(session, calendar, source):
        if entry.status is EntryStatus.CANCELLED:
            continue
        at = _at(calendar, entry, target)
        clash = _clash(entry, at, keys=keys, taken=taken, now=now)
        if clash:
            report.clashes.append(clash)
        else:
            report.copied.append(entry.key)
            free.append(entry)
    return report, free


def _at(calendar: Calendar, entry: Entry, week: IsoWeek) -> datetime:
    head = head_of(calendar)
    content = content_of(entry)
    if content.slot is not None and content.slot not in head.slots:
        raise InputError(
            f"the entry {entry.key!r} of {entry.week} stands in the slot {content.slot!r}, which "
            "the calendar no longer has; add the slot or give the entry a time of its own",
            field="slots",
        )
    return head.starts_at(content, week).at


def _clash(
    entry: Entry, at: datetime, *, keys: set[str], taken: dict[datetime, str], now: datetime
) -> Clash | None:
    if entry.key in keys:
        return Clash(entry.key, entry.title, ClashReason.SAME_KEY, entry.key)
    if at in taken:
        return Clash(entry.key, entry.title, ClashReason.TIME_TAKEN, taken[at])
    if at < now:
        return Clash(entry.key, entry.title, ClashReason.PAST)
    return None


def _copy(
    session: Session,
    calendar: Calendar,
    entry: Entry,
    week: IsoWeek,
    *,
    now: datetime,
    by: str,
) -> None:
    copy = Entry(
        calendar_id=calendar.id,
        calendar=calendar,
        week=str(week),
        starts_at=_at(calendar, entry, week),
        status=EntryStatus.DRAFT,
        rev=1,
        changed_by=by,
        created_at=now,
        updated_at=now,
    )
    fill_entry(copy, content_of(entry))
    session.add(copy)

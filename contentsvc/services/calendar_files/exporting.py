"""Export one week of a calendar as a CalendarPlan, or as the text of a calendar file (YAML)."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_of, head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendar_files import read_calendar, write_calendar
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.entries import EntryContent, EntryKind, Version
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, InputError
from contentsvc.services.calendar_settings import get_calendar

__all__ = ["export_calendar", "export_text", "week_entries"]


def export_calendar(session: Session, slug: str, week: IsoWeek) -> CalendarPlan:
    """Return the settings of the calendar *slug* and the entries of one week as a plan.

    Importing this plan changes nothing.

    Raises:
        NotFoundError: there is no such calendar.
    """
    calendar = get_calendar(session, slug)
    entries = week_entries(session, calendar, week)
    head = head_of(calendar)
    return CalendarPlan(head, week, tuple(_file_content(entry, head) for entry in entries))


def export_text(session: Session, slug: str, week: IsoWeek) -> str:
    """Return one week of the calendar *slug* as the YAML text of a calendar file.

    Raises:
        NotFoundError: there is no such calendar.
        InputError: an entry has content that a calendar file cannot have; the message names it.
    """
    plan = export_calendar(session, slug, week)
    text = write_calendar(plan)
    try:
        read_calendar(text, slug)
    except CalendarError as error:
        problem = error.problems[0]
        raise InputError(
            "export-impossible",
            calendar=slug,
            week=str(week),
            field_path=problem.field,
            problem=problem.message,
        ) from error
    return text


def week_entries(session: Session, calendar: Calendar, week: IsoWeek) -> list[Entry]:
    """Return the calendar's entries of one week in order of time, without deleted entries."""
    query = select(Entry).where(
        Entry.calendar_id == calendar.id, Entry.week == str(week), Entry.deleted_at.is_(None)
    )
    return list(session.scalars(query.order_by(Entry.starts_at, Entry.id)))


def _file_content(entry: Entry, head: CalendarHead) -> EntryContent:
    """Return an entry's content for a calendar file, without values that only web forms use."""
    content = content_of(entry)
    content = replace(
        content,
        body=_unix_lines(content.body),
        versions={name: _version(version) for name, version in content.versions.items()},
        # A post has no poster; the form stores one for a person who changes the kind back.
        poster=None if content.kind is EntryKind.POST else content.poster,
    )
    if content.slot is not None and content.slot not in head.slots:
        # The slot was removed, so the file gets the time at which the entry is due.
        wall = entry.starts_at.astimezone(head.zone).time().replace(tzinfo=None)
        return replace(content, slot=None, time=wall)
    return content


def _version(version: Version) -> Version:
    body = None if version.body is None else _unix_lines(version.body)
    return Version(title=version.title or None, body=body)


def _unix_lines(text: str) -> str:
    return text.replace("\r\n", "\n")

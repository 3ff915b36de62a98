"""A calendar's week given back as a plan and as a calendar file."""

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
    """Return a calendar's week as a plan; importing it changes nothing.

    NotFoundError where there is no such calendar.
    """
    calendar = get_calendar(session, slug)
    entries = week_entries(session, calendar, week)
    head = head_of(calendar)
    return CalendarPlan(head, week, tuple(_for_a_file(entry, head) for entry in entries))


def export_text(session: Session, slug: str, week: IsoWeek) -> str:
    """Return a calendar's week as the text of a calendar file.

    Raises:
        NotFoundError: there is no such calendar.
        InputError: an entry says something that no calendar file can; it is named.
    """
    plan = export_calendar(session, slug, week)
    text = write_calendar(plan)
    try:
        read_calendar(text, slug)
    except CalendarError as error:
        problem = error.problems[0]
        raise InputError(
            f"{slug} {week} cannot be written as a calendar file: {problem}; change it there first"
        ) from error
    return text


def week_entries(session: Session, calendar: Calendar, week: IsoWeek) -> list[Entry]:
    """Return a week's entries that are not deleted, in order of time."""
    query = select(Entry).where(
        Entry.calendar_id == calendar.id, Entry.week == str(week), Entry.deleted_at.is_(None)
    )
    return list(session.scalars(query.order_by(Entry.starts_at, Entry.id)))


def _for_a_file(entry: Entry, head: CalendarHead) -> EntryContent:
    """Return the entry without what a web form may leave behind and a file does not hold."""
    content = content_of(entry)
    content = replace(
        content,
        body=_lines(content.body),
        versions={name: _version(version) for name, version in content.versions.items()},
        # A post shows no poster; the form keeps one for a person who changes the kind back.
        poster=None if content.kind is EntryKind.POST else content.poster,
    )
    if content.slot is not None and content.slot not in head.slots:
        # The slot is gone since; the entry's time tells when it was.
        wall = entry.starts_at.astimezone(head.zone).time().replace(tzinfo=None)
        return replace(content, slot=None, time=wall)
    return content


def _version(version: Version) -> Version:
    body = None if version.body is None else _lines(version.body)
    return Version(title=version.title or None, body=body)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")

"""Checks content from elsewhere, such as a web form, by the rules of calendar files."""

from __future__ import annotations

from dataclasses import replace

from contentsvc.domain.calendar_files.reading import read_calendar
from contentsvc.domain.calendar_files.writing import write_calendar
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.entries import EntryContent
from contentsvc.errors import CalendarError, Problem

__all__ = ["content_problems"]

_ENTRY = "entries[0]."


def content_problems(head: CalendarHead, content: EntryContent) -> list[Problem]:
    """Return the problems that *content* would have as an entry in a calendar file.

    *head* has the settings of the calendar. Content without problems can be exported and imported
    again. The fields of the problems are relative to the entry, such as `livestream.host`; their
    line numbers mean nothing.
    """
    # A new entry has no key yet.
    entry = replace(content, key=content.key or "new")
    try:
        read_calendar(write_calendar(CalendarPlan(head, None, (entry,))), head.slug)
    except CalendarError as error:
        # A problem of the calendar's own settings is no fault of the entry.
        return [
            replace(problem, field=problem.field.removeprefix(_ENTRY))
            for problem in error.problems
            if problem.field.startswith(_ENTRY)
        ]
    return []

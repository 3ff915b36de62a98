"""Refuses a calendar file that approves an entry which a channel or a check would block."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.channels import WarningLevel
from contentsvc.db.mapping import approval_of, content_hash, content_of, fill_calendar
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.domain.entries import EntryContent, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import CalendarError, Problem
from contentsvc.messages import Message
from contentsvc.services.planning import Usefulness
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime

__all__ = ["refuse_blocked"]


def refuse_blocked(
    runtime: Runtime, plan: CalendarPlan, file: str, *, approve: bool = False
) -> None:
    """Raise CalendarError if *plan* approves an entry that cannot be published.

    The entries are rendered for each channel, as for a preview. *file* is the file's name. If
    *approve* is true, all of its entries count as approved. Entries that are approved already with
    the content of the file, and entries that are too late to be published, are not checked.

    Raises:
        CalendarError: there is a blocking warning; each one is named with the line of the entry's
            status.
    """
    if plan.week is None:
        return
    wanted = [
        (number, entry)
        for number, entry in enumerate(plan.entries)
        if approve or entry.status is EntryStatus.APPROVED
    ]
    with runtime.database.read() as session:
        calendar = session.scalar(select(Calendar).where(Calendar.slug == plan.head.slug))
        calendar_id = calendar.id if calendar is not None else 0
        standing = _standing(session, calendar_id, plan.week)
    # The preview needs the settings that the file gives to the calendar.
    future = Calendar(id=calendar_id)
    fill_calendar(future, plan.head)
    renderer, problems = Renderer(runtime), []
    for number, entry in wanted:
        is_new = standing.get(entry.key) != content_hash(entry)
        if not is_new or _is_late(runtime, plan, plan.week, entry):
            continue
        reasons = _reasons(renderer, future, plan.week, entry)
        line, field = plan.lines.get(entry.key, 0), f"entries[{number}].status"
        problems += [Problem(line, field, reason) for reason in reasons]
    if problems:
        raise CalendarError(file, problems)


def _standing(session: Session, calendar_id: int, week: IsoWeek) -> dict[str, str]:
    """Return the content hash of each approved entry of a week, by the entry's key."""
    query = select(Entry).where(Entry.calendar_id == calendar_id, Entry.week == str(week))
    return {
        entry.key: content_hash(content_of(entry))
        for entry in session.scalars(query)
        if entry.status is EntryStatus.APPROVED and approval_of(entry) is not None
    }


def _is_late(runtime: Runtime, plan: CalendarPlan, week: IsoWeek, entry: EntryContent) -> bool:
    last: datetime = plan.head.starts_at(entry, week).at
    if entry.chain:
        last = entry.chain[-1].due_at(last)
    return Usefulness.of(runtime.config).useful_until(entry.kind, last) < runtime.clock()


def _reasons(
    renderer: Renderer, calendar: Calendar, week: IsoWeek, entry: EntryContent
) -> list[Message]:
    """Return the reasons why channels would block an entry. Missing channels are ignored.

    A reason that several notices share is given once for each channel.
    """
    reasons = {
        (preview.channel, str(warning.message)): Message(
            "file-approval-blocked", channel=preview.channel, reason=warning.message
        )
        for preview in renderer.preview(calendar, week, entry)
        for warning in preview.warnings
        if preview.channel_type and warning.level is WarningLevel.BLOCK
    }
    return list(reasons.values())

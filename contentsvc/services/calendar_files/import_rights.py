"""What a person must be allowed to do to import a calendar file, by what the import changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarHead, CalendarPlan
from contentsvc.domain.roles import Action, needed_to_import
from contentsvc.services.calendar_files.importing import ImportChoices

__all__ = ["CalendarState", "needed_after", "needed_before", "state_of"]


@dataclass(frozen=True, slots=True)
class CalendarState:
    """What of a calendar only its approvers and managers change."""

    calendar_id: int
    head: CalendarHead
    #: What is approved, by the id of the entry: the hashes of its approval, and whether it is
    #: deleted.
    approvals: Mapping[int, tuple[object, ...]]


def state_of(session: Session, slug: str) -> CalendarState | None:
    """Return the present state of a calendar; None if there is no calendar *slug*."""
    calendar = session.scalar(select(Calendar).where(Calendar.slug == slug))
    if calendar is None:
        return None
    query = select(
        Entry.id, Entry.approval_hash, Entry.suspended_hash, Entry.deleted_at.is_not(None)
    ).where(
        Entry.calendar_id == calendar.id,
        or_(Entry.approval_hash.is_not(None), Entry.suspended_hash.is_not(None)),
    )
    approvals = {row[0]: tuple(row[1:]) for row in session.execute(query)}
    return CalendarState(calendar.id, head_of(calendar), approvals)


def needed_before(state: CalendarState, plan: CalendarPlan, choices: ImportChoices) -> Action:
    """Return what the import of *plan* needs by its settings and by what the person has chosen."""
    return needed_to_import(
        approves=choices.approve,
        overwrites=choices.overwrite,
        changes_settings=_settings(state.head) != _settings(plan.head),
        changes_approved=False,
    )


def needed_after(before: CalendarState, after: CalendarState) -> Action:
    """Return what an import needed that changed a calendar from *before* to *after*.

    The caller rolls the transaction back if the person may not do that.
    """
    return needed_to_import(
        approves=False,
        overwrites=False,
        changes_settings=_settings(before.head) != _settings(after.head),
        changes_approved=before.approvals != after.approvals,
    )


def _settings(head: CalendarHead) -> tuple[object, ...]:
    # The order of the slots is that of the board's rows.
    return head, list(head.slots)

"""Apply new settings of a calendar to its entries: their times, and what of them is approved."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from contentsvc.db.mapping import approval_of, content_of, fill_calendar, head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.approvals import Answer, Decision
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import OPEN, DeliveryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError, InputError
from contentsvc.services import approvals
from contentsvc.services.concerns import (
    Concern,
    concerns_of_calendar,
    decide,
    moved_approval,
    recent_entries,
)
from contentsvc.services.planning import Usefulness, plan_deliveries

__all__ = ["CalendarChange"]


class CalendarChange:
    """A change of a calendar's settings, with the approved entries that it concerns."""

    def __init__(
        self,
        session: Session,
        calendar: Calendar,
        head: CalendarHead,
        *,
        now: datetime,
        usefulness: Usefulness,
    ) -> None:
        """Compare the settings of *calendar* with the new settings *head*."""
        self._session = session
        self._calendar = calendar
        self._head = head
        self._now = now
        self._usefulness = usefulness
        self._has_effect = _followed(head_of(calendar)) != _followed(head)
        self.concerns: list[Concern] = []
        if self._has_effect:
            self.concerns = concerns_of_calendar(
                session, calendar, head, now=now, usefulness=usefulness
            )

    def apply(self, answer: Answer | None) -> None:
        """Store the new settings, and update the entries as `calendar_settings.put_calendar` says.

        Raises:
            InputError: a slot that future entries use is removed.
            ApprovedEntriesError: *answer* is not an answer to `concerns`.
            ConflictError: an entry whose time changes is being published right now.
        """
        entries = recent_entries(self._session, self._calendar, self._now)
        if self._has_effect:
            self._require_slots(entries)
        decision = decide(self.concerns, answer)
        before = {
            concern.entry_id: approvals.present_hash(
                self._session, self._session.get_one(Entry, concern.entry_id)
            )
            for concern in self.concerns
        }
        back = {
            concern.entry_id
            for concern in self.concerns
            if concern.is_past or decision is Decision.REVIEW
        }
        fill_calendar(self._calendar, self._head)
        self._calendar.updated_at = self._now
        self._session.flush()
        for entry in entries if self._has_effect else ():
            self._follow(entry, before[entry.id] if entry.id in back else None)
        self._session.flush()

    def _require_slots(self, entries: list[Entry]) -> None:
        for entry in entries:
            is_gone = entry.slot is not None and entry.slot not in self._head.slots
            if is_gone and entry.starts_at >= self._now:
                raise InputError(
                    "calendar-slot-in-use",
                    field="slots",
                    key=entry.key,
                    week=entry.week,
                    slot=entry.slot or "",
                )

    def _follow(self, entry: Entry, suspended: str | None) -> None:
        """Update an entry; suspend its approval if *suspended*, its hash before, is given."""
        approval = approval_of(entry)
        if approval is None:
            self._retime(entry)
            if entry.starts_at >= self._now and approvals.revive(self._session, entry):
                self._plan(entry)
            return
        after = moved_approval(approval, self._head)
        is_open = any(row.status in OPEN for row in entry.deliveries)
        if not is_open and max(approval.starts_at, after.starts_at) < self._now:
            return
        if not is_open and all(_is_settled(row.status) for row in entry.deliveries):
            return
        if suspended is None and after.hash == approval.hash:
            self._retime(entry)
            return
        if any(row.status is DeliveryStatus.SENDING for row in entry.deliveries):
            raise ConflictError("entry-going-out")
        self._retime(entry)
        if suspended is None:
            approvals.replace_approval(self._session, entry, after)
        else:
            approvals.suspend(entry, suspended)
            entry.rev += 1
            entry.updated_at = self._now
        self._plan(entry)

    def _retime(self, entry: Entry) -> None:
        """Set the start of an entry by its day and the slot's time, unless it has passed."""
        content = content_of(entry)
        if content.slot is not None and content.slot not in self._head.slots:
            return
        at = self._head.starts_at(content, IsoWeek.parse(entry.week)).at
        if max(at, entry.starts_at) >= self._now:
            entry.starts_at = at

    def _plan(self, entry: Entry) -> None:
        self._session.flush()
        plan_deliveries(
            self._session, entry, now=self._now, usefulness=self._usefulness, at_once=False
        )


def _is_settled(status: DeliveryStatus) -> bool:
    """Return True if a delivery with this status is out, or was given up."""
    return status in {DeliveryStatus.PUBLISHED, DeliveryStatus.ACCEPTED, DeliveryStatus.FAILED}


def _followed(head: CalendarHead) -> tuple[object, ...]:
    """Return the settings that affect the times, channels or posters of entries."""
    slots = list(head.slots.items())
    return (head.zone.key, slots, head.channels, head.community.brand)

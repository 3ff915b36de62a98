"""Import single entries of a calendar file, and keep changes that people have made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_hash, content_of, fill_entry
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.approvals import Answer
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.messages import Message
from contentsvc.services import approvals
from contentsvc.services.planning import Usefulness, approve, is_too_late, plan_deliveries
from contentsvc.services.revisions import keep_revision

__all__ = [
    "EntryImporter",
    "ImportChoices",
    "ImportReport",
    "SkipReason",
    "SkippedEntry",
    "mark_as_filed",
]

_UNAPPROVED = frozenset({EntryStatus.DRAFT, EntryStatus.IN_REVIEW})


class SkipReason(StrEnum):
    """The reason why the import of a calendar file left a stored entry unchanged."""

    #: A person changed it in the web interface.
    CHANGED = "changed"
    #: A person deleted it.
    DELETED = "deleted"
    #: A worker is publishing it right now.
    GOING_OUT = "going_out"


_SKIP_CODES = {
    SkipReason.CHANGED: "import-skipped-changed",
    SkipReason.DELETED: "import-skipped-deleted",
    SkipReason.GOING_OUT: "import-skipped-going-out",
}


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """A stored entry that an import left unchanged although it differs from the calendar file."""

    key: str
    why: SkipReason
    #: Who changed the entry last: a user's name, or the name of a command or plugin.
    by: str

    @property
    def reason(self) -> Message:
        """Return a message that says why the import skipped the entry."""
        return Message(_SKIP_CODES[self.why], by=self.by)


@dataclass(slots=True)
class ImportReport:
    """The result of an import: lists of the keys of created, changed, skipped and other entries.

    The lists are in the order of the file.
    """

    calendar: str
    week: IsoWeek
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[SkippedEntry] = field(default_factory=list)
    #: Approved by this import; each is also in `created`, `changed` or `unchanged`.
    approved: list[str] = field(default_factory=list)
    #: Changed by this import; their new text waits for review, and the approved one still goes out.
    waiting: list[str] = field(default_factory=list)
    #: Imported as drafts, because it is too late to publish them.
    past: list[str] = field(default_factory=list)
    #: Entries of the week that came from a file earlier but are not in this file.
    absent: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImportChoices:
    """What a person has chosen for the import of a calendar file."""

    #: Whether all entries are approved in the name of the person.
    approve: bool = False
    #: Whether changes that people have made in the web interface are replaced.
    overwrite: bool = False
    #: Whether an approved entry whose text the file changes goes back to review.
    review_on_edit: bool = True
    #: What happens to approved entries if the file changes the calendar's settings; None if nobody
    #: was asked.
    answer: Answer | None = None


def mark_as_filed(entry: Entry) -> None:
    """Record in *entry*, by a hash, that a calendar file has the same content and status."""
    entry.imported_hash = _file_hash(content_hash(content_of(entry)), entry.status)


def _file_hash(digest: str, status: EntryStatus) -> str:
    """Return a hash of an entry's content (*digest* is its hash) and its status in a file."""
    return hashlib.sha256(f"{digest} {status}".encode()).hexdigest()


def _filed_status(entry: Entry, digest: str) -> EntryStatus | None:
    """Return the status of *entry* in the last imported file; None if *entry* was changed since.

    The entry stores one hash of content and status, so each status is tried in turn.
    """
    matches = (s for s in EntryStatus if _file_hash(digest, s) == entry.imported_hash)
    return next(matches, None)


@dataclass(frozen=True, slots=True)
class EntryImporter:
    """Imports the entries of a calendar file into one week of a calendar, one entry per call."""

    session: Session
    head: CalendarHead
    week: IsoWeek
    calendar: Calendar
    now: datetime
    by: str
    usefulness: Usefulness
    choices: ImportChoices
    report: ImportReport

    def import_entry(self, content: EntryContent, entry: Entry | None) -> None:
        """Create an entry from *content*, or change or skip *entry*; add the result to `report`."""
        if entry is None:
            self._create(content)
            return
        stored = content_of(entry)
        digest = content_hash(stored)
        same = content_hash(content) == digest
        filed = _filed_status(entry, digest)
        why = self._skip_reason(entry, same=same, filed=filed)
        if why is not None:
            self.report.skipped.append(SkippedEntry(content.key, why, entry.changed_by))
            return
        before = (entry.status, entry.deleted_at)
        if entry.deleted_at is not None:
            self._restore(entry)
            filed = None
        if not same:
            self._change(entry, content, stored)
        if filed is None or filed is not content.status:
            self._apply_status(entry, content.status, filed)
        if self.choices.approve:
            self._approve(entry)
        self._mark_as_filed(entry, content)
        changed = not same or before != (entry.status, entry.deleted_at)
        (self.report.changed if changed else self.report.unchanged).append(content.key)

    def _create(self, content: EntryContent) -> None:
        entry = Entry(
            calendar_id=self.calendar.id,
            calendar=self.calendar,
            status=EntryStatus.DRAFT,
            rev=1,
            changed_by=self.by,
            created_at=self.now,
            updated_at=self.now,
        )
        self._fill(entry, content)
        self.session.add(entry)
        self.session.flush()
        self._apply_status(entry, content.status, None)
        if self.choices.approve:
            self._approve(entry)
        self._mark_as_filed(entry, content)
        self.report.created.append(content.key)

    def _skip_reason(
        self, entry: Entry, *, same: bool, filed: EntryStatus | None
    ) -> SkipReason | None:
        if not same and any(row.status is DeliveryStatus.SENDING for row in entry.deliveries):
            return SkipReason.GOING_OUT
        if self.choices.overwrite:
            return None
        if entry.deleted_at is not None:
            return SkipReason.DELETED
        if not same and filed is None:
            return SkipReason.CHANGED
        return None

    def _fill(self, entry: Entry, content: EntryContent) -> None:
        fill_entry(entry, content)
        entry.week = str(self.week)
        entry.starts_at = self.head.starts_at(content, self.week).at

    def _change(self, entry: Entry, content: EntryContent, stored: EntryContent) -> None:
        """Replace an entry's content; if it is approved, reschedule it or return it to review."""
        reworded = not _only_time_differs(content, stored)
        before, going_out = entry.starts_at, approvals.still_to_go_out(entry)
        keep_revision(self.session, entry)
        self._fill(entry, content)
        self._touch(entry)
        is_approved_by_file = self.choices.approve or content.status is EntryStatus.APPROVED
        if entry.status is not EntryStatus.APPROVED:
            return
        if going_out and entry.starts_at != before and entry.starts_at < self.now:
            # It would be published at once, or never.
            self.report.past.append(entry.key)
            approvals.withdraw(entry)
            entry.status = EntryStatus.DRAFT
        elif reworded and self.choices.review_on_edit and not is_approved_by_file:
            entry.status = EntryStatus.IN_REVIEW
            if going_out:
                self.report.waiting.append(entry.key)
        else:
            approvals.renew(self.session, entry, stored)
        self._plan(entry)

    def _restore(self, entry: Entry) -> None:
        """Restore a deleted entry; if it was approved, people have to review it again."""
        entry.deleted_at = None
        approvals.withdraw(entry)
        was_approved = entry.status is EntryStatus.APPROVED
        self._set_status(entry, EntryStatus.IN_REVIEW if was_approved else entry.status)

    def _apply_status(self, entry: Entry, status: EntryStatus, filed: EntryStatus | None) -> None:
        """Apply the file's *status* to *entry*; *filed* is its status in the last imported file.

        The status `draft` or `in_review` does not withdraw an approval.
        """
        if filed is EntryStatus.CANCELLED and entry.status is EntryStatus.CANCELLED:
            self._set_status(entry, EntryStatus.DRAFT)
        if status is EntryStatus.APPROVED:
            self._approve(entry)
        elif status is EntryStatus.IN_REVIEW and entry.status is EntryStatus.DRAFT:
            self._set_status(entry, status)
        elif status is EntryStatus.CANCELLED and entry.status is not status:
            self._set_status(entry, status)
            approvals.withdraw(entry)
            self._plan(entry)

    def _approve(self, entry: Entry) -> None:
        if entry.status not in _UNAPPROVED or entry.key in self.report.past:
            return
        if is_too_late(entry, now=self.now, usefulness=self.usefulness):
            self.report.past.append(entry.key)
            return
        try:
            approve(self.session, entry, by=self.by, now=self.now, usefulness=self.usefulness)
        except InputError as error:
            raise InputError(
                "import-not-approvable", field=error.field, key=entry.key, reason=error.message
            ) from error
        self.report.approved.append(entry.key)

    def _mark_as_filed(self, entry: Entry, content: EntryContent) -> None:
        """Store in *entry* a hash of its content and status in the file, to detect later changes.

        The status of an entry that was approved too late counts as draft.
        """
        too_late = entry.key in self.report.past and content.status is EntryStatus.APPROVED
        status = EntryStatus.DRAFT if too_late else content.status
        entry.imported_hash = _file_hash(content_hash(content), status)
        self.session.flush()

    def _set_status(self, entry: Entry, status: EntryStatus) -> None:
        entry.status = status
        self._touch(entry)

    def _touch(self, entry: Entry) -> None:
        entry.rev += 1
        entry.changed_by = self.by
        entry.updated_at = self.now

    def _plan(self, entry: Entry) -> None:
        self.session.flush()
        plan_deliveries(self.session, entry, now=self.now, usefulness=self.usefulness)


def _only_time_differs(content: EntryContent, stored: EntryContent) -> bool:
    """Return True if two contents differ at most in day, slot (named time of day) and time."""
    moved = replace(stored, day=content.day, slot=content.slot, time=content.time)
    return content_hash(content) == content_hash(moved)

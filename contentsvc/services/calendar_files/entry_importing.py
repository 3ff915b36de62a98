"""One entry of a calendar file taken into the database, with care for people's words."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_hash, content_of, fill_entry
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryStatus
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError
from contentsvc.services.planning import Windows, approve, is_too_late, plan_deliveries

__all__ = ["EntryImporter", "ImportReport", "SkipReason", "SkippedEntry", "mark_as_filed"]

_UNAPPROVED = frozenset({EntryStatus.DRAFT, EntryStatus.IN_REVIEW})


class SkipReason(StrEnum):
    """Why an entry was left as it stands."""

    CHANGED = "changed"
    DELETED = "deleted"
    GOING_OUT = "going_out"


@dataclass(frozen=True, slots=True)
class SkippedEntry:
    """An entry that was left as it stands although the file says something else."""

    key: str
    why: SkipReason
    #: Who changed it last: a user's name, or what else brought it.
    by: str

    @property
    def reason(self) -> str:
        """Return it in words."""
        if self.why is SkipReason.GOING_OUT:
            return "it is going out at this moment; import again in a few seconds"
        verb = "deleted it" if self.why is SkipReason.DELETED else "changed it in the web"
        return f"{self.by} {verb}"


@dataclass(slots=True)
class ImportReport:
    """What an import did, by the entries' keys in the order of the file."""

    calendar: str
    week: IsoWeek
    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    skipped: list[SkippedEntry] = field(default_factory=list)
    #: Newly approved; these are among created, changed or unchanged too.
    approved: list[str] = field(default_factory=list)
    #: Meant to be approved but no longer useful; they stand as drafts.
    past: list[str] = field(default_factory=list)
    #: Came from a file once and are in the week still, but no longer in the file.
    absent: list[str] = field(default_factory=list)


def mark_as_filed(entry: Entry) -> None:
    """Note that a calendar file now says what *entry* says."""
    entry.imported_hash = _said(content_of(entry), entry.status)


def _said(content: EntryContent, status: EntryStatus) -> str:
    """Return a hash over what a file says of an entry, its status too."""
    return hashlib.sha256(f"{content_hash(content)} {status}".encode()).hexdigest()


def _filed_status(entry: Entry) -> EntryStatus | None:
    """Return the status that the last file gave, or None where the entry no longer says its words.

    Only the hash of both is kept; there are four statuses to try.
    """
    content = content_of(entry)
    matches = (status for status in EntryStatus if _said(content, status) == entry.imported_hash)
    return next(matches, None)


@dataclass(frozen=True, slots=True)
class EntryImporter:
    """One import under way: brings the file's entries in, one by one."""

    session: Session
    head: CalendarHead
    week: IsoWeek
    calendar: Calendar
    now: datetime
    by: str
    windows: Windows
    approve: bool
    overwrite: bool
    review_on_edit: bool
    report: ImportReport

    def take(self, content: EntryContent, entry: Entry | None) -> None:
        """Bring one entry in."""
        if entry is None:
            self._create(content)
            return
        same = content_hash(content) == content_hash(content_of(entry))
        filed = _filed_status(entry)
        why = self._skip_reason(entry, same=same, filed=filed)
        if why is not None:
            self.report.skipped.append(SkippedEntry(content.key, why, entry.changed_by))
            return
        before = (entry.status, entry.deleted_at)
        if entry.deleted_at is not None:
            self._restore(entry)
            filed = None
        if not same:
            self._change(entry, content)
        if filed is None or filed is not content.status:
            self._state(entry, content.status, filed)
        if self.approve:
            self._approve(entry)
        self._note(entry, content)
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
        self._state(entry, content.status, None)
        if self.approve:
            self._approve(entry)
        self._note(entry, content)
        self.report.created.append(content.key)

    def _skip_reason(
        self, entry: Entry, *, same: bool, filed: EntryStatus | None
    ) -> SkipReason | None:
        if not same and any(row.status is DeliveryStatus.SENDING for row in entry.deliveries):
            return SkipReason.GOING_OUT
        if self.overwrite:
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

    def _change(self, entry: Entry, content: EntryContent) -> None:
        """Write the file's words; an approved entry is planned anew, or goes back to review."""
        reworded = not _says_the_same(content, content_of(entry))
        self._fill(entry, content)
        self._touch(entry)
        vouched = self.approve or content.status is EntryStatus.APPROVED
        if entry.status is not EntryStatus.APPROVED:
            return
        if reworded and self.review_on_edit and not vouched:
            entry.status = EntryStatus.IN_REVIEW
        self._plan(entry)

    def _restore(self, entry: Entry) -> None:
        """Bring a deleted entry back; what was approved then is approved anew or reviewed."""
        entry.deleted_at = None
        reviewed = entry.status is EntryStatus.APPROVED
        self._set(entry, EntryStatus.IN_REVIEW if reviewed else entry.status)

    def _state(self, entry: Entry, status: EntryStatus, filed: EntryStatus | None) -> None:
        """Bring the entry to a status that the file did not give before."""
        if filed is EntryStatus.CANCELLED and entry.status is EntryStatus.CANCELLED:
            self._set(entry, EntryStatus.DRAFT)
        if status is EntryStatus.APPROVED:
            self._approve(entry)
        elif status is EntryStatus.IN_REVIEW and entry.status is EntryStatus.DRAFT:
            self._set(entry, status)
        elif status is EntryStatus.CANCELLED and entry.status is not status:
            self._set(entry, status)
            self._plan(entry)

    def _approve(self, entry: Entry) -> None:
        if entry.status not in _UNAPPROVED or entry.key in self.report.past:
            return
        if is_too_late(entry, now=self.now, windows=self.windows):
            self.report.past.append(entry.key)
            return
        try:
            approve(self.session, entry, by=self.by, now=self.now, windows=self.windows)
        except InputError as error:
            words = f"the entry {entry.key!r} cannot be approved: {error}"
            raise InputError(words, field=error.field) from error
        self.report.approved.append(entry.key)

    def _note(self, entry: Entry, content: EntryContent) -> None:
        """Remember what the file said; an approval that came too late counts as not said yet."""
        too_late = entry.key in self.report.past and content.status is EntryStatus.APPROVED
        entry.imported_hash = _said(content, EntryStatus.DRAFT if too_late else content.status)
        self.session.flush()

    def _set(self, entry: Entry, status: EntryStatus) -> None:
        entry.status = status
        self._touch(entry)

    def _touch(self, entry: Entry) -> None:
        entry.rev += 1
        entry.changed_by = self.by
        entry.updated_at = self.now

    def _plan(self, entry: Entry) -> None:
        self.session.flush()
        plan_deliveries(self.session, entry, now=self.now, windows=self.windows)


def _says_the_same(one: EntryContent, other: EntryContent) -> bool:
    """Return whether two entries differ in nothing but their time."""
    moved = replace(other, day=one.day, slot=one.slot, time=one.time)
    return content_hash(one) == content_hash(moved)

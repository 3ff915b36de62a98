"""Create, change, move, duplicate, delete and restore entries, a calendar's planned items."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_hash, content_of, fill_entry, head_of
from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.roles import Action, needed_to_delete
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import ConflictError, InputError
from contentsvc.messages import Message
from contentsvc.services import approvals
from contentsvc.services.approvals import channel_names, channels_of
from contentsvc.services.calendar_settings import require_channels
from contentsvc.services.entry_lookup import load_entry, require_rev
from contentsvc.services.planning import Usefulness, plan_deliveries
from contentsvc.services.revisions import keep_revision

__all__ = [
    "cancel_entry",
    "change_entry",
    "check_content",
    "create_entry",
    "delete_entry",
    "duplicate_entry",
    "get_entry",
    "move_entry",
    "needed_to_change",
    "needed_to_move",
    "needed_to_remove",
    "restore_entry",
    "return_entry",
    "submit_entry",
    "take_back_entry",
]

_LONGEST_TITLE = 200
_LONGEST_BODY = 100_000

get_entry = load_entry


def create_entry(
    session: Session,
    calendar: Calendar,
    week: IsoWeek,
    content: EntryContent,
    *,
    by: str,
    now: datetime,
) -> Entry:
    """Create a draft entry in *week*; if *content* has no key, generate one.

    Raises:
        InputError: the content cannot be used; `field` names the field at fault.
        ConflictError: the week already has an entry with this key.
    """
    content = replace(content, key=content.key or _new_key(content.day))
    check_content(session, calendar, content)
    _require_free_key(session, calendar, week, content.key)
    entry = Entry(
        calendar_id=calendar.id,
        calendar=calendar,
        status=EntryStatus.DRAFT,
        changed_by=by,
        rev=1,
        created_at=now,
        updated_at=now,
    )
    _fill(entry, calendar, content, week)
    session.add(entry)
    session.flush()
    return entry


def change_entry(
    session: Session,
    entry_id: int,
    rev: int,
    content: EntryContent,
    *,
    week: IsoWeek | None = None,
    by: str,
    now: datetime,
    usefulness: Usefulness,
    review_on_edit: bool = True,
    take_back: bool = False,
) -> Entry:
    """Replace the content of an entry; do nothing if the content is the same.

    The earlier content stays among the entry's revisions.

    If the entry is approved and *review_on_edit* is true, it goes back to review. Until it is
    approved again, the approved revision goes out, unless *take_back* is true: then its unpublished
    deliveries are cancelled. If *review_on_edit* is false, the change counts as approved.

    Raises:
        InputError: the content cannot be used; `field` names the field at fault.
        ConflictError: the entry was changed since *rev*, or is being published right now.
    """
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    target = week or IsoWeek.parse(entry.week)
    content = replace(content, key=entry.key)
    check_content(session, entry.calendar, content)
    is_same_week = str(target) == entry.week
    before = content_of(entry)
    if is_same_week and _says_the_same(entry, content):
        return _taken_back(session, entry, by, now, usefulness) if take_back else entry
    _require_not_sending(entry)
    if not is_same_week:
        _require_free_key(session, entry.calendar, target, entry.key)
    keep_revision(session, entry)
    _fill(entry, entry.calendar, content, target)
    _touch(entry, by, now)
    if take_back:
        approvals.withdraw(entry)
    if entry.status is EntryStatus.APPROVED:
        if review_on_edit or take_back:
            entry.status = EntryStatus.IN_REVIEW
        else:
            approvals.renew(session, entry, before)
    _replan(session, entry, now, usefulness)
    return entry


def _says_the_same(entry: Entry, content: EntryContent) -> bool:
    """Return True if *content* is that of *entry*; it may name the channels that it goes to."""
    stored = content_of(entry)
    if content.channels is not None and set(content.channels) == set(channels_of(entry)):
        stored = replace(stored, channels=content.channels)
    return content_hash(content) == content_hash(stored)


def take_back_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    """Withdraw the approved revision that goes out while a changed entry waits for review.

    Its unpublished deliveries are cancelled until the entry is approved again. An entry without
    changes goes back to review.
    """
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    return _taken_back(session, entry, by, now, usefulness)


def _taken_back(
    session: Session, entry: Entry, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    if entry.approval is None:
        return entry
    approvals.withdraw(entry)
    if entry.status is EntryStatus.APPROVED:
        entry.status = EntryStatus.IN_REVIEW
    _touch(entry, by, now)
    _replan(session, entry, now, usefulness)
    return entry


def move_entry(
    session: Session,
    entry_id: int,
    rev: int,
    *,
    week: IsoWeek,
    day: Weekday,
    slot: str | None,
    time: time | None,
    by: str,
    now: datetime,
    usefulness: Usefulness,
) -> Entry:
    """Move an entry to another day and named time slot, or to a time without a slot.

    Unpublished deliveries move with it. An approved entry stays approved; the caller has checked
    that the person may approve it (`needed_to_move`).

    Raises:
        InputError: the new time is in the past.
        ConflictError: the entry was changed since *rev*, or is being published right now.
    """
    entry = load_entry(session, entry_id)
    content = replace(content_of(entry), day=day, slot=slot, time=time)
    check_content(session, entry.calendar, content)
    if head_of(entry.calendar).starts_at(content, week).at < now:
        raise InputError("entry-time-past", field="time")
    return change_entry(
        session,
        entry_id,
        rev,
        content,
        week=week,
        by=by,
        now=now,
        usefulness=usefulness,
        review_on_edit=False,
    )


def needed_to_move(entry: Entry) -> Action:
    """Return what a person must be allowed to do to move *entry*, whose approval moves with it."""
    return needed_to_change(entry, review_on_edit=False)


def needed_to_change(entry: Entry, *, review_on_edit: bool, take_back: bool = False) -> Action:
    """Return what a person must be allowed to do to change *entry* with these choices."""
    is_decision = take_back or (entry.status is EntryStatus.APPROVED and not review_on_edit)
    return Action.APPROVE if is_decision else Action.WRITE


def duplicate_entry(
    session: Session,
    entry_id: int,
    *,
    week: IsoWeek,
    day: Weekday,
    slot: str | None,
    time: time | None,
    by: str,
    now: datetime,
) -> Entry:
    """Copy an entry to another day and time; return the copy, which is a draft.

    Raises:
        NotFoundError: there is no such entry.
        InputError: the new time cannot be used; `field` names the field at fault.
    """
    entry = load_entry(session, entry_id)
    content = replace(content_of(entry), key="", day=day, slot=slot, time=time)
    return create_entry(session, entry.calendar, week, content, by=by, now=now)


def delete_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    """Delete an entry and cancel its unpublished deliveries; `restore_entry` undoes it."""
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    entry.deleted_at = now
    _touch(entry, by, now)
    _replan(session, entry, now, usefulness)
    return entry


def needed_to_remove(entry: Entry) -> Action:
    """Return what a person must be allowed to do to delete *entry*, or to restore it."""
    return needed_to_delete(entry.status, has_approval=entry.approval is not None)


def restore_entry(
    session: Session, entry_id: int, *, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    """Restore a deleted entry; if it was approved, its approved revision goes out again.

    It goes back to review if its time has passed or the settings of its calendar or channels have
    changed since.
    """
    entry = load_entry(session, entry_id, deleted=True)
    if entry.deleted_at is None:
        return entry
    entry.deleted_at = None
    head, content = head_of(entry.calendar), content_of(entry)
    if content.slot is not None and content.slot not in head.slots:
        # The slot was removed while the entry was deleted, so the entry gets its last time.
        last_time = entry.starts_at.astimezone(head.zone).time()
        content = replace(content, slot=None, time=last_time)
    _fill(entry, entry.calendar, content, IsoWeek.parse(entry.week))
    _touch(entry, by, now)
    if not approvals.still_holds(session, entry, now):
        approvals.withdraw(entry)
        if entry.status is EntryStatus.APPROVED:
            entry.status = EntryStatus.IN_REVIEW
    _replan(session, entry, now, usefulness)
    return entry


def submit_entry(session: Session, entry_id: int, rev: int, *, by: str, now: datetime) -> Entry:
    """Submit a draft for review."""
    return _set_status(session, entry_id, rev, EntryStatus.IN_REVIEW, by=by, now=now)


def return_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    """Set an entry back to the status draft, and cancel its unpublished deliveries."""
    entry = _set_status(session, entry_id, rev, EntryStatus.DRAFT, by=by, now=now)
    approvals.withdraw(entry)
    _replan(session, entry, now, usefulness)
    return entry


def cancel_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, usefulness: Usefulness
) -> Entry:
    """Cancel an entry and its unpublished deliveries; the week board shows it struck out."""
    entry = _set_status(session, entry_id, rev, EntryStatus.CANCELLED, by=by, now=now)
    approvals.withdraw(entry)
    _replan(session, entry, now, usefulness)
    return entry


def check_content(session: Session, calendar: Calendar, content: EntryContent) -> None:
    """Raise InputError if *content* is not valid for an entry of *calendar*.

    Raises:
        InputError: the content is not valid; `field` names the field at fault.
        FieldsError: several fields are not valid.
    """
    checks = InputChecks()
    with checks.collect():
        _check_title(content.title)
    with checks.collect():
        _check_bodies(content)
    with checks.collect():
        _check_time(calendar, content)
    with checks.collect():
        _check_kind(content)
    with checks.collect():
        if content.channels is not None:
            require_channels(session, content.channels)
    with checks.collect("versions"):
        stray = set(content.versions) - set(channel_names(content, calendar))
        if stray:
            raise InputError("entry-version-stray", channels=sorted(stray))
    checks.raise_errors()


def _check_title(title: str) -> None:
    if not title.strip():
        raise InputError("entry-title-missing", field="title")
    if len(title) > _LONGEST_TITLE:
        raise InputError(
            "entry-title-too-long", field="title", used=len(title), most=_LONGEST_TITLE
        )


def _check_bodies(content: EntryContent) -> None:
    bodies = [content.body, *(version.body or "" for version in content.versions.values())]
    longest = max(map(len, bodies))
    if longest > _LONGEST_BODY:
        raise InputError("entry-text-too-long", field="body", used=longest, most=_LONGEST_BODY)


def _check_time(calendar: Calendar, content: EntryContent) -> None:
    names = [name for name, _ in calendar.slots]
    if (content.slot is None) == (content.time is None):
        raise InputError("entry-slot-or-time", field="time")
    if content.slot is not None and content.slot not in names:
        raise InputError("entry-slot-unknown", field="slot", slot=content.slot, known=names)


def _check_kind(content: EntryContent) -> None:
    if content.kind is EntryKind.LIVESTREAM:
        if content.livestream is None:
            raise InputError("entry-livestream-missing", field="livestream.url")
    elif content.livestream is not None or content.notices:
        kind = Message(f"entry-kind-{content.kind}")
        raise InputError("entry-kind-has-no-livestream", field="kind", kind=kind)
    if content.kind is EntryKind.POSTER and content.poster is None:
        raise InputError("entry-poster-missing", field="poster.template")


def _new_key(day: Weekday) -> str:
    return f"{day.value}-{secrets.token_hex(4)}"


def _require_free_key(session: Session, calendar: Calendar, week: IsoWeek, key: str) -> None:
    taken = session.scalar(
        select(Entry.id).where(
            Entry.calendar_id == calendar.id, Entry.week == str(week), Entry.key == key
        )
    )
    if taken is not None:
        raise ConflictError("entry-key-taken", field="key", week=str(week), key=key)


def _require_not_sending(entry: Entry) -> None:
    """Raise ConflictError while a delivery of the entry is being sent."""
    if any(row.status is DeliveryStatus.SENDING for row in entry.deliveries):
        raise ConflictError("entry-going-out")


def _fill(entry: Entry, calendar: Calendar, content: EntryContent, week: IsoWeek) -> None:
    fill_entry(entry, content)
    # A person has chosen quiet hours for one content at one time.
    entry.despite_quiet = False
    entry.week = str(week)
    entry.starts_at = head_of(calendar).starts_at(content, week).at


def _touch(entry: Entry, by: str, now: datetime) -> None:
    entry.rev += 1
    entry.changed_by = by
    entry.updated_at = now


def _replan(session: Session, entry: Entry, now: datetime, usefulness: Usefulness) -> None:
    session.flush()
    plan_deliveries(session, entry, now=now, usefulness=usefulness)


def _set_status(
    session: Session, entry_id: int, rev: int, status: EntryStatus, *, by: str, now: datetime
) -> Entry:
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    if entry.status is not status:
        entry.status = status
        _touch(entry, by, now)
        session.flush()
    return entry

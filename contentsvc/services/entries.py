"""Entries: made, changed, moved, duplicated, deleted and brought back."""

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
from contentsvc.domain.walltime import format_time
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import ConflictError, InputError
from contentsvc.services.calendar_settings import require_channels
from contentsvc.services.entry_lookup import load_entry, require_rev
from contentsvc.services.planning import Windows, channel_names, plan_deliveries

__all__ = [
    "cancel_entry",
    "change_entry",
    "check_content",
    "create_entry",
    "delete_entry",
    "duplicate_entry",
    "get_entry",
    "move_entry",
    "restore_entry",
    "return_entry",
    "submit_entry",
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
    """Make a draft; an empty key is filled in.

    Raises:
        InputError: something it says cannot be used; `field` names it.
        ConflictError: the week has an entry of this key.
    """
    content = replace(content, key=content.key or _new_key(content.day))
    check_content(session, calendar, content)
    _refuse_taken(session, calendar, week, content.key)
    entry = Entry(
        calendar_id=calendar.id,
        calendar=calendar,
        status=EntryStatus.DRAFT,
        changed_by=by,
        rev=1,
        created_at=now,
        updated_at=now,
    )
    fill_entry(entry, content)
    _set_time(entry, calendar, week)
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
    windows: Windows,
    review_on_edit: bool = True,
) -> Entry:
    """Write what *content* says into an entry; one that says nothing new is left alone.

    An approved entry goes back to review where *review_on_edit*, and its deliveries that are not
    out are cancelled until it is approved again; else they are rendered anew.

    Raises:
        InputError: something it says cannot be used; `field` names it.
        ConflictError: it was changed since *rev*, or it is going out at this moment.
    """
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    target = week or IsoWeek.parse(entry.week)
    content = replace(content, key=entry.key)
    check_content(session, entry.calendar, content)
    if target == IsoWeek.parse(entry.week) and content_hash(content) == content_hash(
        content_of(entry)
    ):
        return entry
    _refuse_started(entry)
    if str(target) != entry.week:
        _refuse_taken(session, entry.calendar, target, entry.key)
    fill_entry(entry, content)
    _set_time(entry, entry.calendar, target)
    _touch(entry, by, now)
    if entry.status is EntryStatus.APPROVED and review_on_edit:
        entry.status = EntryStatus.IN_REVIEW
    _replan(session, entry, now, windows)
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
    windows: Windows,
) -> Entry:
    """Move an entry to another day and slot, or own time; its deliveries not yet out follow.

    What it says stays the same, so an approved entry stays approved.

    Raises:
        InputError: the target lies in the past.
        ConflictError: it was changed since *rev*, or something of it is out already.
    """
    entry = load_entry(session, entry_id)
    content = replace(content_of(entry), day=day, slot=slot, time=time)
    check_content(session, entry.calendar, content)
    if head_of(entry.calendar).starts_at(content, week).at < now:
        raise InputError("that time has gone by; choose a later one", field="time")
    return change_entry(
        session,
        entry_id,
        rev,
        content,
        week=week,
        by=by,
        now=now,
        windows=windows,
        review_on_edit=False,
    )


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
    """Make a draft that says the same at another time."""
    entry = load_entry(session, entry_id)
    content = replace(content_of(entry), key="", day=day, slot=slot, time=time)
    return create_entry(session, entry.calendar, week, content, by=by, now=now)


def delete_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, windows: Windows
) -> Entry:
    """Take an entry off the board and cancel what is not out; `restore_entry` brings it back."""
    entry = load_entry(session, entry_id)
    require_rev(entry, rev)
    entry.deleted_at = now
    _touch(entry, by, now)
    _replan(session, entry, now, windows)
    return entry


def restore_entry(session: Session, entry_id: int, *, by: str, now: datetime) -> Entry:
    """Bring a deleted entry back; one that was approved comes back to review."""
    entry = load_entry(session, entry_id, deleted=True)
    if entry.deleted_at is None:
        return entry
    entry.deleted_at = None
    if entry.status is EntryStatus.APPROVED:
        entry.status = EntryStatus.IN_REVIEW
    head = head_of(entry.calendar)
    if entry.slot is not None and entry.slot not in head.slots:
        # Its slot went while it was away; it keeps the time that it stood at.
        entry.time = format_time(entry.starts_at.astimezone(head.zone).time())
        entry.slot = None
    _set_time(entry, entry.calendar, IsoWeek.parse(entry.week))
    _touch(entry, by, now)
    session.flush()
    return entry


def submit_entry(session: Session, entry_id: int, rev: int, *, by: str, now: datetime) -> Entry:
    """Hand a draft in for review."""
    return _set_status(session, entry_id, rev, EntryStatus.IN_REVIEW, by=by, now=now)


def return_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, windows: Windows
) -> Entry:
    """Make an entry a draft again; what is not out is cancelled."""
    entry = _set_status(session, entry_id, rev, EntryStatus.DRAFT, by=by, now=now)
    _replan(session, entry, now, windows)
    return entry


def cancel_entry(
    session: Session, entry_id: int, rev: int, *, by: str, now: datetime, windows: Windows
) -> Entry:
    """Cancel an entry and all of it that is not out; it stays on the board, struck out."""
    entry = _set_status(session, entry_id, rev, EntryStatus.CANCELLED, by=by, now=now)
    _replan(session, entry, now, windows)
    return entry


def check_content(session: Session, calendar: Calendar, content: EntryContent) -> None:
    """Raise InputError, naming the field, where an entry cannot say this in this calendar."""
    if not content.title.strip():
        raise InputError("give a title", field="title")
    if len(content.title) > _LONGEST_TITLE:
        raise InputError(
            f"the title has {len(content.title)} characters; {_LONGEST_TITLE} are allowed",
            field="title",
        )
    bodies = [content.body, *(version.body or "" for version in content.versions.values())]
    longest = max(map(len, bodies))
    if longest > _LONGEST_BODY:
        raise InputError(
            f"the text has {longest} characters; {_LONGEST_BODY} are allowed", field="body"
        )
    _check_time(calendar, content)
    _check_kind(content)
    if content.channels is not None:
        require_channels(session, content.channels)
    strangers = set(content.versions) - set(channel_names(content, calendar))
    if strangers:
        raise InputError(
            f"it has a version for {', '.join(sorted(strangers))}, where it does not go",
            field="versions",
        )


def _check_time(calendar: Calendar, content: EntryContent) -> None:
    names = [name for name, _ in calendar.slots]
    if (content.slot is None) == (content.time is None):
        raise InputError("give either a slot or a time of its own", field="time")
    if content.slot is not None and content.slot not in names:
        raise InputError(
            f"there is no slot {content.slot!r}; there are: {', '.join(names)}", field="slot"
        )


def _check_kind(content: EntryContent) -> None:
    if content.kind is EntryKind.LIVESTREAM:
        if content.livestream is None:
            raise InputError("a livestream needs its host and link", field="livestream.url")
    elif content.livestream is not None or content.notices:
        raise InputError(f"a {content.kind} has no livestream and no notices", field="kind")
    if content.kind is EntryKind.POSTER and content.poster is None:
        raise InputError("a poster needs a template", field="poster.template")


def _new_key(day: Weekday) -> str:
    return f"{day.value}-{secrets.token_hex(4)}"


def _refuse_taken(session: Session, calendar: Calendar, week: IsoWeek, key: str) -> None:
    taken = session.scalar(
        select(Entry.id).where(
            Entry.calendar_id == calendar.id, Entry.week == str(week), Entry.key == key
        )
    )
    if taken is not None:
        raise ConflictError(f"{week} has an entry {key!r} already", field="key")


def _refuse_started(entry: Entry) -> None:
    """Refuse a change while something of the entry is between the intent and the receipt."""
    if any(row.status is DeliveryStatus.SENDING for row in entry.deliveries):
        raise ConflictError("it is going out at this moment; look again in a few seconds")


def _set_time(entry: Entry, calendar: Calendar, week: IsoWeek) -> None:
    entry.week = str(week)
    entry.starts_at = head_of(calendar).starts_at(content_of(entry), week).at


def _touch(entry: Entry, by: str, now: datetime) -> None:
    entry.rev += 1
    entry.changed_by = by
    entry.updated_at = now


def _replan(session: Session, entry: Entry, now: datetime, windows: Windows) -> None:
    session.flush()
    plan_deliveries(session, entry, now=now, windows=windows)


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

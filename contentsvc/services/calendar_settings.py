"""Find calendars, and change their settings: time zone, slots, channels, quiet hours, quotas."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, time

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import fill_calendar, head_of
from contentsvc.db.models import Calendar, ChannelRow
from contentsvc.domain.approvals import Answer
from contentsvc.domain.calendars import MOST_SLOTS, CalendarHead, Community
from contentsvc.domain.input_checks import InputChecks
from contentsvc.domain.quotas import Pacing
from contentsvc.domain.walltime import parse_zone
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services.calendar_changes import CalendarChange
from contentsvc.services.planning import Usefulness

__all__ = [
    "all_calendars",
    "get_calendar",
    "lock_slug",
    "make_head",
    "put_calendar",
    "require_channels",
]

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_NAME = 200


def all_calendars(session: Session, ids: Collection[int] | None = None) -> list[Calendar]:
    """Return every calendar, or those with *ids*, in order of name."""
    query = select(Calendar).order_by(Calendar.name, Calendar.id)
    if ids is not None:
        query = query.where(Calendar.id.in_(ids))
    return list(session.scalars(query))


def get_calendar(session: Session, slug: str) -> Calendar:
    """Return the calendar with the short name *slug*.

    Raises:
        NotFoundError: there is no such calendar.
    """
    calendar = session.scalar(select(Calendar).where(Calendar.slug == slug))
    if calendar is None:
        raise NotFoundError("calendar-unknown", slug=slug)
    return calendar


def make_head(
    session: Session,
    *,
    slug: str,
    name: str,
    timezone: str,
    community: Community,
    slots: Mapping[str, time] | None,
    channels: Sequence[str],
    pacing: Pacing | None = None,
) -> CalendarHead:
    """Return the settings of a calendar, to be stored with `put_calendar`.

    *slots* is None if they could not be read, which the caller tells.

    Without *pacing*, the quiet hours and quotas are those that the calendar has already.

    Raises:
        InputError: a value cannot be used; `field` says which.
        FieldsError: several values cannot be used.
    """
    checks = InputChecks()
    with checks.collect():
        _check(slug, name, slots)
    with checks.collect("timezone"):
        zone = parse_zone(timezone)
    with checks.collect():
        require_channels(session, channels)
    checks.raise_errors()
    pacing = pacing or _pacing_of(session, slug)
    return CalendarHead(
        slug=slug,
        name=name.strip(),
        zone=zone,
        community=community,
        slots=dict(slots or {}),
        channels=tuple(channels),
        quiet=pacing.quiet,
        quotas=dict(pacing.quotas),
    )


def _pacing_of(session: Session, slug: str) -> Pacing:
    calendar = session.scalar(select(Calendar).where(Calendar.slug == slug))
    if calendar is None:
        return Pacing()
    head = head_of(calendar)
    return Pacing(head.quiet, head.quotas)


def put_calendar(
    session: Session,
    head: CalendarHead,
    *,
    now: datetime,
    usefulness: Usefulness,
    answer: Answer | None = None,
) -> Calendar:
    """Store the settings *head* of a new or existing calendar, and update its future entries.

    Drafts take the new settings. For approved entries, *answer* decides. Those that stay approved
    follow the new times and keep their channels and brand. Nothing is published because its new
    time has just passed: such an entry goes back to review.

    Raises:
        InputError: a channel does not exist, or a slot that future entries use is removed.
        ApprovedEntriesError: the change concerns approved entries, and *answer* is None or given
            for another list of entries. Nothing is stored.
        ConflictError: an entry whose time changes is being published right now.
    """
    require_channels(session, head.channels)
    lock_slug(session, head.slug)
    calendar = session.scalar(select(Calendar).where(Calendar.slug == head.slug))
    if calendar is None:
        calendar = Calendar(created_at=now, updated_at=now)
        fill_calendar(calendar, head)
        session.add(calendar)
        session.flush()
        return calendar
    change = CalendarChange(session, calendar, head, now=now, usefulness=usefulness)
    change.apply(answer)
    return calendar


def lock_slug(session: Session, slug: str) -> None:
    """Make transactions that may create a calendar with this short name wait for each other.

    SQLite has one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"calendar {slug}"))))


def require_channels(session: Session, names: Sequence[str], *, field: str = "channels") -> None:
    """Raise InputError unless every channel in *names* exists.

    Raises:
        InputError: a channel does not exist; the message lists those that do.
    """
    known = set(session.scalars(select(ChannelRow.name)))
    missing = [name for name in names if name not in known]
    if missing:
        if not known:
            raise InputError("calendar-channels-none", field=field, missing=missing)
        raise InputError(
            "calendar-channel-unknown", field=field, missing=missing, known=sorted(known)
        )


def _check(slug: str, name: str, slots: Mapping[str, time] | None) -> None:
    checks = InputChecks()
    with checks.collect("slug"):
        if not SLUG.fullmatch(slug):
            raise InputError("calendar-slug-invalid", slug=slug)
    with checks.collect("name"):
        if not name.strip() or len(name) > _LONGEST_NAME:
            raise InputError("calendar-name-length", most=_LONGEST_NAME)
    with checks.collect("slots"):
        if slots is not None and not slots:
            raise InputError("calendar-slots-missing")
        if slots is not None and len(slots) > MOST_SLOTS:
            raise InputError("calendar-slots-too-many", used=len(slots), most=MOST_SLOTS)
    checks.raise_errors()

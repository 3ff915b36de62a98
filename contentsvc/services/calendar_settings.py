"""Calendars: a community's zone, slots and channels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import fill_calendar, head_of
from contentsvc.db.models import Calendar, ChannelRow, Entry
from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.quotas import Pacing
from contentsvc.domain.walltime import parse_zone
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import InputError, NotFoundError
from contentsvc.services.planning import Windows, retime

__all__ = ["all_calendars", "get_calendar", "put_calendar", "require_channels", "save_calendar"]

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_NAME = 200


def all_calendars(session: Session) -> list[Calendar]:
    """Return every calendar, by name."""
    return list(session.scalars(select(Calendar).order_by(Calendar.name, Calendar.id)))


def get_calendar(session: Session, slug: str) -> Calendar:
    """Return the calendar of a slug; NotFoundError where there is none."""
    calendar = session.scalar(select(Calendar).where(Calendar.slug == slug))
    if calendar is None:
        raise NotFoundError(f"there is no calendar {slug!r}")
    return calendar


def save_calendar(
    session: Session,
    *,
    slug: str,
    name: str,
    timezone: str,
    community: Community,
    slots: Mapping[str, time],
    channels: Sequence[str],
    pacing: Pacing | None = None,
    now: datetime,
    windows: Windows,
) -> Calendar:
    """Create or change a calendar; its entries follow a changed slot or zone.

    Without *pacing* a calendar keeps its quiet hours and quotas.

    Raises:
        InputError: a value cannot be used; `field` names it.
    """
    _check(slug, name, slots)
    try:
        zone = parse_zone(timezone)
    except ValueError as error:
        raise InputError(str(error), field="timezone") from error
    pacing = pacing or _pacing_of(session, slug)
    head = CalendarHead(
        slug=slug,
        name=name.strip(),
        zone=zone,
        community=community,
        slots=dict(slots),
        channels=tuple(channels),
        quiet=pacing.quiet,
        quotas=dict(pacing.quotas),
    )
    return put_calendar(session, head, now=now, windows=windows)


def _pacing_of(session: Session, slug: str) -> Pacing:
    calendar = session.scalar(select(Calendar).where(Calendar.slug == slug))
    if calendar is None:
        return Pacing()
    head = head_of(calendar)
    return Pacing(head.quiet, head.quotas)


def put_calendar(
    session: Session, head: CalendarHead, *, now: datetime, windows: Windows
) -> Calendar:
    """Create or change a calendar; its entries are not looked at.

    Raises:
        InputError: a channel does not exist, or a slot that entries use is gone.
    """
    require_channels(session, head.channels)
    calendar = session.scalar(select(Calendar).where(Calendar.slug == head.slug))
    if calendar is None:
        calendar = Calendar(created_at=now, updated_at=now)
        fill_calendar(calendar, head)
        session.add(calendar)
        session.flush()
        return calendar
    before = _followed(calendar)
    fill_calendar(calendar, head)
    if _followed(calendar) != before:
        _follow(session, calendar, now=now, windows=windows)
    calendar.updated_at = now
    session.flush()
    return calendar


def require_channels(session: Session, names: Sequence[str], *, field: str = "channels") -> None:
    """Raise InputError where a named channel does not exist; it names those that do."""
    known = set(session.scalars(select(ChannelRow.name)))
    missing = [name for name in names if name not in known]
    if missing:
        there = ", ".join(sorted(known)) or "none yet"
        raise InputError(
            f"there is no channel {', '.join(map(repr, missing))}; there are: {there}", field=field
        )


def _check(slug: str, name: str, slots: Mapping[str, time]) -> None:
    if not SLUG.fullmatch(slug):
        raise InputError(
            f"{slug!r} is not a short name of lower-case letters, digits and hyphens", field="slug"
        )
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InputError(f"give a name of 1 to {_LONGEST_NAME} characters", field="name")
    if not slots:
        raise InputError("give at least one slot, such as 早安 08:30", field="slots")


def _followed(calendar: Calendar) -> tuple[object, ...]:
    """Return what its entries follow: when they go out, where to and how their posters look."""
    return (calendar.timezone, calendar.slots, calendar.channels, calendar.brand)


def _follow(session: Session, calendar: Calendar, *, now: datetime, windows: Windows) -> None:
    """Bring what is still to come to the calendar's new slots, zone, channels and brand."""
    coming = select(Entry).where(
        Entry.calendar_id == calendar.id, Entry.starts_at >= now, Entry.deleted_at.is_(None)
    )
    head = head_of(calendar)
    for entry in session.scalars(coming):
        if entry.slot is not None and entry.slot not in head.slots:
            raise InputError(
                f"the entry {entry.key!r} of {entry.week} stands in the slot {entry.slot!r}; "
                "move it before the slot goes",
                field="slots",
            )
        retime(session, calendar, entry, IsoWeek.parse(entry.week), now=now, windows=windows)

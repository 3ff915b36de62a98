"""List the approved entries that a change of settings concerns, before the change is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.mapping import approval_of, approved_content, head_of
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.approvals import Answer, Approval, Decision
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import OPEN
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import IsoWeek
from contentsvc.errors import ConflictError
from contentsvc.services.replanning import Usefulness

__all__ = [
    "ApprovedEntriesError",
    "Concern",
    "Fate",
    "PlannedPost",
    "concerns_of_calendar",
    "concerns_of_channel",
    "decide",
    "moved_approval",
    "recent_entries",
]


class Fate(StrEnum):
    """What a change of settings means for the time of a planned post or notice."""

    STAYS = "stays"
    MOVES = "moves"
    #: Its new time has just passed, so that it would be published at once. It is not.
    AT_ONCE = "at_once"
    #: Its new time has passed so long ago that it would not be published at all.
    GONE_BY = "gone_by"


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post, or a notice of a livestream, that is planned at *before* and would be at *after*."""

    #: The notice's offset, such as `-1h`; empty for a post or poster.
    notice: str
    #: In UTC.
    before: datetime
    after: datetime
    fate: Fate


@dataclass(frozen=True, slots=True)
class Concern:
    """An approved entry whose approval covers a setting that is about to change."""

    entry_id: int
    calendar: str
    #: Name of the calendar's time zone, in which the present times are shown.
    zone: str
    #: Name of the time zone after the change.
    new_zone: str
    week: str
    key: str
    title: str
    #: The posts and notices that are not published yet, in order of time.
    posts: tuple[PlannedPost, ...]
    #: Channels that the entry would go to as well, and channels that it would no longer go to.
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    #: Whether its posters would have another brand.
    new_brand: bool = False
    #: The channel that gets other settings; empty if none does.
    channel: str = ""
    #: Whether its new time has passed, so that it goes back to review whatever is decided.
    is_past: bool = False


class ApprovedEntriesError(ConflictError):
    """Raised if a change concerns approved entries and nobody has decided what happens to them."""

    def __init__(self, concerns: Sequence[Concern]) -> None:
        """Create the error for the entries in *concerns*, of which there is at least one."""
        super().__init__("approved-entries-concerned", count=len(concerns))
        self.concerns = tuple(concerns)

    @property
    def digest(self) -> str:
        """Return a hash of the list, by which an answer says which list it is for."""
        return _digest(self.concerns)


def _digest(concerns: Sequence[Concern]) -> str:
    return hashlib.sha256(repr(tuple(concerns)).encode()).hexdigest()


def decide(concerns: Sequence[Concern], answer: Answer | None) -> Decision:
    """Return what a person has decided about *concerns*; KEEP if there are none.

    Raises:
        ApprovedEntriesError: nobody has decided, or the answer is for another list.
    """
    if not concerns:
        return Decision.KEEP
    if answer is None or answer.seen not in {"", _digest(concerns)}:
        raise ApprovedEntriesError(concerns)
    return answer.decision


def recent_entries(session: Session, calendar: Calendar, now: datetime) -> list[Entry]:
    """Return a calendar's entries of last week, this week and later, in order of start.

    The weeks are ISO weeks. This week is the one that contains *now*.
    """
    since = IsoWeek.of(now.date()).plus(-1)
    query = (
        select(Entry)
        .where(
            Entry.calendar_id == calendar.id,
            Entry.week >= str(since),
            Entry.deleted_at.is_(None),
        )
        .options(
            joinedload(Entry.calendar), selectinload(Entry.deliveries).joinedload(Delivery.channel)
        )
        .order_by(Entry.starts_at, Entry.id)
    )
    return list(session.scalars(query))


def moved_approval(approval: Approval, head: CalendarHead) -> Approval:
    """Return *approval* with the time that it has under the calendar settings *head*.

    If these do not have its slot, its time stays.
    """
    content, at = approved_content(approval), approval.starts_at
    if content.slot is None or content.slot in head.slots:
        at = head.starts_at(content, IsoWeek.parse(approval.week)).at
    return replace(approval, starts_at=at, zone=head.zone.key)


def concerns_of_calendar(
    session: Session,
    calendar: Calendar,
    head: CalendarHead,
    *,
    now: datetime,
    usefulness: Usefulness,
) -> list[Concern]:
    """Return the approved entries that new settings of a calendar, *head*, concern.

    These are entries of which something is not published yet, and whose time, channels or brand
    would change.
    """
    before = head_of(calendar)
    concerns = []
    for entry in recent_entries(session, calendar, now):
        approval = approval_of(entry)
        if approval is None or not _open_notices(entry):
            continue
        after = moved_approval(approval, head)
        inherits = approval.content["channels"] is None
        has_new_channels = inherits and set(head.channels) != set(before.channels)
        present, wanted = set(approval.channels), set(head.channels)
        has_new_brand = head.community.brand != before.community.brand
        concern = Concern(
            entry_id=entry.id,
            calendar=calendar.name,
            zone=before.zone.key,
            new_zone=head.zone.key,
            week=entry.week,
            key=entry.key,
            title=entry.title,
            posts=_posts(entry, approval, after, now=now, usefulness=usefulness),
            added=tuple(sorted(wanted - present)) if has_new_channels else (),
            removed=tuple(sorted(present - wanted)) if has_new_channels else (),
            new_brand=has_new_brand and head.community.brand != approval.brand,
            is_past=after.starts_at != approval.starts_at and after.starts_at < now,
        )
        if _is_concerned(concern):
            concerns.append(concern)
    return concerns


def _is_concerned(concern: Concern) -> bool:
    is_moved = any(post.fate is not Fate.STAYS for post in concern.posts)
    return bool(is_moved or concern.added or concern.removed or concern.new_brand)


def concerns_of_channel(session: Session, name: str) -> list[Concern]:
    """Return the approved entries that new settings of the channel *name* concern."""
    open_there = select(Delivery.entry_id).where(
        Delivery.status.in_(OPEN), Delivery.channel.has(name=name)
    )
    query = (
        select(Entry)
        .where(Entry.id.in_(open_there), Entry.approval_hash.is_not(None))
        .options(
            joinedload(Entry.calendar), selectinload(Entry.deliveries).joinedload(Delivery.channel)
        )
        .order_by(Entry.starts_at, Entry.id)
    )
    concerns = []
    for entry in session.scalars(query):
        approval = approval_of(entry)
        if approval is None or name not in approval.channels:
            continue
        notices = _open_notices(entry)
        due = [PlannedPost(notice, at, at, Fate.STAYS) for notice, at in notices.items()]
        concerns.append(
            Concern(
                entry_id=entry.id,
                calendar=entry.calendar.name,
                zone=entry.calendar.timezone,
                new_zone=entry.calendar.timezone,
                week=entry.week,
                key=entry.key,
                title=entry.title,
                posts=tuple(due),
                channel=name,
            )
        )
    return concerns


def _open_notices(entry: Entry) -> dict[str, datetime]:
    """Return the due time of each notice that is not published yet on a channel, by its offset."""
    rows = sorted(entry.deliveries, key=lambda row: row.due_at)
    return {row.notice: row.due_at for row in rows if row.status in OPEN}


def _posts(
    entry: Entry, before: Approval, after: Approval, *, now: datetime, usefulness: Usefulness
) -> tuple[PlannedPost, ...]:
    posts = []
    is_moved = before.starts_at != after.starts_at
    for text, due_at in _open_notices(entry).items():
        notice = Notice.parse(text) if text else None
        new = notice.due_at(after.starts_at) if notice else after.starts_at
        if not is_moved:
            posts.append(PlannedPost(text, due_at, due_at, Fate.STAYS))
            continue
        fate = Fate.MOVES
        if new < now:
            is_useful = usefulness.useful_until(entry.kind, new) >= now
            fate = Fate.AT_ONCE if is_useful else Fate.GONE_BY
        posts.append(PlannedPost(text, due_at, new, fate))
    return tuple(posts)

"""Give, renew, suspend and withdraw the approval of an entry.

An approval stands if `Entry.approval_hash` is set. A change of a calendar or a channel may suspend
it; it stands again as soon as that change is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from contentsvc.db.mapping import approval_of, content_of, fingerprint, stored_content
from contentsvc.db.models import Calendar, ChannelRow, Delivery, Entry
from contentsvc.domain.approvals import Approval
from contentsvc.domain.deliveries import OPEN
from contentsvc.domain.entries import EntryContent, EntryKind, EntryStatus
from contentsvc.errors import InputError

__all__ = [
    "channel_names",
    "channels_of",
    "content_to_publish",
    "fingerprints",
    "grant",
    "is_sendable",
    "present_hash",
    "renew",
    "replace_approval",
    "revive",
    "still_holds",
    "still_to_go_out",
    "store",
    "suspend",
    "withdraw",
]


def channel_names(content: EntryContent, calendar: Calendar) -> tuple[str, ...]:
    """Return the names of an entry's channels: its own, or else those of its calendar."""
    return content.channels if content.channels is not None else tuple(calendar.channels)


def channels_of(entry: Entry) -> tuple[str, ...]:
    """Return the names of the channels that an entry goes to, or would go to if it were approved.

    An approved entry without channels of its own keeps the channels that its calendar had when it
    was approved.
    """
    approval = approval_of(entry)
    if approval is not None and entry.channels is None and approval.content["channels"] is None:
        return tuple(approval.channels)
    return channel_names(content_of(entry), entry.calendar)


def content_to_publish(entry: Entry) -> EntryContent:
    """Return an entry's content with the channels of `channels_of`."""
    return replace(content_of(entry), channels=channels_of(entry))


def fingerprints(session: Session, names: Iterable[str]) -> dict[str, str]:
    """Return the fingerprint of each channel's settings, by name, in the order of *names*.

    Raises:
        InputError: a channel does not exist.
    """
    names = tuple(names)
    rows = session.scalars(select(ChannelRow).where(ChannelRow.name.in_(names)))
    known = {row.name: fingerprint(row) for row in rows}
    missing = [name for name in names if name not in known]
    if missing:
        raise InputError("planning-channels-unknown", names=missing, field="channels")
    return {name: known[name] for name in names}


def grant(session: Session, entry: Entry, *, by: str, now: datetime) -> None:
    """Approve an entry as it stands, in the name of the person *by*."""
    store(entry, _present(session, entry, channels_of(entry), entry.calendar.brand))
    entry.status = EntryStatus.APPROVED
    entry.approved_by, entry.approved_at = by, now


def renew(session: Session, entry: Entry, before: EntryContent) -> None:
    """Approve a changed entry again as it stands; *before* is its content before the change.

    It keeps the brand that it was approved with, and its channels unless these were changed.
    """
    approval = approval_of(entry)
    brand = approval.brand if approval else entry.calendar.brand
    names = channel_names(content_of(entry), entry.calendar)
    if content_of(entry).channels == before.channels:
        names = channels_of(entry)
    replace_approval(session, entry, _present(session, entry, names, brand))


def replace_approval(session: Session, entry: Entry, approval: Approval) -> None:
    """Store *approval* in place of the one that stands.

    A delivery that may be out, at least in part, goes on under the new approval if that differs in
    its time only. The facts of a livestream change with its time.
    """
    old = approval_of(entry)
    store(entry, approval)
    if old is None or entry.kind is EntryKind.LIVESTREAM:
        return
    if replace(old, starts_at=approval.starts_at, zone=approval.zone).hash != approval.hash:
        return
    session.execute(
        update(Delivery)
        .where(
            Delivery.entry_id == entry.id,
            Delivery.approval_hash == old.hash,
            Delivery.in_doubt | (Delivery.parts_out > 0),
        )
        .values(approval_hash=approval.hash)
        .execution_options(synchronize_session=False)
    )


def store(entry: Entry, approval: Approval) -> None:
    """Store *approval* as the one that stands."""
    entry.approval, entry.approval_hash = approval.to_json(), approval.hash
    entry.suspended_hash = None


def suspend(entry: Entry, before: str) -> None:
    """Send an approved entry back to review, until `revive` finds that it has the hash *before*.

    *before* is the result of `present_hash` before the change that suspends the approval.
    """
    entry.approval_hash, entry.suspended_hash = None, before
    entry.status = EntryStatus.IN_REVIEW


def revive(session: Session, entry: Entry) -> bool:
    """Let a suspended approval stand again if its cause is undone; return whether it stands."""
    is_suspended = entry.suspended_hash is not None and entry.status is EntryStatus.IN_REVIEW
    if not is_suspended or present_hash(session, entry) != entry.suspended_hash:
        return False
    assert entry.approval is not None
    approval = Approval.from_json(entry.approval)
    store(entry, approval)
    if approval.content == stored_content(content_of(entry)):
        entry.status = EntryStatus.APPROVED
    return True


def still_holds(session: Session, entry: Entry, now: datetime) -> bool:
    """Return True if an approval can go out as it was given, at a time that is not past."""
    approval = approval_of(entry)
    if approval is None or approval.starts_at < now:
        return False
    is_same_time = entry.starts_at == approval.starts_at or entry.status is EntryStatus.IN_REVIEW
    try:
        present = fingerprints(session, approval.channels)
    except InputError:
        return False
    return (
        is_same_time and approval.zone == entry.calendar.timezone and present == approval.channels
    )


def present_hash(session: Session, entry: Entry, earlier: Mapping[str, str] | None = None) -> str:
    """Return the hash of an entry as it stands, with the present settings of its calendar.

    *earlier* are fingerprints to use, by channel name, in place of the present ones.
    """
    names = channel_names(content_of(entry), entry.calendar)
    present = _present(session, entry, names, entry.calendar.brand)
    channels = {name: (earlier or {}).get(name, now) for name, now in present.channels.items()}
    return replace(present, channels=channels).hash


def withdraw(entry: Entry) -> None:
    """Remove the approval of an entry, so that nothing more of it goes out."""
    entry.approval, entry.approval_hash, entry.suspended_hash = None, None, None


def still_to_go_out(entry: Entry) -> int:
    """Return how many deliveries of an entry's approved revision are not published yet."""
    if approval_of(entry) is None:
        return 0
    return sum(row.status in OPEN for row in entry.deliveries)


def is_sendable(delivery: Delivery) -> bool:
    """Return True if a delivery is one that its entry is approved for at present."""
    approval = approval_of(delivery.entry)
    return approval is not None and delivery.channel.name in approval.channels


def _present(
    session: Session, entry: Entry, channels: Iterable[str], brand: str | None
) -> Approval:
    """Return what an approval of the entry as it stands would cover."""
    return Approval(
        content=stored_content(content_of(entry)),
        week=entry.week,
        starts_at=entry.starts_at,
        zone=entry.calendar.timezone,
        brand=brand,
        channels=fingerprints(session, channels),
    )

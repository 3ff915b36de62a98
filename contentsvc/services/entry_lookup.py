"""Load entries, and check that nobody else has changed an entry before it is overwritten."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.models import Delivery, Entry
from contentsvc.errors import ConflictError, NotFoundError

__all__ = ["load_entry", "require_rev"]


def load_entry(session: Session, entry_id: int, *, deleted: bool = False) -> Entry:
    """Load an entry with calendar, deliveries and channels; *deleted* permits a deleted entry.

    Raises:
        NotFoundError: there is no such entry, or it was deleted and *deleted* is false.
    """
    query = (
        select(Entry)
        .where(Entry.id == entry_id)
        .options(
            joinedload(Entry.calendar),
            selectinload(Entry.deliveries).joinedload(Delivery.channel),
        )
    )
    entry = session.scalar(query)
    if entry is None or (entry.deleted_at is not None and not deleted):
        raise NotFoundError("entry-unknown", id=entry_id)
    return entry


def require_rev(entry: Entry, rev: int) -> None:
    """Raise ConflictError unless *rev* is the entry's current revision.

    Raises:
        ConflictError: somebody changed the entry since that revision.
    """
    if entry.rev != rev:
        at = f"{entry.updated_at:%Y-%m-%d %H:%M:%S}"
        raise ConflictError("entry-changed", name=entry.changed_by, at=at)

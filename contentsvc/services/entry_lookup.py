"""Finding an entry, and refusing to overwrite what somebody else has changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from contentsvc.db.models import Delivery, Entry
from contentsvc.errors import ConflictError, NotFoundError

__all__ = ["load_entry", "require_rev"]


def load_entry(session: Session, entry_id: int, *, deleted: bool = False) -> Entry:
    """Return an entry with its calendar, deliveries and their channels.

    Raises:
        NotFoundError: there is none, or it was deleted and *deleted* is false.
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
        raise NotFoundError(f"there is no entry {entry_id}; it may have been deleted")
    return entry


def require_rev(entry: Entry, rev: int) -> None:
    """Raise ConflictError unless *rev* is the entry's newest."""
    if entry.rev != rev:
        raise ConflictError(
            f"{entry.changed_by} changed it at {entry.updated_at:%Y-%m-%d %H:%M:%S} UTC; "
            "compare and save again"
        )

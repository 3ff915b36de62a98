"""Keep the content that entries had before it was replaced, so that nothing typed is lost."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from contentsvc.db.mapping import content_of, stored_content
from contentsvc.db.models import Entry, EntryRevision
from contentsvc.errors import NotFoundError

__all__ = ["count_revisions", "get_revision", "keep_revision", "list_revisions"]

#: Most earlier revisions of one entry; the oldest are deleted. A body has up to 100,000 characters.
_MOST = 50


def keep_revision(session: Session, entry: Entry) -> None:
    """Store the present content of *entry*, which the caller is about to replace."""
    session.add(
        EntryRevision(
            entry_id=entry.id,
            rev=entry.rev,
            week=entry.week,
            content=stored_content(content_of(entry)),
            saved_by=entry.changed_by,
            saved_at=entry.updated_at,
        )
    )
    session.flush()
    kept = (
        select(EntryRevision.rev)
        .where(EntryRevision.entry_id == entry.id)
        .order_by(EntryRevision.rev.desc())
        .limit(_MOST)
    )
    session.execute(
        delete(EntryRevision)
        .where(EntryRevision.entry_id == entry.id, EntryRevision.rev.not_in(kept))
        .execution_options(synchronize_session=False)
    )


def count_revisions(session: Session, entry_id: int) -> int:
    """Return the number of stored earlier revisions of an entry."""
    query = select(func.count()).where(EntryRevision.entry_id == entry_id)
    return session.scalar(query) or 0


def list_revisions(session: Session, entry_id: int) -> list[EntryRevision]:
    """Return the stored earlier revisions of an entry, the latest first."""
    query = select(EntryRevision).where(EntryRevision.entry_id == entry_id)
    return list(session.scalars(query.order_by(EntryRevision.rev.desc())))


def get_revision(session: Session, entry_id: int, rev: int) -> EntryRevision:
    """Return an earlier revision of an entry.

    Raises:
        NotFoundError: it was never stored, or is no longer.
    """
    query = select(EntryRevision).where(EntryRevision.entry_id == entry_id)
    revision = session.scalar(query.where(EntryRevision.rev == rev))
    if revision is None:
        raise NotFoundError("revision-unknown", rev=rev)
    return revision

"""The public web pages of livestreams: update their facts, list them, and find posters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, joinedload

from contentsvc.channels import Picture, PublicLivestream
from contentsvc.db.mapping import approval_of, approved_content, content_of
from contentsvc.db.models import Delivery, Entry, LivestreamPage, RenditionRow
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, EntryStatus
from contentsvc.domain.livestreams import Facts, changes, livestream_fields
from contentsvc.errors import NotFoundError
from contentsvc.services.channel_setup.hosting import load_pictures
from contentsvc.services.ports import Clock
from contentsvc.storage import FileStorage

__all__ = [
    "OUT",
    "PublicLivestreams",
    "facts_of",
    "present_facts",
    "proposed_facts",
    "update_page",
]

_S = DeliveryStatus
#: The statuses of deliveries that are considered published.
OUT = frozenset({_S.PUBLISHED, _S.ACCEPTED})


def present_facts(entry: Entry, channel: str = "") -> Facts:
    """Return a livestream's current facts, such as title and start, marked if it was called off.

    A livestream is called off if its entry was cancelled, deleted or changed to another kind. The
    title is that of the version for *channel*, or the entry's own if *channel* is empty. While a
    changed livestream waits for review, the facts are those of the approved revision.
    """
    approval = approval_of(entry)
    if approval is None:
        return proposed_facts(entry, channel)
    content = approved_content(approval)
    facts = Facts.of(content, approval.starts_at, channel)
    return facts if content.kind is EntryKind.LIVESTREAM else facts.called_off()


def proposed_facts(entry: Entry, channel: str = "") -> Facts:
    """Return a livestream's facts as its entry states them, even if they are not approved yet."""
    facts = Facts.of(content_of(entry), entry.starts_at, channel)
    gone = entry.deleted_at is not None or entry.status is EntryStatus.CANCELLED
    return facts.called_off() if gone or entry.kind is not EntryKind.LIVESTREAM else facts


def facts_of(page: LivestreamPage) -> Facts:
    """Return the facts (title, start, links, …) that a livestream's public page shows."""
    facts = Facts.from_json(page.facts)
    return facts.called_off() if page.is_cancelled else facts


def update_page(session: Session, entry: Entry, now: datetime) -> bool:
    """Update the public page of a livestream entry; return True if its facts have changed.

    The page shows what was approved last, so a draft or an entry in review does not change it.
    The first approval creates the page and returns False.
    """
    page = session.get(LivestreamPage, entry.id)
    facts = present_facts(entry)
    approved = approval_of(entry) is not None and not facts.is_cancelled
    if page is None:
        if approved:
            session.add(_new_page(entry, facts, now))
        return False
    if not (approved or facts.is_cancelled) or facts_of(page) == facts:
        return False
    before = Facts.from_json(page.facts)
    if facts.is_cancelled:
        page.is_cancelled = True
    else:
        page.moved_from = _moved_from(session, page, before, facts)
        page.facts, page.is_cancelled = facts.to_json(), False
    page.sequence += 1
    page.changed_at = now
    session.flush()
    return True


def _new_page(entry: Entry, facts: Facts, now: datetime) -> LivestreamPage:
    return LivestreamPage(
        entry_id=entry.id,
        facts=facts.to_json(),
        is_cancelled=False,
        sequence=0,
        created_at=now,
        changed_at=now,
    )


def _moved_from(
    session: Session, page: LivestreamPage, before: Facts, after: Facts
) -> datetime | None:
    """Return the start announced before the livestream was moved; None to mention no move."""
    if before.starts_at == after.starts_at:
        return page.moved_from
    told = session.scalar(
        select(exists().where(Delivery.entry_id == page.entry_id, Delivery.status.in_(OUT)))
    )
    first = page.moved_from or (before.starts_at if told else None)
    return None if first == after.starts_at else first


@dataclass(frozen=True, slots=True)
class PublicLivestreams:
    """Reads the livestreams that the public web pages of one channel show."""

    database: Database
    storage: FileStorage
    channel_id: int
    clock: Clock

    def find(self, code: str) -> PublicLivestream | None:
        """Return the livestream with this code, or None if none was ever approved."""
        with self.database.read() as session:
            page = session.scalar(
                select(LivestreamPage)
                .join(LivestreamPage.entry)
                .where(Entry.code == code)
                .options(joinedload(LivestreamPage.entry).joinedload(Entry.calendar))
            )
            return None if page is None else _public(page)

    def announced(self, limit: int = 200) -> list[PublicLivestream]:
        """Return the livestreams announced on this channel, at most *limit*, latest start first."""
        told = select(Delivery.entry_id).where(
            Delivery.channel_id == self.channel_id,
            Delivery.notice != "",
            Delivery.status.in_(OUT),
        )
        query = (
            select(LivestreamPage)
            .join(LivestreamPage.entry)
            .where(LivestreamPage.entry_id.in_(told))
            .order_by(Entry.starts_at.desc(), Entry.id.desc())
            .limit(limit)
            .options(joinedload(LivestreamPage.entry).joinedload(Entry.calendar))
        )
        with self.database.read() as session:
            return [_public(page) for page in session.scalars(query)]

    def poster(self, code: str) -> Picture | None:
        """Return a livestream's poster: that of the newest notice due, or else of the first notice.

        Return None if no notice has a poster with the current facts.
        """
        with self.database.read() as session:
            entry = session.scalar(select(Entry).where(Entry.code == code))
            page = session.get(LivestreamPage, entry.id) if entry else None
            if entry is None or page is None or page.is_cancelled:
                return None
            stored = self._stored_poster(session, entry.id, facts_of(page))
        try:
            return load_pictures(self.storage, [stored])[0] if stored else None
        except NotFoundError:
            return None

    def _stored_poster(
        self, session: Session, entry_id: int, facts: Facts
    ) -> dict[str, object] | None:
        """Return the stored metadata of the newest due notice's poster, or of the first notice's.

        Notices that show other facts than *facts* are ignored. Return None if no poster is left.
        """
        query = (
            select(Delivery.due_at, Delivery.facts, RenditionRow.document)
            .join(RenditionRow, Delivery.rendition_hash == RenditionRow.hash)
            .where(Delivery.entry_id == entry_id)
            .order_by(Delivery.due_at, Delivery.id)
        )
        now, chosen = self.clock(), None
        for due_at, told, document in session.execute(query):
            posters = [item for item in document["pictures"] if item["name"].startswith("poster")]
            if not posters or told is None or changes(Facts.from_json(told), facts):
                continue
            if chosen is None or due_at <= now:
                chosen = posters[0]
        return chosen


def _public(page: LivestreamPage) -> PublicLivestream:
    facts, entry = facts_of(page), page.entry
    return PublicLivestream(
        code=entry.code,
        title=facts.title,
        starts_at=facts.starts_at,
        zone=ZoneInfo(entry.calendar.timezone),
        is_cancelled=facts.is_cancelled,
        moved_from=page.moved_from,
        sequence=page.sequence,
        created_at=page.created_at,
        changed_at=page.changed_at,
        **livestream_fields(facts),
    )

"""One thing to render: an entry or one of its notices, of a calendar's week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contentsvc.db.mapping import content_of, plan_of
from contentsvc.db.models import Calendar, Delivery
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import IsoWeek

__all__ = ["Piece"]


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry's content, or one notice of it, with its time."""

    slug: str
    zone: ZoneInfo
    week: IsoWeek
    content: EntryContent
    #: UTC.
    starts_at: datetime
    notice: Notice | None = None
    #: The calendar's brand kit; None means the assets' own.
    brand: str | None = None

    @classmethod
    def of(
        cls, calendar: Calendar, week: IsoWeek, content: EntryContent, notice: Notice | None
    ) -> Piece:
        """Return the piece of an entry that need not be saved."""
        plan = plan_of(calendar, week, [])
        starts_at = plan.starts_at(content, week).at
        return cls(calendar.slug, plan.zone, week, content, starts_at, notice, plan.community.brand)

    @classmethod
    def of_delivery(cls, delivery: Delivery) -> Piece:
        """Return the piece that a delivery sends; its entry and calendar are loaded."""
        entry = delivery.entry
        notice = Notice.parse(delivery.notice) if delivery.notice else None
        return cls.of(entry.calendar, IsoWeek.parse(entry.week), content_of(entry), notice)

    @property
    def due_at(self) -> datetime:
        """Return when it goes out, UTC."""
        return self.notice.due_at(self.starts_at) if self.notice else self.starts_at

    @property
    def ref(self) -> str:
        """Return what stays the same over edits and moves within the week."""
        return f"{self.slug}/{self.week}/{self.content.key}"

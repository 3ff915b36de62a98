"""One thing to render: an entry or one of its notices, of a calendar's week."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.db.mapping import content_of, head_of
from contentsvc.db.models import Calendar, Delivery
from contentsvc.domain.entries import EntryContent, Livestream
from contentsvc.domain.livestreams import Facts
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.domain.weeks import IsoWeek

__all__ = ["RenderItem"]


@dataclass(frozen=True, slots=True)
class RenderItem:
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
    #: Of its livestream's public page; empty where nothing of the entry is kept yet.
    code: str = ""
    #: The livestream's public page; empty where there is none.
    booking_page: str = ""

    @classmethod
    def of(
        cls,
        calendar: Calendar,
        week: IsoWeek,
        content: EntryContent,
        notice: Notice | None,
        code: str = "",
    ) -> RenderItem:
        """Return the item of an entry that need not be saved."""
        head = head_of(calendar)
        starts_at = head.starts_at(content, week).at
        if notice is not None and content.livestream is not None:
            notice = notice.within(content.livestream.minutes)
        brand = head.community.brand
        return cls(calendar.slug, head.zone, week, content, starts_at, notice, brand, code)

    @classmethod
    def of_delivery(cls, delivery: Delivery) -> RenderItem:
        """Return the item that a delivery sends; its entry and calendar are loaded."""
        entry = delivery.entry
        notice = Notice.parse(delivery.notice) if delivery.notice else None
        week, content = IsoWeek.parse(entry.week), content_of(entry)
        return cls.of(entry.calendar, week, content, notice, entry.code)

    @property
    def due_at(self) -> datetime:
        """Return when it goes out, UTC."""
        return self.notice.due_at(self.starts_at) if self.notice else self.starts_at

    @property
    def link(self) -> str:
        """Return where its readers are led; empty where it is no livestream."""
        state = self.notice.state if self.notice else NoticeState.BEFORE
        return (self.content.livestream or Livestream()).link_at(state, self.booking_page)

    def told(self, channel: str) -> dict[str, Any] | None:
        """Return what *channel*'s readers are told of a livestream, as JSON; None for a post."""
        if self.notice is None:
            return None
        facts = Facts.of(self.content, self.starts_at, channel)
        return replace(facts, link=self.link, state=self.notice.state.value).to_json()

    @property
    def ref(self) -> str:
        """Return what stays the same over edits and moves within the week."""
        return f"{self.slug}/{self.week}/{self.content.key}"

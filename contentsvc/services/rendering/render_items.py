"""What is rendered: an entry of a calendar's week, or one notice of a livestream."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.db.mapping import approved_content, head_of
from contentsvc.db.models import Calendar, Delivery
from contentsvc.domain.approvals import Approval
from contentsvc.domain.entries import EntryContent, Livestream
from contentsvc.domain.livestreams import Facts
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.domain.walltime import parse_zone
from contentsvc.domain.weeks import IsoWeek

__all__ = ["RenderItem"]


@dataclass(frozen=True, slots=True)
class RenderItem:
    """An entry, or one notice of a livestream, with everything that rendering it needs."""

    slug: str
    zone: ZoneInfo
    week: IsoWeek
    content: EntryContent
    #: When the entry is due, or the livestream starts; UTC.
    starts_at: datetime
    notice: Notice | None = None
    #: The name of the calendar's brand kit; None for the default brand.
    brand: str | None = None
    #: The code in the address of the livestream's public page; empty if the entry is not saved yet.
    code: str = ""
    #: The address of the livestream's public page; empty if it has none.
    booking_page: str = ""
    #: The community's name, which stands on posters until a brand kit has a name.
    community: str = ""

    @classmethod
    def of(
        cls,
        calendar: Calendar,
        week: IsoWeek,
        content: EntryContent,
        notice: Notice | None,
        code: str = "",
    ) -> RenderItem:
        """Create the item for an entry or, if *notice* is given, for that notice of it.

        The entry need not be saved yet.
        """
        head = head_of(calendar)
        starts_at = head.starts_at(content, week).at
        if notice is not None and content.livestream is not None:
            notice = notice.within(content.livestream.minutes)
        brand = head.community.brand
        return cls(
            calendar.slug,
            head.zone,
            week,
            content,
            starts_at,
            notice,
            brand,
            code,
            community=calendar.name,
        )

    @classmethod
    def of_delivery(cls, delivery: Delivery, approval: Approval) -> RenderItem:
        """Create the item that was approved for a delivery. *approval* is the approved revision.

        The delivery's entry and calendar must be loaded.
        """
        content = approved_content(approval)
        notice = Notice.parse(delivery.notice) if delivery.notice else None
        if notice is not None and content.livestream is not None:
            notice = notice.within(content.livestream.minutes)
        return cls(
            delivery.entry.calendar.slug,
            parse_zone(approval.zone),
            IsoWeek.parse(approval.week),
            content,
            approval.starts_at,
            notice,
            approval.brand,
            delivery.entry.code,
            community=delivery.entry.calendar.name,
        )

    @property
    def due_at(self) -> datetime:
        """When the entry or notice is to be published (UTC)."""
        return self.notice.due_at(self.starts_at) if self.notice else self.starts_at

    @property
    def link(self) -> str:
        """The link to book, watch or replay the livestream; empty for other kinds of entry."""
        state = self.notice.state if self.notice else NoticeState.BEFORE
        return (self.content.livestream or Livestream()).link_at(state, self.booking_page)

    def livestream_facts(self, channel: str) -> dict[str, Any] | None:
        """Return the facts about the livestream in a notice, or None if there is no notice.

        The facts are JSON values; the title is that of the version for *channel*.
        """
        if self.notice is None:
            return None
        facts = Facts.of(self.content, self.starts_at, channel)
        return replace(facts, link=self.link, state=self.notice.state.value).to_json()

    @property
    def ref(self) -> str:
        """The entry's reference CALENDAR/WEEK/KEY, which stays the same if the content changes."""
        return f"{self.slug}/{self.week}/{self.content.key}"

"""A calendar (周历): a community's content plan, week by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from zoneinfo import ZoneInfo

from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import Instant, resolve
from contentsvc.domain.weeks import IsoWeek

__all__ = ["CalendarPlan", "Community"]


@dataclass(frozen=True, slots=True)
class Community:
    """The people a calendar is for."""

    kind: CommunityKind = CommunityKind.INTEREST
    #: 1 or 2.
    tier: int = 1
    tags: tuple[str, ...] = ()
    #: Name of the brand kit of its posters; None means the assets' own.
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """One week of a calendar, or a template where *week* is None: what a calendar file says."""

    #: The calendar's slug.
    calendar: str
    name: str
    zone: ZoneInfo
    community: Community
    #: Time of day by the slot's name, in the order of the file.
    slots: Mapping[str, time]
    #: Names of the channels an entry goes to when it names none.
    channels: tuple[str, ...]
    week: IsoWeek | None
    entries: tuple[EntryContent, ...] = field(default=())
    #: When this community is not written to.
    quiet: QuietHours | None = None
    #: How often it may be written to, by channel name; else the channel's own quota holds.
    quotas: Mapping[str, Quota] = field(default_factory=dict)

    def wall_time(self, entry: EntryContent) -> time:
        """Return the entry's time of day: its own, else its slot's; KeyError for no such slot."""
        return entry.time if entry.time is not None else self.slots[entry.slot or ""]

    def starts_at(self, entry: EntryContent, week: IsoWeek) -> Instant:
        """Return the instant (UTC) at which the entry is due in *week*."""
        day: date = week.day(entry.day)
        return resolve(day, self.wall_time(entry), self.zone)

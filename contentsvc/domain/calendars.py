"""The value types of a calendar (周历), a community's content plan by week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from zoneinfo import ZoneInfo

from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.entries import EntryContent
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import Instant, resolve
from contentsvc.domain.weeks import IsoWeek

__all__ = ["MOST_SLOTS", "CalendarHead", "CalendarPlan", "Community"]


#: The most slots of a calendar; the week board has a row for each.
MOST_SLOTS = 50


@dataclass(frozen=True, slots=True)
class Community:
    """The group of people that a calendar is for: its kind, tier, tags and brand."""

    kind: CommunityKind = CommunityKind.INTEREST
    #: The community's tier, 1 or 2.
    tier: int = 1
    tags: tuple[str, ...] = ()
    #: Name of the brand kit of its posters; None for the default brand kit.
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarHead:
    """The settings of a calendar: everything in a calendar file except its week and entries."""

    slug: str
    name: str
    zone: ZoneInfo
    community: Community
    #: Time of day by the slot's name, in the order of the file.
    slots: Mapping[str, time]
    #: Names of the channels that an entry without channels of its own is published to.
    channels: tuple[str, ...]
    #: The hours in which nothing is published to this community; None for no quiet hours.
    quiet: QuietHours | None = None
    #: The quota by channel name. A channel that is not listed here has its own default quota.
    quotas: Mapping[str, Quota] = field(default_factory=dict)

    def wall_time(self, entry: EntryContent) -> time:
        """Return the entry's own time of day or, if it has none, that of its slot.

        A slot is a named time of day.

        Raises:
            KeyError: the calendar does not have the entry's slot.
        """
        return entry.time if entry.time is not None else self.slots[entry.slot or ""]

    def starts_at(self, entry: EntryContent, week: IsoWeek) -> Instant:
        """Return the instant (UTC) at which *entry* is due in *week*."""
        return resolve(week.day(entry.day), self.wall_time(entry), self.zone)


@dataclass(frozen=True, slots=True)
class CalendarPlan:
    """The contents of a calendar file: a calendar's settings and the entries of one week.

    A plan without a week is a template.
    """

    head: CalendarHead
    week: IsoWeek | None
    entries: tuple[EntryContent, ...] = ()
    #: The line of each entry's status in its file, or of the entry if it states none, by key.
    lines: Mapping[str, int] = field(default_factory=dict, compare=False)

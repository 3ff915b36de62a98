"""Posting limits of a community on a channel: quiet hours and quotas.

Planning warns about exceeded limits, and `services/delivery/holds.py` enforces the limits when
deliveries are sent.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel, PlatformRule, Quota, RenditionWarning, WarningLevel
from contentsvc.db.models import Delivery, Entry
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.quotas import QuietHours
from contentsvc.errors import PLUGIN_FAULTS
from contentsvc.messages import Message, Parameter

__all__ = ["MAY_BE_OUT", "Pace", "default_quota", "pace_of", "pacing_warnings"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus
#: Statuses of deliveries that are published, being sent or may be out; these count in a quota.
MAY_BE_OUT = (_S.SENDING, _S.ACCEPTED, _S.HANDED_OFF, _S.PUBLISHED, _S.UNKNOWN, _S.RETRYING)
_PLANNED = (*MAY_BE_OUT, _S.PLANNED, _S.SCHEDULED, _S.CLAIMED)


@dataclass(frozen=True, slots=True)
class Pace:
    """The posting limits (quiet hours and quota) of one community on one channel."""

    calendar_id: int
    channel_id: int
    zone: ZoneInfo
    quiet: QuietHours | None
    quota: Quota | None
    #: The platform's rule that sets the quota; None if the calendar or the plugin sets it.
    rule: PlatformRule | None = None

    def quiet_until(self, at: datetime) -> datetime | None:
        """If *at* is within the quiet hours, return the end of these hours (UTC); else None."""
        return self.quiet.ends_at(at, self.zone) if self.quiet else None

    def over_quota(self, span: str, most: int) -> Message:
        """Return a message that a delivery waits because its quota, *most* per *span*, is used up.

        *span* is `day` or `month`.
        """
        return self._quota_message("held-by", span, most=most)

    def would_be_over(self, span: str, count: int, most: int) -> Message:
        """Return a warning that *count* posts per *span* (day or month) exceed the quota *most*."""
        return self._quota_message("over", span, count=count, most=most)

    def _quota_message(self, prefix: str, span: str, **params: Parameter) -> Message:
        if self.rule is None:
            return Message(f"{prefix}-{span}-quota", **params)
        platform = self.rule.name
        dated = str(self.rule.dated)
        return Message(f"{prefix}-{span}-rule", dated=dated, platform=platform, **params)


def pace_of(
    calendar_id: int, head: CalendarHead, channel: tuple[int, str], opened: Channel | None
) -> Pace | None:
    """Return the posting limits of a calendar's community on a channel; None for no limits.

    *channel* is the channel's id and name. *opened* is None if the channel cannot be opened; then
    only the calendar's own quota applies.
    """
    channel_id, name = channel
    quota, rule = (head.quotas[name], None) if name in head.quotas else default_quota(opened)
    quota = None if quota == Quota() else quota
    if head.quiet is None and quota is None:
        return None
    return Pace(calendar_id, channel_id, head.zone, head.quiet, quota, rule)


def default_quota(opened: Channel | None) -> tuple[Quota | None, PlatformRule | None]:
    """Return the quota that a channel's plugin sets, and the platform's rule that it follows.

    The rule is None if the quota differs from the platform's rule. Both are None if the channel
    cannot be opened or its plugin fails.
    """
    if opened is None:
        return None, None
    try:
        quota, rule = opened.quota, opened.platform_rule
    except PLUGIN_FAULTS:
        logger.exception(
            "A plugin failed to tell its quota",
            extra={"action": "quota_failed", "channel": opened.host.name},
        )
        return None, None
    if not isinstance(quota, Quota | None) or not isinstance(rule, PlatformRule | None):
        logger.error(
            "A plugin's quota or platform_rule has the wrong type",
            extra={"action": "quota_failed", "channel": opened.host.name},
        )
        return None, None
    return quota, rule if rule is not None and rule.quota == quota else None


def pacing_warnings(
    session: Session, pace: Pace | None, due: Sequence[datetime], *, entry_key: tuple[str, str]
) -> list[list[RenditionWarning]]:
    """Return, for each time in *due* (UTC), a list of warnings about exceeded posting limits.

    *entry_key* is the entry's week and key. Existing deliveries of this entry are not counted,
    since *due* stands for them.
    """
    if pace is None:
        return [[] for _ in due]
    taken: Counter[tuple[str, datetime]] = Counter()
    return [
        [*_quiet_warning(pace, at), *_quota_warnings(session, pace, at, entry_key, taken)]
        for at in due
    ]


def _quiet_warning(pace: Pace, at: datetime) -> list[RenditionWarning]:
    if pace.quiet_until(at) is None:
        return []
    time = f"{at.astimezone(pace.zone):%H:%M}"
    message = Message("within-quiet-hours", time=time, hours=str(pace.quiet))
    return [RenditionWarning(WarningLevel.WARN, "time", message)]


def _quota_warnings(
    session: Session,
    pace: Pace,
    at: datetime,
    entry_key: tuple[str, str],
    taken: Counter[tuple[str, datetime]],
) -> list[RenditionWarning]:
    quota = pace.quota or Quota()
    day = at.astimezone(pace.zone).date()
    warnings = []
    for span, most, (begins, ends) in quota.spans(day, pace.zone):
        taken[span, begins] += 1
        count = _count_planned(session, pace, begins, ends, entry_key) + taken[span, begins]
        if count > most:
            message = pace.would_be_over(span, count, most)
            warnings.append(RenditionWarning(WarningLevel.WARN, "time", message))
    return warnings


def _count_planned(
    session: Session, pace: Pace, begins: datetime, ends: datetime, entry_key: tuple[str, str]
) -> int:
    """Return the number of deliveries of other entries that are due between *begins* and *ends*."""
    week, key = entry_key
    query = (
        select(func.count())
        .select_from(Delivery)
        .join(Entry, Delivery.entry_id == Entry.id)
        .where(
            Delivery.due_at >= begins,
            Delivery.due_at < ends,
            Delivery.channel_id == pace.channel_id,
            Delivery.status.in_(_PLANNED),
            Entry.calendar_id == pace.calendar_id,
            ~((Entry.week == week) & (Entry.key == key)),
        )
    )
    return session.scalar(query) or 0

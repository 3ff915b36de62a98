"""Pacing: quiet hours and quotas, warned of while planning and held to at sending."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.channels import Channel as OpenChannel
from contentsvc.channels import PlatformRule, Quota, RenditionWarning, WarningLevel
from contentsvc.db.models import Attempt, Calendar, Delivery, Entry
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.tasks import Action, Pace, Task
from contentsvc.services.switch import paused_channels

__all__ = ["Hold", "default_quota", "hold", "pace_of", "pacing_warnings"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus
#: What is out or may be out.
_OUT = (_S.SENDING, _S.ACCEPTED, _S.HANDED_OFF, _S.PUBLISHED, _S.UNKNOWN, _S.RETRYING)
#: What is planned and not called off.
_PLANNED = (*_OUT, _S.PLANNED, _S.SCHEDULED, _S.CLAIMED)
#: How long a task rests that the red switch holds; the dispatcher waits for the switch itself.
_PAUSED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a delivery is not sent now, and until when (UTC)."""

    until: datetime
    words: str


def pace_of(
    calendar_id: int, head: CalendarHead, channel: tuple[int, str], opened: OpenChannel | None
) -> Pace | None:
    """Return what holds for a calendar's community on a channel; None where nothing does.

    *channel* is its id and its name. Without it *opened* there is the calendar's own quota alone.
    """
    channel_id, name = channel
    quota, rule = (head.quotas[name], None) if name in head.quotas else default_quota(opened)
    quota = None if quota == Quota() else quota
    if head.quiet is None and quota is None:
        return None
    return Pace(calendar_id, channel_id, head.zone, head.quiet, quota, rule)


def default_quota(opened: OpenChannel | None) -> tuple[Quota | None, PlatformRule | None]:
    """Return a channel's own quota with the platform's rule that it comes from."""
    if opened is None:
        return None, None
    try:
        quota, rule = opened.quota, opened.platform_rule
    except Exception:
        logger.exception(
            "A plugin failed to tell its quota",
            extra={"action": "quota_failed", "channel": opened.host.name},
        )
        return None, None
    return quota, rule if rule is not None and rule.quota == quota else None


def hold(session: Session, tasks: Sequence[Task], now: datetime) -> dict[Task, Hold]:
    """Return the tasks that must not be sent now.

    Within one transaction with the intents, so that two workers cannot both take a quota's last
    place. What may be out already is not held: sending it again only finds out.
    """
    sending = [task for task in tasks if task.action is Action.PUBLISH]
    if not sending:
        return {}
    pausing = paused_channels(session.connection())
    if pausing is None:
        return {task: Hold(now + _PAUSED, "everything is paused") for task in sending}
    # The dispatcher waits until the channel is resumed; only then the time counts again.
    why = Hold(now, "its channel is paused")
    held = {task: why for task in sending if task.delivery.channel_id in pausing}
    limited: dict[Pace, list[Task]] = defaultdict(list)
    for task in sending:
        if task in held or task.pace is None or task.delivery.in_doubt:
            continue
        quiet = _quiet(task.pace, now)
        if quiet is not None:
            held[task] = quiet
        elif task.pace.quota is not None:
            limited[task.pace].append(task)
    for pace in sorted(limited, key=lambda pace: (pace.calendar_id, pace.channel_id)):
        held |= _over(session, pace, limited[pace], now)
    return held


def _quiet(pace: Pace, now: datetime) -> Hold | None:
    until = pace.quiet.ends_at(now, pace.zone) if pace.quiet else None
    if until is None:
        return None
    return Hold(until, f"held by the quiet hours {pace.quiet}")


def _over(session: Session, pace: Pace, tasks: list[Task], now: datetime) -> dict[Task, Hold]:
    """Return those of *tasks*, in their order, for which the quota has no place left."""
    session.execute(select(Calendar.id).where(Calendar.id == pace.calendar_id).with_for_update())
    today = now.astimezone(pace.zone).date()
    held: dict[Task, Hold] = {}
    assert pace.quota is not None
    for span, most, (begins, ends) in pace.quota.spans(today, pace.zone):
        places = max(0, most - _sent(session, pace, begins, ends))
        by = f"the quota of {most}" if pace.rule is None else f"{_named(pace.rule)}: {most}"
        words = f"held by {by} a {span}"
        held |= {task: Hold(ends, words) for task in tasks[places:]}
    return held


def _named(rule: PlatformRule) -> str:
    return f"the rule of {rule.dated} for {rule.name['en']}"


def _sent(session: Session, pace: Pace, begins: datetime, ends: datetime) -> int:
    """Return how many deliveries the community got through the channel in a span."""
    query = (
        select(func.count(func.distinct(Attempt.delivery_id)))
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .join(Entry, Delivery.entry_id == Entry.id)
        .where(
            Attempt.started_at >= begins,
            Attempt.started_at < ends,
            Attempt.action == Action.PUBLISH.value,
            Delivery.channel_id == pace.channel_id,
            Delivery.status.in_(_OUT),
            Entry.calendar_id == pace.calendar_id,
        )
    )
    return session.scalar(query) or 0


def pacing_warnings(
    session: Session, pace: Pace | None, due: Sequence[datetime], *, entry_key: tuple[str, str]
) -> list[list[RenditionWarning]]:
    """Return, for each of an entry's times on a channel (UTC), what is to be said of it.

    *entry_key* is the entry's week and key: what it has planned already does not count twice.
    """
    if pace is None:
        return [[] for _ in due]
    taken: Counter[tuple[str, datetime]] = Counter()
    return [
        [*_quiet_warning(pace, at), *_quota_warnings(session, pace, at, entry_key, taken)]
        for at in due
    ]


def _quiet_warning(pace: Pace, at: datetime) -> list[RenditionWarning]:
    if _quiet(pace, at) is None:
        return []
    words = f"{at.astimezone(pace.zone):%H:%M} is within the quiet hours {pace.quiet}"
    return [RenditionWarning(WarningLevel.WARN, "time", words)]


def _quota_warnings(
    session: Session,
    pace: Pace,
    at: datetime,
    entry_key: tuple[str, str],
    taken: Counter[tuple[str, datetime]],
) -> list[RenditionWarning]:
    quota = pace.quota or Quota()
    day = at.astimezone(pace.zone).date()
    found = []
    for span, most, (begins, ends) in quota.spans(day, pace.zone):
        taken[span, begins] += 1
        count = _planned(session, pace, begins, ends, entry_key) + taken[span, begins]
        if count > most:
            by = "the quota" if pace.rule is None else _named(pace.rule)
            words = f"it would be number {count} in that {span}; {by} is {most}"
            found.append(RenditionWarning(WarningLevel.WARN, "time", words))
    return found


def _planned(
    session: Session, pace: Pace, begins: datetime, ends: datetime, entry_key: tuple[str, str]
) -> int:
    """Return how many deliveries of other entries are planned in a span."""
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

"""Holds, reasons to delay a due delivery, such as quiet hours and quotas."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contentsvc.db.models import Attempt, Calendar, Delivery, Entry
from contentsvc.domain.deliveries import Action
from contentsvc.messages import Message
from contentsvc.services.delivery.tasks import Task
from contentsvc.services.posting_limits import MAY_BE_OUT, Pace
from contentsvc.services.switch import paused_channels

__all__ = ["Hold", "find_holds"]

#: Time until a task that the red switch holds is claimed again. The dispatcher claims nothing
#: while the switch is on.
_PAUSED = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason why a delivery must wait, such as quiet hours, and when the wait ends."""

    #: The end of the hold, in UTC.
    until: datetime
    reason: Message


def find_holds(session: Session, tasks: Sequence[Task], now: datetime) -> dict[Task, Hold]:
    """Return a hold (the reason and the end of a wait) for each task that must wait at *now*.

    The caller must record the intents in the same transaction, so that two workers cannot both use
    the last post of a quota. Quiet hours and quotas do not hold a delivery that may be out: sending
    it again only settles whether it is, and its other parts belong to the same post.
    """
    sending = [task for task in tasks if task.action is Action.PUBLISH]
    if not sending:
        return {}
    paused = paused_channels(session.connection())
    if paused is None:
        return {task: Hold(now + _PAUSED, Message("held-by-switch")) for task in sending}
    # The dispatcher claims nothing of a paused channel, so the hold needs no end of its own.
    hold = Hold(now, Message("held-by-paused-channel"))
    holds = {task: hold for task in sending if task.delivery.channel_id in paused}
    limited: dict[Pace, list[Task]] = defaultdict(list)
    for task in sending:
        if task in holds or task.pace is None or task.delivery.may_be_out:
            continue
        quiet_until = task.pace.quiet_until(now)
        if quiet_until is not None and not task.delivery.despite_quiet:
            reason = Message("held-by-quiet-hours", hours=str(task.pace.quiet))
            holds[task] = Hold(quiet_until, reason)
        elif task.pace.quota is not None:
            limited[task.pace].append(task)
    for pace in sorted(limited, key=lambda pace: (pace.calendar_id, pace.channel_id)):
        holds |= _over_quota(session, pace, limited[pace], now)
    return holds


def _over_quota(session: Session, pace: Pace, tasks: list[Task], now: datetime) -> dict[Task, Hold]:
    """Return a hold (reason to wait) for each of *tasks* that exceeds a quota in *pace*.

    The first tasks use up the quota.
    """
    # Other workers that count the same calendar wait for this lock.
    session.execute(select(Calendar.id).where(Calendar.id == pace.calendar_id).with_for_update())
    today = now.astimezone(pace.zone).date()
    holds: dict[Task, Hold] = {}
    assert pace.quota is not None
    for span, most, (begins, ends) in pace.quota.spans(today, pace.zone):
        room = max(0, most - _count_sent(session, pace, begins, ends))
        reason = pace.over_quota(span, most)
        holds |= {task: Hold(ends, reason) for task in tasks[room:]}
    return holds


def _count_sent(session: Session, pace: Pace, begins: datetime, ends: datetime) -> int:
    """Count the posts between *begins* and *ends* that use up the quota in *pace*."""
    query = (
        select(func.count(func.distinct(Attempt.delivery_id)))
        .join(Delivery, Attempt.delivery_id == Delivery.id)
        .join(Entry, Delivery.entry_id == Entry.id)
        .where(
            Attempt.started_at >= begins,
            Attempt.started_at < ends,
            Attempt.action == Action.PUBLISH.value,
            Delivery.channel_id == pace.channel_id,
            Delivery.status.in_(MAY_BE_OUT),
            Entry.calendar_id == pace.calendar_id,
        )
    )
    return session.scalar(query) or 0

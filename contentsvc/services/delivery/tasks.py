"""One call to a platform: what is asked, and what each answer makes of the delivery."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.channels import Accepted, PlatformRule, Quota, Rendition
from contentsvc.channels import Channel as OpenChannel
from contentsvc.domain.deliveries import DeliveryStatus, Next, Outcome, next_step
from contentsvc.domain.quotas import QuietHours
from contentsvc.services.delivery.calling import Answer

__all__ = ["Action", "Held", "Pace", "Task", "Verdict", "judge"]

#: How long an unknown outcome rests before it is looked into, by whether the same key twice is one
#: post: the platform may still be working on the call that was given up.
_SETTLE = {True: timedelta(seconds=2), False: timedelta(seconds=30)}
_S = DeliveryStatus


class Action(StrEnum):
    """What a plugin is asked to do."""

    PUBLISH = "publish"
    FIND = "find"
    CHECK = "check"

    @property
    def before(self) -> DeliveryStatus:
        """Return the status in which a delivery is while its plugin is asked."""
        return _BEFORE[self]


_BEFORE = {Action.PUBLISH: _S.SENDING, Action.FIND: _S.UNKNOWN, Action.CHECK: _S.ACCEPTED}


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery as a worker holds it."""

    id: int
    fence: int
    key: str
    status: DeliveryStatus
    notice: str
    due_at: datetime
    next_at: datetime
    useful_until: datetime
    lease_until: datetime | None
    attempt_count: int
    in_doubt: bool
    rendition_hash: str | None
    receipt: dict[str, Any] | None
    calendar_id: int
    #: When the calendar was changed last.
    calendar_updated_at: datetime
    channel_id: int
    channel_name: str
    channel_type: str
    #: When the channel was changed last, and since when it pauses.
    channel_updated_at: datetime
    channel_paused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pace:
    """What holds for one community on one channel."""

    calendar_id: int
    channel_id: int
    zone: ZoneInfo
    quiet: QuietHours | None
    quota: Quota | None
    #: The platform's rule that the quota comes from; None where it comes from elsewhere.
    rule: PlatformRule | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """One call that is to be made within a claim."""

    action: Action
    delivery: Held
    channel: OpenChannel
    rendition: Rendition
    #: None where nothing holds it.
    pace: Pace | None = None

    @property
    def number(self) -> int:
        """Return which attempt this is, 1 for the first; asking afterwards is no new one."""
        return self.delivery.attempt_count + (self.action is Action.PUBLISH)

    def call(self) -> Any:
        """Ask the plugin; whatever it raises passes through."""
        key = self.delivery.key
        if self.action is Action.PUBLISH:
            return self.channel.publish(self.rendition, key=key)
        if self.action is Action.FIND:
            return self.channel.find(self.rendition, key=key, since=self.delivery.due_at)
        return self.channel.check(Accepted(str((self.delivery.receipt or {}).get("token", ""))))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a call made of its delivery."""

    task: Task
    answer: Answer
    #: None: nothing new is known; the dispatcher will have it asked again.
    after: DeliveryStatus | None
    #: What is written to the row with the move.
    values: dict[str, Any]


def judge(task: Task, answer: Answer, now: datetime) -> Verdict:
    """Decide what an answer makes of its delivery."""
    if task.action is Action.PUBLISH:
        return _judge_publish(task, answer, now)
    if answer.outcome is Outcome.PUBLISHED:
        values = _written(answer, Next(_S.PUBLISHED), now) | {"in_doubt": False}
        return Verdict(task, answer, _S.PUBLISHED, values)
    if task.action is Action.FIND and answer.absent:
        step = _not_early(Next(_S.RETRYING, now), task.delivery)
        values = _written(answer, step, now) | {"in_doubt": False}
        return Verdict(task, answer, _S.RETRYING, values)
    if task.action is Action.CHECK and answer.outcome is Outcome.REJECTED:
        return Verdict(task, answer, _S.FAILED, _written(answer, Next(_S.FAILED), now))
    return Verdict(task, answer, None, {})


def _judge_publish(task: Task, answer: Answer, now: datetime) -> Verdict:
    delivery = task.delivery
    step = next_step(
        answer.outcome,
        task.number,
        now=now,
        useful_until=delivery.useful_until,
        retry_after=answer.retry_after,
        jitter=random.random(),  # noqa: S311 - spreads retries, hides nothing
    )
    in_doubt = delivery.in_doubt or answer.outcome is Outcome.UNKNOWN
    if in_doubt and step.status is _S.FAILED:
        # An earlier attempt may be out: refusing this one does not unsay it.
        step = Next(_S.UNKNOWN)
    if step.status is _S.UNKNOWN:
        step = Next(_S.UNKNOWN, now + _SETTLE[task.channel.idempotent])
    values = _written(answer, _not_early(step, delivery), now)
    values["in_doubt"] = in_doubt and answer.outcome is not Outcome.PUBLISHED
    return Verdict(task, answer, step.status, values)


def _not_early(step: Next, delivery: Held) -> Next:
    """Put nothing before its own time, though somebody set the clock back after the first call."""
    at = step.not_before
    return step if at is None else Next(step.status, max(at, delivery.due_at))


def _written(answer: Answer, step: Next, now: datetime) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lease_until": None,
        "claimed_by": None,
        "error": "" if answer.outcome is Outcome.PUBLISHED else answer.words,
        "updated_at": now,
    }
    if step.not_before is not None:
        values["next_at"] = step.not_before
    if answer.receipt is not None:
        values["receipt"] = {"id": answer.receipt.id, "url": answer.receipt.url}
        values["published_at"] = answer.receipt.published_at or now
    if answer.accepted is not None:
        values["receipt"] = {"token": answer.accepted.token}
        values["next_at"] = now + timedelta(seconds=answer.accepted.poll_after)
    if answer.hand_off is not None:
        values["receipt"] = {
            "instructions": dict(answer.hand_off.instructions),
            "url": answer.hand_off.url,
        }
    return values

"""Tasks (plugin calls to be made) and verdicts (the status changes that the results cause)."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from contentsvc.channels import Accepted, Channel, HandOff, Receipt, Rendition
from contentsvc.channels.hosting import publish_part
from contentsvc.config import Config
from contentsvc.domain.deliveries import Action, DeliveryStatus, Outcome, Progress, next_step
from contentsvc.messages import Message
from contentsvc.services.delivery.calling import Answer, Usable, ask
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.delivery.moves import AFRESH
from contentsvc.services.ports import Claim
from contentsvc.services.posting_limits import Pace

__all__ = ["Part", "Task", "Verdict", "judge", "part_key", "time_to_resend"]

#: The values that a channel's method may return, by the action that calls the method.
_USABLE: dict[Action, Usable] = {
    Action.PUBLISH: (Receipt, Accepted, HandOff),
    Action.FIND: (Receipt, Accepted, None),
    Action.POLL: (Receipt, Accepted, HandOff),
}


#: Longest time that a task waits in a worker before its call begins.
_WAIT = timedelta(seconds=10)


def time_to_resend(config: Config) -> timedelta:
    """Return the longest time between deciding to send a key again and the end of the call."""
    return config.call_timeout + _WAIT


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a post that a call publishes or looks up."""

    #: From 1.
    number: int
    count: int
    #: The receipt of the part before it; None for the first part.
    after: Receipt | None = None
    #: The receipt of the first part, as stored; None if this is the first part.
    first: Mapping[str, Any] | None = None

    @property
    def is_last(self) -> bool:
        """Return True if the post is complete after this part."""
        return self.number == self.count


def part_key(delivery_key: str, number: int) -> str:
    """Return the key of a part: the delivery's key for the first part, else a UUID made from it."""
    return delivery_key if number == 1 else str(uuid5(UUID(delivery_key), str(number)))


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A call to a plugin that a worker will make for a claimed delivery."""

    action: Action
    delivery: ClaimedDelivery
    channel: Channel
    rendition: Rendition
    #: The channel type and the platform account, whose rate limits are counted together.
    account: str
    #: The posting limits of the community on this channel; None for no limits.
    pace: Pace | None = None
    #: The part of the post that *rendition* is; None if it is the whole post.
    part: Part | None = None

    @property
    def claim(self) -> Claim:
        """Return the claim (reservation) under which the worker may make this call."""
        return self.delivery.claim

    @property
    def key(self) -> str:
        """Return the key for the platform: the delivery's key, or that of its part."""
        key = self.delivery.key
        return part_key(key, self.part.number) if self.part else key

    @property
    def number(self) -> int:
        """Return the number, from 1, of the publishing attempt that this call makes or looks up."""
        return self.delivery.attempt_count + (self.action is Action.PUBLISH)

    @property
    def call_number(self) -> int:
        """Return the number of this call, from 1, on which the next delay depends."""
        return self.number if self.action is Action.PUBLISH else self.delivery.follow_ups + 1

    def may_double(self, now: datetime, config: Config) -> bool:
        """Return True if publishing could make a second post, because the first may be out already.

        This is so unless the platform still remembers the delivery's key when the call ends.
        """
        delivery, remembered = self.delivery, self.channel.idempotent_for
        if self.action is not Action.PUBLISH or not delivery.in_doubt:
            return False
        if remembered is None or delivery.first_sent_at is None:
            return True
        return now + time_to_resend(config) - delivery.first_sent_at > remembered

    def ask(self) -> Answer:
        """Call the plugin and return the result. Never raises."""
        return ask(self.call, _USABLE[self.action])

    def call(self) -> Any:
        """Call the plugin and return its response. Exceptions of the plugin are not caught."""
        key = self.key
        if self.action is Action.PUBLISH:
            after = self.part.after if self.part else None
            return publish_part(self.channel, self.rendition, key=key, after=after)
        if self.action is Action.FIND:
            return self.channel.find(self.rendition, key=key, since=self.delivery.due_at)
        receipt = self.delivery.receipt or {}
        # A row of an earlier version has no `poll_after`.
        accepted = Accepted(str(receipt.get("token", "")), receipt.get("poll_after", 0.0))
        return self.channel.poll(accepted, self.rendition, key=key)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a call, with the delivery's next status and the columns to write."""

    task: Task
    answer: Answer
    #: The delivery's next status; the present one if the service asks the platform again later.
    after: DeliveryStatus
    #: Columns to write with the status.
    values: dict[str, Any]

    @property
    def is_new(self) -> bool:
        """Return True if the call changes the delivery's status."""
        return self.after is not self.task.action.before


def judge(task: Task, answer: Answer, now: datetime) -> Verdict:
    """Return the verdict on *answer*: the delivery's next status and the columns to write."""
    delivery, channel = task.delivery, task.channel
    accepted = answer.accepted
    step = next_step(
        task.action,
        answer.outcome,
        task.call_number,
        Progress(
            delivery.useful_until,
            in_doubt=delivery.in_doubt,
            parts_out=delivery.parts_out,
            part_count=delivery.part_count,
            poll_until=delivery.poll_until,
        ),
        now=now,
        is_idempotent=channel.idempotent_for is not None,
        wait=accepted.poll_after if accepted else answer.retry_after,
        jitter=random.random(),  # noqa: S311 - not used for security
    )
    is_new = step.status is not task.action.before
    values: dict[str, Any] = {
        "lease_until": None,
        "claimed_by": None,
        "in_doubt": _stays_in_doubt(task, answer.outcome),
        "follow_ups": 0 if is_new or _is_progress(task, answer) else task.call_number,
        "updated_at": now,
    }
    if is_new or task.action is not Action.FIND:
        # A search that settles nothing leaves the reason why the outcome is unknown.
        published = answer.outcome is Outcome.PUBLISHED
        values["error"] = Message.plain("") if published else answer.message
    if step.not_before is not None:
        # Never before the due time, even if somebody set the clock back after the first call.
        values["next_at"] = max(step.not_before, delivery.due_at)
    if step.status is DeliveryStatus.ACCEPTED and delivery.poll_until is None:
        values["poll_until"] = now + channel.poll_for
    values |= _receipt(answer, now)
    if answer.receipt is not None and task.part is not None:
        values |= _after_part(task.part, values["receipt"])
    return Verdict(task, answer, step.status, values)


def _is_progress(task: Task, answer: Answer) -> bool:
    """Return True if a poll got the platform's answer.

    The next failure then counts as a first one. Otherwise one failed poll after many successful
    ones would delay the next by minutes.
    """
    return task.action is Action.POLL and answer.outcome is Outcome.ACCEPTED


def _stays_in_doubt(task: Task, outcome: Outcome) -> bool:
    """Return True if *outcome* leaves it uncertain whether the post was published."""
    delivery = task.delivery
    if outcome is Outcome.PUBLISHED:
        return False
    if task.action is Action.PUBLISH:
        return delivery.in_doubt or outcome in {Outcome.UNKNOWN, Outcome.ABSENT}
    # A search that found nothing ends the doubt, unless the platform has accepted the post, which
    # it may still publish. A platform's refusal of an accepted post does not end it.
    was_searched = task.action is Action.FIND and delivery.poll_until is None
    return delivery.in_doubt and not (was_searched and outcome is Outcome.ABSENT)


def _after_part(part: Part, receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns to write when *part* is published. *receipt* is the part's receipt.

    The receipt of the delivery is that of its first part, to which the others belong.
    """
    values: dict[str, Any] = {"parts_out": part.number, "receipt": part.first or receipt}
    if not part.is_last:
        values |= {"attempt_count": 0, "published_at": None, **AFRESH}
    return values


def _receipt(answer: Answer, now: datetime) -> dict[str, Any]:
    """Return the columns that store the receipt in *answer*. There are none without a receipt."""
    if answer.receipt is not None:
        receipt = {"id": answer.receipt.id, "url": answer.receipt.url}
        if answer.raw_id:
            receipt["raw_id"] = answer.raw_id
        return {"receipt": receipt, "published_at": answer.receipt.published_at or now}
    if answer.accepted is not None:
        accepted = answer.accepted
        return {"receipt": {"token": accepted.token, "poll_after": accepted.poll_after}}
    if answer.hand_off is not None:
        hand_off = answer.hand_off
        instructions = dict(hand_off.instructions)
        return {"receipt": {"instructions": instructions, "url": hand_off.url}}
    return {}

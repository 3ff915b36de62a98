"""Tasks (calls to plugins to be made) and verdicts (the status changes that results cause)."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contentsvc.channels import Accepted, Channel, Rendition
from contentsvc.domain.deliveries import Action, DeliveryStatus, Next, Outcome, next_step
from contentsvc.messages import Message
from contentsvc.services.delivery.calling import Answer, ask
from contentsvc.services.delivery.claims import ClaimedDelivery
from contentsvc.services.ports import Claim
from contentsvc.services.posting_limits import Pace

__all__ = ["Task", "Verdict", "judge"]


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """A call to a plugin that a worker is to make for a claimed delivery."""

    action: Action
    delivery: ClaimedDelivery
    channel: Channel
    rendition: Rendition
    #: The channel type and the platform account, whose rate limits are counted together.
    account: str
    #: The posting limits of the community on this channel; None for no limits.
    pace: Pace | None = None

    @property
    def claim(self) -> Claim:
        """Return the claim (reservation) that permits the worker to make this call."""
        return self.delivery.claim

    @property
    def number(self) -> int:
        """Return the number, from 1, of the attempt to publish that this call makes or looks up."""
        return self.delivery.attempt_count + (self.action is Action.PUBLISH)

    def ask(self) -> Answer:
        """Call the plugin and return the result; never raises."""
        return ask(self.call, may_be_absent=self.action is Action.FIND)

    def call(self) -> Any:
        """Call the plugin and return its response; exceptions of the plugin are not caught."""
        key = self.delivery.key
        if self.action is Action.PUBLISH:
            return self.channel.publish(self.rendition, key=key)
        if self.action is Action.FIND:
            return self.channel.find(self.rendition, key=key, since=self.delivery.due_at)
        return self.channel.check(Accepted(str((self.delivery.receipt or {}).get("token", ""))))


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result of a call, and its effect: the delivery's next status and the columns to write."""

    task: Task
    answer: Answer
    #: The delivery's next status; None if the delivery does not change.
    after: DeliveryStatus | None
    #: Columns to write with the status.
    values: dict[str, Any]


def judge(task: Task, answer: Answer, now: datetime) -> Verdict:
    """Return a verdict: the delivery's next status and columns, given *answer* to the call."""
    delivery = task.delivery
    step = next_step(
        task.action,
        answer.outcome,
        task.number,
        now=now,
        useful_until=delivery.useful_until,
        in_doubt=delivery.in_doubt,
        is_idempotent=task.channel.idempotent,
        retry_after=answer.retry_after,
        jitter=random.random(),  # noqa: S311 - not used for security
    )
    if step is None:
        return Verdict(task, answer, None, {})
    values = _written(answer, step, delivery, now)
    values["in_doubt"] = _stays_in_doubt(task, answer.outcome)
    return Verdict(task, answer, step.status, values)


def _stays_in_doubt(task: Task, outcome: Outcome) -> bool:
    """Return True if it is uncertain, even after *outcome*, whether the post was published."""
    if outcome is Outcome.PUBLISHED:
        return False
    if task.action is Action.PUBLISH:
        return task.delivery.in_doubt or outcome in {Outcome.UNKNOWN, Outcome.ABSENT}
    # A search that found nothing ends the doubt; a platform's refusal of an accepted post does not.
    return task.delivery.in_doubt and outcome is not Outcome.ABSENT


def _written(
    answer: Answer, step: Next, delivery: ClaimedDelivery, now: datetime
) -> dict[str, Any]:
    values: dict[str, Any] = {
        "lease_until": None,
        "claimed_by": None,
        "error": Message.plain("") if answer.outcome is Outcome.PUBLISHED else answer.message,
        "updated_at": now,
    }
    if step.not_before is not None:
        # Never before the due time, even if somebody set the clock back after the first call.
        values["next_at"] = max(step.not_before, delivery.due_at)
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

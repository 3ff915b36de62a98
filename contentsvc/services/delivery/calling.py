"""Calls a plugin, and converts its return value or exception to an `Answer`."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.channels.hosting import masked_hand_off, masked_receipt, verify_answer
from contentsvc.domain.deliveries import Outcome
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
    seconds_to_wait,
)
from contentsvc.masking import KNOWN
from contentsvc.messages import Message, Parameter, text_of

__all__ = ["Answer", "Usable", "ask"]

#: Classes of values that a method of a channel may return, and None if it may return None.
Usable = tuple[type[Receipt] | type[Accepted] | type[HandOff] | None, ...]

logger = logging.getLogger(__name__)

_NONE = Message.plain("")

#: Most characters of a platform's message that are stored.
_MOST_CHARACTERS = 2000
#: Larger numbers are stored as text: Python refuses to write an integer of more than 4,300 digits.
_GREATEST_NUMBER = 2**63

_OUTCOMES: tuple[tuple[type[PublishError], Outcome], ...] = (
    (RateLimitedError, Outcome.RATE_LIMITED),
    (TemporaryError, Outcome.TEMPORARY),
    (RejectedError, Outcome.REJECTED),
    (ChannelAuthError, Outcome.AUTH),
    (OutcomeUnknownError, Outcome.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one call to a plugin, from its return value or its exception."""

    outcome: Outcome
    receipt: Receipt | None = None
    accepted: Accepted | None = None
    hand_off: HandOff | None = None
    #: The platform's message, or the reason of a failure; empty if there is neither.
    message: Message = _NONE
    #: Seconds that the platform asks to wait.
    retry_after: float | None = None
    #: The platform's id of the post, if `receipt` has it with a secret masked; empty otherwise.
    raw_id: str = ""


def ask(call: Callable[[], Any], usable: Usable = (Receipt, Accepted, HandOff)) -> Answer:
    """Call a plugin and return the result. Never raises, whatever the plugin does.

    If the plugin raises an exception that is not a PublishError, or returns an unusable value, the
    outcome is unknown, since the post may be out. *usable* lists the classes of usable values. If
    it contains None, the value None means that the platform does not have the post.
    """
    try:
        return _result_of(call(), usable)
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too
        return _failure(error)


def _failure(error: BaseException) -> Answer:
    try:
        if isinstance(error, PublishError):
            wait = error.retry_after
            seconds = None if wait is None else seconds_to_wait("retry_after", wait)
            return Answer(_outcome(error), message=_clean(error.message), retry_after=seconds)
        logger.error(
            "A plugin failed while publishing", exc_info=error, extra={"action": "plugin_failed"}
        )
        reason = text_of(error)
    except Exception:
        # An error of the plugin's own class, with attributes that cannot be read.
        logger.exception("A plugin's error cannot be read", extra={"action": "plugin_failed"})
        reason = ""
    message = Message("attempt-plugin-failed", kind=type(error).__name__, text=reason)
    return Answer(Outcome.UNKNOWN, message=_clean(message))


def _result_of(value: object, usable: Usable) -> Answer:
    if value is None and None in usable:
        return Answer(Outcome.ABSENT, message=Message("attempt-absent"))
    try:
        answer = verify_answer(value, tuple(kind for kind in usable if kind is not None))
    except Exception as error:  # noqa: BLE001 - the value may be of the plugin's own class
        reason = text_of(error)
        logger.warning(
            "A plugin's response cannot be used: %s", reason, extra={"action": "plugin_failed"}
        )
        message = Message("attempt-odd-response", reason=reason)
        return Answer(Outcome.UNKNOWN, message=_clean(message))
    match answer:
        case Receipt():
            masked = masked_receipt(answer)
            raw_id = answer.id if masked.id != answer.id else ""
            return Answer(Outcome.PUBLISHED, receipt=masked, raw_id=raw_id)
        case Accepted():
            return Answer(Outcome.ACCEPTED, accepted=answer)
        case HandOff():
            return Answer(Outcome.HANDED_OFF, hand_off=masked_hand_off(answer))


def _clean(message: Message) -> Message:
    """Return a copy of *message* that a database can store: texts are cut, values are plain."""
    if not isinstance(message, Message):
        return Message.plain(_clean_text(text_of(message)))
    params = {name: _clean_parameter(value) for name, value in message.params.items()}
    return Message(_clean_text(message.code), **params)


def _clean_parameter(value: object) -> Parameter:
    if isinstance(value, Message):
        return _clean(value)
    if isinstance(value, list | tuple):
        return [_clean_text(text_of(part)) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int | float) and abs(value) < _GREATEST_NUMBER:
        return value
    return _clean_text(text_of(value))


def _clean_text(text: str) -> str:
    """Mask the secrets in *text*, cut it, and remove characters that a database refuses."""
    return KNOWN.text(text)[:_MOST_CHARACTERS].replace("\0", "").encode("utf-8", "replace").decode()


def _outcome(error: PublishError) -> Outcome:
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return Outcome.UNKNOWN

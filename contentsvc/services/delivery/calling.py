"""Call a plugin, and turn its return value or exception into an `Answer`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from contentsvc.channels import Accepted, HandOff, Receipt
from contentsvc.domain.deliveries import Outcome
from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)
from contentsvc.messages import Message, Parameter

__all__ = ["Answer", "ask"]

logger = logging.getLogger(__name__)

_NONE = Message.plain("")

#: Most characters of a platform's message that are stored.
_MOST_CHARACTERS = 2000

_OUTCOMES: tuple[tuple[type[PublishError], Outcome], ...] = (
    (RateLimitedError, Outcome.RATE_LIMITED),
    (TemporaryError, Outcome.TEMPORARY),
    (RejectedError, Outcome.REJECTED),
    (ChannelAuthError, Outcome.AUTH),
    (OutcomeUnknownError, Outcome.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one call to a plugin, made from its return value or its exception."""

    outcome: Outcome
    receipt: Receipt | None = None
    accepted: Accepted | None = None
    hand_off: HandOff | None = None
    #: The platform's message, or the reason of a failure; empty if there is neither.
    message: Message = _NONE
    #: Seconds that the platform asks to wait.
    retry_after: float | None = None


def ask(call: Callable[[], Any]) -> Answer:
    """Run *call*, a call to a plugin, and return its result, also if it raises an exception.

    An exception that is not a PublishError gives an unknown outcome, since the post may be out.
    """
    try:
        value = call()
    except PublishError as error:
        message = _clean(error.message)
        return Answer(_outcome(error), message=message, retry_after=error.retry_after)
    except BaseException as error:
        logger.exception("A plugin failed while publishing", extra={"action": "plugin_failed"})
        reason = Message("attempt-plugin-failed", kind=type(error).__name__, text=str(error))
        return Answer(Outcome.UNKNOWN, message=_clean(reason))
    return _result_of(value)


def _result_of(value: object) -> Answer:
    match value:
        case Receipt():
            return Answer(Outcome.PUBLISHED, receipt=value)
        case Accepted():
            return Answer(Outcome.ACCEPTED, accepted=value)
        case HandOff():
            return Answer(Outcome.HANDED_OFF, hand_off=value)
        case None:
            return Answer(Outcome.ABSENT, message=Message("attempt-absent"))
    kind = type(value).__name__
    return Answer(Outcome.UNKNOWN, message=Message("attempt-odd-response", kind=kind))


def _clean(message: Message) -> Message:
    """Return a copy of *message* with texts cut to 2000 characters and without NUL characters.

    Databases may refuse NUL and lone surrogates; the latter become question marks.
    """
    params = {name: _clean_parameter(value) for name, value in message.params.items()}
    return Message(message.code, **params)


def _clean_parameter(value: Parameter) -> Parameter:
    if isinstance(value, Message):
        return _clean(value)
    if isinstance(value, str):
        return value[:_MOST_CHARACTERS].replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list | tuple):
        return [str(_clean_parameter(part)) for part in value]
    return value


def _outcome(error: PublishError) -> Outcome:
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return Outcome.UNKNOWN

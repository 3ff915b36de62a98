"""Asking a plugin, and naming what came of it."""

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

__all__ = ["Answer", "ask"]

logger = logging.getLogger(__name__)

#: Characters of a platform's words that are kept.
_MOST_WORDS = 2000

_OUTCOMES: tuple[tuple[type[PublishError], Outcome], ...] = (
    (RateLimitedError, Outcome.RATE_LIMITED),
    (TemporaryError, Outcome.TEMPORARY),
    (RejectedError, Outcome.REJECTED),
    (ChannelAuthError, Outcome.AUTH),
    (OutcomeUnknownError, Outcome.UNKNOWN),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a plugin answered, or how it failed."""

    outcome: Outcome
    receipt: Receipt | None = None
    accepted: Accepted | None = None
    hand_off: HandOff | None = None
    #: The platform's words.
    words: str = ""
    #: Seconds.
    retry_after: float | None = None


def ask(call: Callable[[], Any]) -> Answer:
    """Call a plugin and name the outcome; nothing is raised.

    Every exception that is no PublishError is an unknown outcome: it may have been published.
    """
    try:
        value = call()
    except PublishError as error:
        return Answer(_outcome(error), words=_clean(str(error)), retry_after=error.retry_after)
    except BaseException as error:
        logger.exception("A plugin failed while publishing", extra={"action": "plugin_failed"})
        return Answer(Outcome.UNKNOWN, words=_clean(f"{type(error).__name__}: {error}"))
    return _named(value)


def _named(value: object) -> Answer:
    match value:
        case Receipt():
            return Answer(Outcome.PUBLISHED, receipt=value)
        case Accepted():
            return Answer(Outcome.ACCEPTED, accepted=value)
        case HandOff():
            return Answer(Outcome.HANDED_OFF, hand_off=value)
        case None:
            return Answer(Outcome.ABSENT, words="it is not there")
    return Answer(Outcome.UNKNOWN, words=f"the plugin answered with a {type(value).__name__}")


def _clean(words: str) -> str:
    """Return a platform's words so that every database takes them."""
    return words[:_MOST_WORDS].replace("\0", "").encode("utf-8", "replace").decode()


def _outcome(error: PublishError) -> Outcome:
    for kind, outcome in _OUTCOMES:
        if isinstance(error, kind):
            return outcome
    return Outcome.UNKNOWN

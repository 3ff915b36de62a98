"""A platform's answer, and what its status says of the post."""

from __future__ import annotations

import json as jsonlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from contentsvc.errors import (
    ChannelAuthError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    TemporaryError,
)
from contentsvc.messages import Message

__all__ = ["Response", "raise_for_status"]

#: Seconds; a platform that asks for more than a week means never, or something else.
_LONGEST_WAIT = 7 * 24 * 3600.0
#: A platform's words are kept up to this length.
MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole."""

    status: int
    #: Names in lower case.
    headers: Mapping[str, str]
    body: bytes
    #: What of the request must not be shown when the platform echoes it.
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """Return the body as UTF-8 text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the parsed body.

        Raises:
            OutcomeUnknownError: it is no JSON; a gateway answered in the platform's place.
        """
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutcomeUnknownError(
                "response-not-json", status=self.status, text=_words(self, ())
            ) from error


def raise_for_status(response: Response, *, secrets: Iterable[str] = ()) -> Response:
    """Return *response* where its status is 2xx, else raise what the status means.

    The platform's words are kept, up to 500 characters, without what looks like a secret of the
    request and without *secrets*.

    Raises:
        ChannelAuthError: 401, 403.
        RateLimitedError: 429, with the seconds of Retry-After.
        TemporaryError: 408, 425 and 503: by RFC 9110 and 8470 the request was not worked on.
        OutcomeUnknownError: any other 5xx.
        RejectedError: 3xx and any other 4xx.
    """
    status = response.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return response
    message = Message("platform-status", status=status, text=_words(response, secrets))
    wait = _retry_after(response)
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        raise RejectedError("platform-redirects", status=status)
    if status in {401, 403}:
        raise ChannelAuthError(message)
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        raise RateLimitedError(message, retry_after=wait)
    if status in {408, 425, 503}:
        raise TemporaryError(message, retry_after=wait)
    if 400 <= status < 500:  # noqa: PLR2004 - the class of client errors
        raise RejectedError(message)
    raise OutcomeUnknownError(message, retry_after=wait)


def _words(response: Response, secrets: Iterable[str]) -> str:
    text = " ".join(response.text.split())
    hidden = {secret for secret in secrets if secret} | set(response.secrets)
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text if len(text) <= MOST_WORDS else text[: MOST_WORDS - 1] + "…"


def _retry_after(response: Response) -> float | None:
    """Read Retry-After: seconds (some platforms give fractions) or an HTTP date."""
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return min(max(0.0, seconds), _LONGEST_WAIT) if math.isfinite(seconds) else None

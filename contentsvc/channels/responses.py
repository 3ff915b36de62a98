"""Response, a platform's HTTP response, and a function that raises an error for its status."""

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

#: Characters of a platform's response that a message shows.
MOST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Response:
    """A platform's complete HTTP response."""

    status: int
    #: Values by name in lower case.
    headers: Mapping[str, str]
    body: bytes
    #: Parts of the request that must not be shown if the platform echoes them.
    secrets: tuple[str, ...] = field(default=(), repr=False)
    #: The statuses by which the platform promises that it did nothing (`Channel.refusals`).
    refusals: frozenset[int] = frozenset()

    @property
    def text(self) -> str:
        """The body as text. Invalid UTF-8 becomes U+FFFD."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body parsed as JSON.

        Raises:
            OutcomeUnknownError: the body is not JSON, as when a gateway responds for the platform.
        """
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise OutcomeUnknownError(
                "response-not-json", status=self.status, text=_shown(self, ())
            ) from error


def raise_for_status(response: Response, *, secrets: Iterable[str] = ()) -> Response:
    """Return *response* if its status is 2xx, else raise the publishing error for its status.

    The error shows up to 500 characters of the response, in which *secrets* and the secrets of the
    request are masked.

    Raises:
        ChannelAuthError: 401, 403.
        RateLimitedError: 429, with the seconds of Retry-After.
        TemporaryError: 425 (the platform has not processed the request, RFC 8470), and each status
            in the channel's `refusals`.
        OutcomeUnknownError: 408 and any other 5xx, because a gateway may send them although the
            application behind it has acted.
        RejectedError: 3xx and any other 4xx.
    """
    status = response.status
    if 200 <= status < 300:  # noqa: PLR2004 - the class of success
        return response
    message = Message("platform-status", status=status, text=_shown(response, secrets))
    wait = _retry_after(response)
    if 300 <= status < 400:  # noqa: PLR2004 - the class of redirects
        raise RejectedError("platform-redirects", status=status)
    if status in {401, 403}:
        raise ChannelAuthError(message)
    if status == 429:  # noqa: PLR2004 - Too Many Requests
        raise RateLimitedError(message, retry_after=wait)
    if status == 425 or status in response.refusals:  # noqa: PLR2004 - Too Early
        raise TemporaryError(message, retry_after=wait)
    if 400 <= status < 500 and status != 408:  # noqa: PLR2004 - client errors; Request Timeout
        raise RejectedError(message)
    raise OutcomeUnknownError(message, retry_after=wait)


def _shown(response: Response, secrets: Iterable[str]) -> str:
    text = " ".join(response.text.split())
    hidden = {secret for secret in secrets if secret} | set(response.secrets)
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - 1] + "…"


def _retry_after(response: Response) -> float | None:
    """Return the seconds to wait by the header Retry-After; None if it is absent or invalid.

    The header has a number of seconds or an HTTP date.
    """
    value = response.headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        seconds = (at - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None

"""FakeResponse and Chaos: what a fake platform sends, and how sending fails."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Self

__all__ = ["Chaos", "FakeResponse"]


@dataclass(frozen=True, slots=True)
class FakeResponse:
    """A response that FakePlatform sends, or the way in which it fails to send one."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Seconds before the platform responds.
    delay: float = 0.0
    #: Reset the connection after reading the request, without a response.
    drop: bool = False
    #: Announce twice the length of the body and close the connection after it.
    truncate: bool = False

    @classmethod
    def json(cls, value: object, status: int = 200, **headers: str) -> Self:
        """Return a response with *value* as JSON. Chinese is not escaped."""
        body = jsonlib.dumps(value, ensure_ascii=False).encode()
        return cls(status, body, {"Content-Type": "application/json", **headers})


@dataclass(frozen=True, slots=True)
class Chaos:
    """A fault of a platform: how the response fails, and whether the request was accepted.

    Create it with one of the class methods. The platform handles the request before the fault,
    unless *accepts* is false; then the route's handler does not run.
    """

    name: str
    #: Returns what is sent in place of the handler's response.
    change: Callable[[FakeResponse], FakeResponse] = field(repr=False)
    accepts: bool = True

    def __str__(self) -> str:
        return self.name if self.accepts else f"{self.name}, before it accepted anything"

    @classmethod
    def drop(cls, *, accepts: bool = True) -> Self:
        """Reset the connection instead of responding."""
        name = "the platform dropped the connection"
        return cls(name, lambda response: replace(response, drop=True), accepts)

    @classmethod
    def hang(cls, seconds: float = 30.0, *, accepts: bool = True) -> Self:
        """Respond only after *seconds* seconds, so that the client times out first."""
        name = "the platform did not respond in time"
        return cls(name, lambda response: replace(response, delay=seconds), accepts)

    @classmethod
    def half(cls, *, accepts: bool = True) -> Self:
        """Send a part of the response, then close the connection."""
        name = "the platform sent half a response"
        return cls(name, lambda response: replace(response, truncate=True), accepts)

    @classmethod
    def fail(
        cls, status: int = 503, *, retry_after: float | None = None, accepts: bool = True
    ) -> Self:
        """Send *status* (408 or 5xx) with the HTML page of a gateway."""
        failed = _page(status, retry_after)
        return cls(f"the platform sent the status {status}", lambda _: failed, accepts)

    @classmethod
    def html(cls, *, accepts: bool = True) -> Self:
        """Send an HTML page with the status 200, as a proxy between client and platform may do."""
        page = _page(200, None)
        return cls("a proxy sent an HTML page with the status 200", lambda _: page, accepts)

    @classmethod
    def too_many(cls, retry_after: float | None = None) -> Self:
        """Refuse with status 429. *retry_after*, in seconds, is sent as the header Retry-After."""
        refusal = _page(429, retry_after)
        return cls("the platform sent the status 429", lambda _: refusal, accepts=False)


def _page(status: int, retry_after: float | None) -> FakeResponse:
    headers = {"Content-Type": "text/html"}
    if retry_after is not None:
        headers["Retry-After"] = f"{retry_after:g}"
    return FakeResponse(status, b"<html><body>Gateway</body></html>", headers)

"""The one way out: a call that ends in an answer or in a precise error."""

from __future__ import annotations

import base64
import json as jsonlib
import re
import ssl
from collections.abc import Iterable, Mapping
from contextlib import closing
from functools import cache
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import httpcore
import httpx

from contentsvc.channels.network import GuardedBackend, PrivateAddressError
from contentsvc.channels.responses import Response
from contentsvc.errors import OutcomeUnknownError, PublishError, RejectedError, TemporaryError
from contentsvc.messages import Message

__all__ = ["HttpClient"]

#: An answer beyond this is not one that a publishing API gives.
MOST_ANSWER_BYTES = 1024 * 1024

_SECRET_HEADER = re.compile(r"auth|token|key|secret|cookie|signature", re.IGNORECASE)
#: Shorter values mask half the message; no platform gives a secret of so few characters.
_SHORTEST_SECRET = 6
#: A path segment of this length is a token (Telegram, Slack, Discord put theirs there).
_TOKEN_SEGMENT = 16


class HttpClient:
    """Calls platforms, and turns trouble on the way into the errors that channels raise.

    Redirects are not followed and proxies of the environment are not used, so that a call goes
    where the channel's settings say. Safe to share between threads.
    """

    def __init__(self, seconds: float = 30.0, *, user_agent: str = "contentsvc") -> None:
        """Set the time for one whole call: look-up, connection, sending and answer."""
        self._seconds = seconds
        self._user_agent = user_agent

    def request(
        self,
        method: str,
        url: str,
        *,
        content: bytes = b"",
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        allow_private: bool = False,
    ) -> Response:
        """Call once and return the answer, whatever its status.

        *json*, where it is not None, is sent in the place of *content*. Addresses of private
        networks and of this machine are refused unless *allow_private*.

        Raises:
            TemporaryError: nothing was sent: no such name, refused, no connection in time.
            RejectedError: nothing was sent: the address is private or is no http address.
            OutcomeUnknownError: the request began and no whole answer came.
        """
        where = _checked_host(url)
        backend = GuardedBackend(self._seconds, allow_private=allow_private)
        if json is not None:
            content = jsonlib.dumps(json, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        try:
            return self._send(backend, method, url, content, headers or {})
        except PrivateAddressError:
            raise RejectedError("address-is-private", host=where) from None
        except _TooLargeError:
            raise OutcomeUnknownError(
                "response-too-large", host=where, most=MOST_ANSWER_BYTES
            ) from None
        except (httpcore.LocalProtocolError, httpx.InvalidURL, ValueError) as error:
            if backend.began:
                raise _transport_error(where, error, began=True) from None
            raise RejectedError("request-not-http", host=where) from None
        except _TRANSPORT as error:
            raise _transport_error(where, error, began=backend.began) from None

    def _send(
        self,
        backend: GuardedBackend,
        method: str,
        url: str,
        content: bytes,
        headers: Mapping[str, str],
    ) -> Response:
        target = httpx.URL(url)
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=target.raw_scheme,
                host=target.raw_host,
                port=target.port,
                target=target.raw_path,
            ),
            headers=self._headers(method, target, content, headers),
            content=content,
        )
        # Each call has a connection of its own: an idle one that the other side has just closed
        # would make an unknown outcome out of a call that never reached anybody.
        with (
            httpcore.HTTPConnection(
                request.url.origin, ssl_context=_trusted(), network_backend=backend
            ) as connection,
            closing(connection.handle_request(request)) as answer,
        ):
            names = _plain(answer.headers)
            body = _read(answer, names)
            return Response(answer.status, names, body, _secrets(url, headers))

    def _headers(
        self, method: str, target: httpx.URL, content: bytes, headers: Mapping[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return the request's headers; those that are given stand before our own."""
        host = target.netloc.decode("ascii")
        own = {"Host": host, "User-Agent": self._user_agent, "Accept": "*/*"}
        own |= {"Accept-Encoding": "identity", "Connection": "close"}
        if content or method.upper() not in {"GET", "HEAD", "DELETE", "OPTIONS"}:
            own["Content-Length"] = str(len(content))
        if target.username or target.password:
            pair = f"{target.username}:{target.password}".encode()
            own["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        given = {name.lower() for name in headers}
        kept = {name: value for name, value in own.items() if name.lower() not in given}
        both = (*kept.items(), *headers.items())
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in both]


_TRANSPORT = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpx.HTTPError,
)


class _TooLargeError(Exception):
    pass


@cache
def _trusted() -> ssl.SSLContext:
    """Return the trusted authorities; reading them takes tens of milliseconds, so once."""
    return ssl.create_default_context(cafile=certifi.where())


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return an answer's headers, names in lower case, what comes twice joined by commas."""
    plain: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), _text(raw_value)
        plain[name] = f"{plain[name]}, {value}" if name in plain else value
    return plain


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        # What is not UTF-8 is what RFC 9110 once had all headers be.
        return value.decode("iso-8859-1")


def _read(answer: httpcore.Response, headers: Mapping[str, str]) -> bytes:
    parts = bytearray()
    for part in _parts(answer, headers):
        parts += part
        if len(parts) > MOST_ANSWER_BYTES:
            raise _TooLargeError
    return bytes(parts)


def _parts(answer: httpcore.Response, headers: Mapping[str, str]) -> Iterable[bytes]:
    """Give the body as it comes, unpacked where the platform packed what nobody asked it to."""
    stream = answer.iter_stream()
    if "content-encoding" not in headers:
        return stream
    return httpx.Response(answer.status, headers=answer.headers, content=stream).iter_bytes()


def _checked_host(url: str) -> str:
    """Return the host and port for messages: path and query may hold secrets."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise RejectedError("address-not-http")
    return f"{host}:{port}" if port else host


def _transport_error(where: str, error: Exception, *, began: bool) -> PublishError:
    given = error.args[0] if error.args else ""
    reason = given if isinstance(given, Message) else str(error) or type(error).__name__
    if began:
        return OutcomeUnknownError("platform-gave-no-response", host=where, reason=reason)
    return TemporaryError("platform-not-reached", host=where, reason=reason)


def _secrets(url: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    parts = urlsplit(url)
    pieces = [piece.partition("=")[2] for piece in parts.query.split("&")]
    pieces += [segment for segment in parts.path.split("/") if len(segment) >= _TOKEN_SEGMENT]
    pieces += [parts.username or "", parts.password or ""]
    for name, value in headers.items():
        if _SECRET_HEADER.search(name):
            pieces += [value, *value.split()]
    pieces += [unquote(piece) for piece in pieces]
    wanted = {piece for piece in pieces if len(piece) >= _SHORTEST_SECRET}
    return tuple(sorted(wanted, key=len, reverse=True))

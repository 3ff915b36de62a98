"""HttpClient, with which channels call platforms."""

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

#: The largest response, in bytes; no publishing API sends more.
MOST_RESPONSE_BYTES = 1024 * 1024

_SECRET_HEADER = re.compile(r"auth|token|key|secret|cookie|signature", re.IGNORECASE)
#: Characters. Masking shorter values would mask ordinary text; no platform has such short secrets.
_SHORTEST_SECRET = 6
#: A path segment of at least so many characters is a token, as of Telegram, Slack and Discord.
_TOKEN_SEGMENT = 16


class HttpClient:
    """The HTTP client with which channels call platforms. Network faults raise a PublishError.

    It follows no redirects and ignores the environment's proxies, so that a call reaches only the
    address in the channel's settings. Threads can share a client.
    """

    def __init__(
        self,
        seconds: float = 30.0,
        *,
        user_agent: str = "contentsvc",
        refusals: frozenset[int] = frozenset(),
    ) -> None:
        """Create a client. Each call takes at most *seconds*, including name lookup and response.

        *refusals* are the statuses with which the platform promises that it did nothing. The client
        adds them to each response.
        """
        self._seconds = seconds
        self._user_agent = user_agent
        self._refusals = refusals

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
        """Send one request and return the response. Statuses such as 404 raise no error.

        *json* is sent instead of *content* if it is not None. Addresses of private networks and of
        this machine are refused unless *allow_private* is true.

        Raises:
            TemporaryError: nothing was sent: the name is unknown, or the connection was refused or
                timed out.
            RejectedError: nothing was sent: the address is private or does not use HTTP.
            OutcomeUnknownError: sending began, but no complete response arrived.
        """
        host = _checked_host(url)
        backend = GuardedBackend(self._seconds, allow_private=allow_private)
        if json is not None:
            content = jsonlib.dumps(json, ensure_ascii=False).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        try:
            return self._send(backend, method, url, content, headers or {})
        except PrivateAddressError:
            raise RejectedError("address-is-private", host=host) from None
        except _TooLargeError:
            raise OutcomeUnknownError(
                "response-too-large", host=host, most=MOST_RESPONSE_BYTES
            ) from None
        except (httpcore.LocalProtocolError, httpx.InvalidURL, ValueError) as error:
            if backend.began:
                raise _transport_error(host, error, began=True) from None
            raise RejectedError("request-not-http", host=host) from None
        except _TRANSPORT as error:
            raise _transport_error(host, error, began=backend.began) from None

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
        # Connections are not reused: if the platform has just closed an idle connection, a call
        # that never arrived would end in an unknown outcome.
        with (
            httpcore.HTTPConnection(
                request.url.origin, ssl_context=_trusted(), network_backend=backend
            ) as connection,
            closing(connection.handle_request(request)) as response,
        ):
            received = _plain(response.headers)
            body = _read(response, received)
            secrets = _secrets(url, headers)
            return Response(response.status, received, body, secrets, self._refusals)

    def _headers(
        self, method: str, target: httpx.URL, content: bytes, headers: Mapping[str, str]
    ) -> list[tuple[bytes, bytes]]:
        """Return the headers of a request. *headers* override the client's default ones."""
        host = target.netloc.decode("ascii")
        own = {"Host": host, "User-Agent": self._user_agent, "Accept": "*/*"}
        own |= {"Accept-Encoding": "identity", "Connection": "close"}
        if content or method.upper() not in {"GET", "HEAD", "DELETE", "OPTIONS"}:
            own["Content-Length"] = str(len(content))
        if target.username or target.password:
            pair = f"{target.username}:{target.password}".encode()
            own["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        overridden = {name.lower() for name in headers}
        own = {name: value for name, value in own.items() if name.lower() not in overridden}
        both = (*own.items(), *headers.items())
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
    """Return a cached TLS context that trusts certifi's certificate authorities."""
    return ssl.create_default_context(cafile=certifi.where())


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name. Repeated headers are joined by commas."""
    plain: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("ascii").lower(), _text(raw_value)
        plain[name] = f"{plain[name]}, {value}" if name in plain else value
    return plain


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        # RFC 9110 once defined all headers as ISO 8859-1.
        return value.decode("iso-8859-1")


def _read(response: httpcore.Response, headers: Mapping[str, str]) -> bytes:
    parts = bytearray()
    for part in _parts(response, headers):
        parts += part
        if len(parts) > MOST_RESPONSE_BYTES:
            raise _TooLargeError
    return bytes(parts)


def _parts(response: httpcore.Response, headers: Mapping[str, str]) -> Iterable[bytes]:
    """Return an iterator over the response's body. A compressed body is decompressed."""
    stream = response.iter_stream()
    if "content-encoding" not in headers:
        return stream
    return httpx.Response(response.status, headers=response.headers, content=stream).iter_bytes()


def _checked_host(url: str) -> str:
    """Return the host and port of *url*, for error messages. The rest could contain secrets.

    Raises:
        RejectedError: the address does not use HTTP.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    if parts.scheme not in {"http", "https"} or not host:
        raise RejectedError("address-not-http")
    return f"{host}:{port}" if port else host


def _transport_error(host: str, error: Exception, *, began: bool) -> PublishError:
    detail = error.args[0] if error.args else ""
    reason = detail if isinstance(detail, Message) else str(error) or type(error).__name__
    if began:
        return OutcomeUnknownError("platform-gave-no-response", host=host, reason=reason)
    return TemporaryError("platform-not-reached", host=host, reason=reason)


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

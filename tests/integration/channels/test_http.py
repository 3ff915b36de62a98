"""Tests of the HTTP client against a real server: each fault raises its error."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from contentsvc.channels import (
    ChannelAuthError,
    HttpClient,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    Response,
    TemporaryError,
    raise_for_status,
)
from contentsvc.channels.testing import FakePlatform, FakeResponse


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform() as platform:
        yield platform


def call(url: str, seconds: float = 2.0, **options: object) -> Response:
    return HttpClient(seconds).request("POST", url, **{"allow_private": True, **options})  # type: ignore[arg-type]


def test_a_call_brings_the_answer_back(platform: FakePlatform) -> None:
    """The request is sent unchanged; the response has status, lower-case headers and body."""
    platform.response = FakeResponse(201, '{"名": 1}'.encode(), {"X-Id": "7"})

    response = call(f"{platform.url}/p?a=1", json={"文": "好"}, headers={"X-Own": "yes"})

    (request,) = platform.requests
    assert (response.status, response.headers["x-id"]) == (201, "7")
    assert response.json() == {"名": 1}
    assert (request.method, request.path) == ("POST", "/p?a=1")
    assert request.body == '{"文": "好"}'.encode()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-own"] == "yes"
    assert request.headers["user-agent"] == "contentsvc"


def test_each_call_has_a_connection_of_its_own(platform: FakePlatform) -> None:
    """Connections are not reused, so a closed idle connection causes no unknown outcome."""
    client = HttpClient(2)
    for _ in range(3):
        client.request("GET", platform.url, allow_private=True)

    assert len(platform.requests) == 3


def test_headers_that_are_given_stand_before_our_own(platform: FakePlatform) -> None:
    """A channel's headers override the client's; a user in the URL becomes Basic credentials."""
    url = platform.url.replace("://", "://us%40er:pass@")

    call(url, content=b"12345", headers={"user-agent": "robot"})

    (request,) = platform.requests
    assert request.headers["user-agent"] == "robot"
    assert request.headers["host"] == platform.url.removeprefix("http://")
    assert request.headers["content-length"] == "5"
    assert request.headers["authorization"] == "Basic dXNAZXI6cGFzcw=="


def test_a_packed_answer_is_unpacked(platform: FakePlatform) -> None:
    """A compressed response is decompressed, even if the client did not ask for compression."""
    platform.response = FakeResponse(200, gzip.compress(b'{"ok": 1}'), {"Content-Encoding": "gzip"})

    assert call(platform.url).json() == {"ok": 1}


def test_what_is_no_gzip_is_an_unknown_outcome(platform: FakePlatform) -> None:
    """A response that cannot be decompressed raises OutcomeUnknownError."""
    platform.response = FakeResponse(200, b"plain", {"Content-Encoding": "gzip"})

    with pytest.raises(OutcomeUnknownError):
        call(platform.url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://0.0.0.0:{port}/",
    ],
)
def test_this_machine_is_not_called_however_it_is_written(platform: FakePlatform, url: str) -> None:
    """Every spelling of a loopback address is refused."""
    port = platform.url.rpartition(":")[2]

    with pytest.raises(RejectedError, match="allow_private"):
        call(url.format(port=port), allow_private=False)

    assert platform.requests == []


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "file:///etc/passwd", "a.example", "", "http://"]
)
def test_only_web_addresses_are_called(url: str) -> None:
    """An address without http or https is refused."""
    with pytest.raises(RejectedError, match="http://"):
        call(url)


@pytest.mark.parametrize("header", ["two\r\nlines", "表情"])
def test_a_request_that_is_no_http_is_refused(platform: FakePlatform, header: str) -> None:
    """A malformed request is not sent, so that nobody can smuggle in a header."""
    with pytest.raises(RejectedError):
        call(platform.url, headers={"X-Own": header})

    assert platform.requests == []


def test_a_refused_connection_is_temporary() -> None:
    """A refused connection raises TemporaryError."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]

    with pytest.raises(TemporaryError, match=rf"127\.0\.0\.1:{port} could not be reached"):
        call(f"http://127.0.0.1:{port}/secret-path?key=hunter2")


def test_an_unknown_name_is_temporary() -> None:
    """An unknown name raises TemporaryError; `invalid` never resolves (RFC 2606)."""
    with pytest.raises(TemporaryError, match=r"nowhere\.invalid"):
        call("http://nowhere.invalid/")


def test_a_server_that_speaks_no_tls_is_temporary(platform: FakePlatform) -> None:
    """A failed TLS handshake raises TemporaryError, because the request was not sent."""
    with pytest.raises(TemporaryError):
        call(platform.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "answer",
    [
        FakeResponse(drop=True),
        FakeResponse(body=b"x" * 100, truncate=True),
        FakeResponse(body=b"x" * 1_100_000),
        FakeResponse(delay=5),
    ],
    ids=["reset", "truncated", "too large", "too late"],
)
def test_a_lost_answer_is_an_unknown_outcome(platform: FakePlatform, answer: FakeResponse) -> None:
    """A fault after the first byte of the request raises OutcomeUnknownError."""
    platform.response = answer

    with pytest.raises(OutcomeUnknownError):
        call(platform.url)


def test_what_is_no_http_is_an_unknown_outcome() -> None:
    """A response that is not HTTP raises OutcomeUnknownError."""

    def rubbish(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"220 smtp ready\r\n")

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=rubbish, args=(server,), daemon=True).start()

        with pytest.raises(OutcomeUnknownError):
            call(f"http://127.0.0.1:{server.getsockname()[1]}/")


def test_the_deadline_holds_for_an_answer_that_drips() -> None:
    """A byte every 50 ms does not keep the call alive beyond its deadline of one second.

    Without the deadline the response would take 14 hours.
    """
    ended = threading.Event()

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not ended.wait(0.05):
                connection.sendall(b"x")

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        threading.Thread(target=drip, args=(server,), daemon=True).start()
        started = time.monotonic()
        try:
            with pytest.raises(OutcomeUnknownError):
                call(f"http://127.0.0.1:{server.getsockname()[1]}/", seconds=1)
        finally:
            ended.set()

    assert 0.9 < time.monotonic() - started < 60


def test_the_deadline_holds_for_a_server_that_reads_nothing() -> None:
    """A request that is not read completely raises OutcomeUnknownError at the deadline."""
    with (
        closing(socket.create_server(("127.0.0.1", 0))) as server,
        pytest.raises(OutcomeUnknownError),
    ):
        call(f"http://127.0.0.1:{server.getsockname()[1]}/", 1, content=b"x" * 20_000_000)


def test_redirects_and_proxies_are_not_followed(
    platform: FakePlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call goes only to the address in the settings."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    platform.response = FakeResponse(307, headers={"Location": f"{platform.url}/elsewhere"})

    assert call(platform.url).status == 307
    assert len(platform.requests) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        *[(status, RejectedError) for status in (301, 302, 307, 400, 404, 409, 410, 413, 422)],
        *[(status, ChannelAuthError) for status in (401, 403)],
        *[(status, TemporaryError) for status in (425,)],
        *[(status, RateLimitedError) for status in (429,)],
        *[(status, OutcomeUnknownError) for status in (408, 500, 501, 502, 503, 504, 520)],
    ],
)
def test_each_status_means_one_error(status: int, error: type[PublishError]) -> None:
    """Each HTTP status raises its error."""
    with pytest.raises(PublishError) as caught:
        raise_for_status(Response(status, {}, b"the platform's words"))

    assert type(caught.value) is error
    assert str(status) in str(caught.value)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_promised_refusal_is_temporary(platform: FakePlatform, status: int) -> None:
    """A status by which the platform promises that it did nothing leads to a retry."""
    platform.response = FakeResponse(status, headers={"Retry-After": "9"})
    client = HttpClient(5, refusals=frozenset({status}))

    response = client.request("POST", platform.url, allow_private=True)

    with pytest.raises(TemporaryError) as caught:
        raise_for_status(response)
    assert caught.value.retry_after == 9


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_success_gives_the_response_back(status: int) -> None:
    """`raise_for_status` returns the response if its status is 2xx."""
    response = Response(status, {}, b"")

    assert raise_for_status(response) is response


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7),
        ("0.35", 0.35, 0.35),
        ("-5", 0, 0),
        ("1e300", 604800, 604800),
        ("Fri, 31 Dec 1999 23:59:59 GMT", 0, 0),
    ],
)
def test_the_platforms_wait_is_kept(value: str, low: float, high: float) -> None:
    """Retry-After in seconds is read, also with a fraction."""
    with pytest.raises(RateLimitedError) as caught:
        raise_for_status(Response(429, {"retry-after": value}, b""))

    assert caught.value.retry_after is not None
    assert low <= caught.value.retry_after <= high


def test_a_date_to_wait_for_is_kept() -> None:
    """Retry-After with a date in one hour is one hour."""
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with pytest.raises(RateLimitedError) as caught:
        raise_for_status(Response(429, {"retry-after": date}, b""))

    assert caught.value.retry_after is not None
    assert 3500 <= caught.value.retry_after <= 3601


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "inf", "nan", "Fri, 99 Nov 2026"),
        "Mon, 01 Jan 99999999999999 00:00:00 GMT",
    ],
)
def test_a_wait_that_is_none_is_left_out(value: str) -> None:
    """An invalid Retry-After is ignored."""
    with pytest.raises(RateLimitedError) as caught:
        raise_for_status(Response(429, {"retry-after": value}, b""))

    assert caught.value.retry_after is None


def test_the_platforms_words_are_cut_and_told_without_secrets(platform: FakePlatform) -> None:
    """The message is cut and shows no query, token or header that the platform echoes."""
    secret = "s3cr3t-t0k3n-in-the-path"
    echo = f"bad key=hunter2hunter2 path {secret} bearer letmein99 given topsecret {'字' * 900}"
    platform.response = FakeResponse(400, echo.encode())
    response = call(
        f"{platform.url}/bot/{secret}/send?key=hunter2hunter2",
        headers={"Authorization": "Bearer letmein99"},
    )

    with pytest.raises(RejectedError) as caught:
        raise_for_status(response, secrets=["topsecret"])

    for word in ("hunter2hunter2", secret, "letmein99", "topsecret"):
        assert word not in str(caught.value)
    assert "bad key=***" in str(caught.value)
    assert len(str(caught.value)) < 550


def test_an_answer_that_is_no_json_is_an_unknown_outcome() -> None:
    """A response body that is not JSON raises OutcomeUnknownError."""
    with pytest.raises(OutcomeUnknownError, match="not JSON"):
        Response(200, {}, b"<html>").json()

"""A platform that misbehaves at random by a seed, and counts the posts that it took."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from standardwebhooks import Webhook

from tests.faults.certificate import make_certificate

__all__ = ["CERTAIN", "POLLS", "Call", "ChaosReceiver", "Says", "receiving"]

#: How often the platform that publishes later is polled before the post is out.
POLLS = 3

#: Seconds; longer than a call of these tests may take.
_TOO_LONG = 1.7


class Says(StrEnum):
    """How the platform treats one call."""

    OK = "taken, and said so"
    TAKEN_DROPPED = "taken, connection dropped"
    TAKEN_500 = "taken, answered 500"
    TAKEN_LATE = "taken, answered beyond the time-out"
    LATE_TAKEN = "taken beyond the time-out"
    TAKEN_TRUNCATED = "taken, half an answer"
    TAKEN_HTML = "taken, answered with a page"
    TAKEN_NOTHING = "taken, an empty answer"
    DROPPED = "not taken, connection dropped"
    REFUSED_500 = "not taken, answered 500"
    HTML = "not taken, answered with a page"
    SLOWLY = "429 with Retry-After"
    SLOWLY_BARE = "429 without Retry-After"
    BUSY = "503"
    GONE = "410"


#: After these the post is certainly not out.
CERTAIN = frozenset({Says.SLOWLY, Says.SLOWLY_BARE, Says.BUSY, Says.GONE})
_TAKES = frozenset(says for says in Says if says.name.startswith(("OK", "TAKEN", "LATE")))
_BAD = sorted(set(Says) - {Says.OK, Says.GONE})
#: By the standard a 2xx response of a webhook's receiver means success, whatever its body.
_BAD_WEBHOOK = [says for says in _BAD if says is not Says.HTML]
_WEBHOOKS = frozenset({"/hook", "/gone", "/tls"})
#: Most calls with one key that go wrong, so that a run ends.
_MOST_BAD = 2
_SHARE_BAD = 0.3


@dataclass(frozen=True, slots=True)
class Call:
    """One call to publish."""

    path: str
    key: str
    title: str
    #: Unix seconds at which it arrived.
    at: float
    says: Says
    body: str


@dataclass
class ChaosReceiver:
    """The calls that the platform got, in order; `calm` makes it well-behaved."""

    seed: int
    secret: str
    url: str = ""
    tls_url: str = ""
    calm: bool = False
    #: Whether the address `/gone` is closed.
    is_gone: bool = True
    calls: list[Call] = field(default_factory=list)
    #: How often the platform took each key, by path.
    taken: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    #: By key, the tokens that polls have been given, in order, and the index of the one used last.
    tokens: dict[str, list[str]] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: Descriptions of polls with a token that is older than one that was used before.
    outdated: list[str] = field(default_factory=list)
    #: Called once during the next call, before the response.
    ambush: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, path: str, key: str, title: str, body: bytes) -> Says:
        """Record a call and decide how to treat it."""
        digest = hashlib.sha256(body).hexdigest()
        with self._lock:
            before = [call for call in self.calls if call.key == key]
            says = self._decide(path, key, len(before))
            self.calls.append(Call(path, key, title, time.time(), says, digest))
            ambush, self.ambush = self.ambush, None
        if says is Says.LATE_TAKEN:
            time.sleep(_TOO_LONG)
        if says in _TAKES:
            self._take(path, key)
        if ambush is not None:
            ambush()
        if says is Says.TAKEN_LATE:
            time.sleep(_TOO_LONG)
        return says

    def _take(self, path: str, key: str) -> None:
        with self._lock:
            kept = self.taken[path]
            # A webhook's receiver recognizes a repeated id; the other platforms do not.
            kept[key] = 1 if path in _WEBHOOKS else kept.get(key, 0) + 1

    def _decide(self, path: str, key: str, number: int) -> Says:
        if path == "/gone" and self.is_gone:
            return Says.GONE
        dice = random.Random(f"{self.seed}:{path}:{key}:{number}")
        if self.calm or number >= _MOST_BAD or dice.random() > _SHARE_BAD:
            return Says.OK
        return dice.choice(_BAD_WEBHOOK if path in _WEBHOOKS else _BAD)

    def poll(self, key: str, token: str) -> dict[str, object]:
        """Tell whether the post with this key is out; it is after POLLS polls.

        Each answer has a new token. A caller that has not received it repeats the last one that it
        has; once it has used a token, it must never use an older one again.
        """
        with self._lock:
            given = self.tokens.setdefault(key, [key])
            index = given.index(token) if token in given else -1
            if index < self.used[key]:
                self.outdated.append(f"{key}: {token} after {given[self.used[key]]}")
            self.used[key] = max(self.used[key], index)
            polls = len(given)
            given.append(f"{key}.{polls}")
            return {"out": polls >= POLLS, "token": given[-1]}

    def poll_count(self, key: str) -> int:
        """Return how often the post with this key was polled."""
        return len(self.tokens.get(key, [key])) - 1

    def find(self, path: str, key: str) -> bool:
        """Tell whether the platform took a key."""
        with self._lock:
            return key in self.taken[path]


_PAGE = b"<!doctype html><title>Hello</title>"
#: Status, body (None for the normal one) and headers; all others are a normal response with 200.
_ANSWERS: dict[Says, tuple[int, bytes | None, dict[str, str]]] = {
    Says.TAKEN_500: (500, b"Internal Server Error", {}),
    Says.REFUSED_500: (500, b"Internal Server Error", {}),
    Says.TAKEN_TRUNCATED: (200, b'{"id": "', {"content-length": "80"}),
    Says.TAKEN_HTML: (200, _PAGE, {}),
    Says.HTML: (200, _PAGE, {}),
    Says.TAKEN_NOTHING: (200, b"", {}),
    Says.SLOWLY: (429, b"{}", {"retry-after": "2"}),
    Says.SLOWLY_BARE: (429, b"{}", {}),
    Says.BUSY: (503, b"{}", {}),
    Says.GONE: (410, b"{}", {}),
}


class _Handler(BaseHTTPRequestHandler):
    @property
    def _receiver(self) -> ChaosReceiver:
        assert isinstance(self.server, _Server)
        return self.server.receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        key = self.headers["webhook-id"]
        if self.path in _WEBHOOKS:
            headers = {name.lower(): value for name, value in self.headers.items()}
            title = Webhook(self._receiver.secret).verify(body, headers)["data"]["title"]
        else:
            title = json.loads(body)["title"]
        says = self._receiver.receive(self.path, key, title, body)
        if says in {Says.TAKEN_DROPPED, Says.DROPPED}:
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        status, answer, extra = _ANSWERS.get(says, (200, None, {}))
        whole = json.dumps({"id": key}).encode()
        self._send(status, whole if answer is None else answer, extra)

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        (key,) = query["key"]
        # Searches do not always get a response either.
        if not self._receiver.calm and random.Random(time.time_ns()).random() < _SHARE_BAD / 3:
            self._send(500, _PAGE, {})
            return
        if parts.path == "/later":
            answer = self._receiver.poll(key, *query["token"])
        else:
            answer = {"found": self._receiver.find(parts.path, key)}
        self._send(200, json.dumps(answer).encode(), {})

    def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        # The caller may have been killed, or have given up.
        with suppress(OSError):
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, receiver: ChaosReceiver) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.receiver = receiver

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a caller that was killed during its request."""


@contextmanager
def receiving(seed: int, secret: str, folder: Path) -> Iterator[ChaosReceiver]:
    """Start a receiver on the loopback address, and one with a self-signed certificate."""
    receiver = ChaosReceiver(seed, secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*make_certificate(folder))
    with ExitStack() as stack:
        plain = stack.enter_context(_serving(_Server(receiver)))
        secured = _Server(receiver)
        # The handshake is made in the request's own thread, at its first read.
        secured.socket = context.wrap_socket(
            secured.socket, server_side=True, do_handshake_on_connect=False
        )
        stack.enter_context(_serving(secured))
        receiver.url = f"http://127.0.0.1:{plain.server_port}"
        receiver.tls_url = f"https://127.0.0.1:{secured.server_port}"
        yield receiver


@contextmanager
def _serving(server: _Server) -> Iterator[_Server]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

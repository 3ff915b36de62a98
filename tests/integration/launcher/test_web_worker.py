"""The web server's worker process beside clients that are slow, idle, many or in the wrong."""

from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.task import ThreadedTaskDispatcher

from contentsvc.launcher import web_worker
from tests.acceptance.running import PATIENCE, free_port, until

_SCRIPT = Path(__file__).with_name("echo_server.py")
_THREADS = 2


class Server:
    """A running server: its process, port and folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        settings = {
            "DATA_DIR": str(folder / "var"),
            "PORT": str(self.port),
            "WEB_PROCESSES": "1",
            "WEB_THREADS": str(_THREADS),
            "MAX_UPLOAD_MB": "1",
        }
        environ = os.environ | {f"CONTENTSVC_{name}": value for name, value in settings.items()}
        self.process = subprocess.Popen([sys.executable, _SCRIPT, folder], env=environ)
        until("the server listens", self._listens)

    def _listens(self) -> bool:
        with suppress(OSError):
            return self.ask("/") == b"0"
        return False

    def ask(self, path: str, body: bytes | None = None) -> bytes:
        """Return the body of the response to a request."""
        address = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(address, body, timeout=PATIENCE) as response:
            return bytes(response.read())

    def connect(self, first: bytes = b"") -> socket.socket:
        """Open a connection and send *first*."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)
        connection.sendall(first)
        return connection

    def stop(self) -> int:
        """Send SIGTERM and return the exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def _running(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    try:
        yield server
    finally:
        (folder / "go").touch()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait(PATIENCE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a server with two threads."""
    with _running(tmp_path_factory.mktemp("server")) as server:
        yield server


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    finally:
        connection.settimeout(PATIENCE)


_POST = b"POST / HTTP/1.1\r\nHost: a.example\r\nContent-Length: 100\r\n"
_UNFINISHED = {
    "nothing": b"",
    "half a request line": b"GET / HT",
    "half of the headers": b"GET / HTTP/1.1\r\nHost: a.example\r\nX-A: ",
    "no body": _POST + b"\r\n",
    "half of the body": _POST + b"\r\n0123456789",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    "a client that waits for leave": _POST + b"Expect: 100-continue\r\n\r\n",
}


@pytest.mark.parametrize("name", _UNFINISHED)
def test_unfinished_requests_occupy_no_thread(server: Server, name: str) -> None:
    """Twenty clients that send no whole request leave both threads to others."""
    with ExitStack() as stack:
        slow = [stack.enter_context(server.connect(_UNFINISHED[name])) for _ in range(20)]

        assert server.ask("/", b"abc") == b"3"

        assert all(_is_open(connection) for connection in slow)


def test_many_idle_and_unfinished_clients(
    server: Server, record_property: Callable[[str, object], None]
) -> None:
    """Beside 500 idle connections and 200 unfinished requests, a page is answered."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2000, hard)), hard))
    parts = list(_UNFINISHED.values())[1:]
    with ExitStack() as stack:
        waiting = [stack.enter_context(server.connect()) for _ in range(500)]
        waiting += [
            stack.enter_context(server.connect(parts[number % len(parts)])) for number in range(200)
        ]
        began = time.monotonic()

        assert server.ask("/", b"abc") == b"3"

        seconds = time.monotonic() - began
        assert all(_is_open(connection) for connection in waiting)
    record_property("table", f"Response beside 700 waiting clients: {seconds * 1000:.0f} ms")


def test_clients_that_do_not_read_occupy_no_thread(server: Server) -> None:
    """Responses of five megabytes that nobody reads leave both threads to others."""
    with ExitStack() as stack:
        request = b"GET /big HTTP/1.1\r\nHost: a.example\r\n\r\n"
        for _ in range(20):
            connection = stack.enter_context(server.connect(request))
            connection.recv(1)

        assert server.ask("/", b"abc") == b"3"


def test_a_request_that_arrives_in_pieces_is_whole(server: Server) -> None:
    """A body in many pieces reaches the application as one."""
    with server.connect(_POST + b"Connection: close\r\n\r\n") as connection:
        for _ in range(10):
            connection.sendall(b"0123456789")

        response = b"".join(iter(lambda: connection.recv(1000), b""))

    assert response.endswith(b"\r\n\r\n100")
    assert b"server:" not in response.lower()


def test_a_connection_serves_several_requests(server: Server) -> None:
    """A client may send several requests through one connection."""
    with server.connect() as connection:
        for _ in range(3):
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
            response = b""
            while not response.endswith(b"\r\n\r\n0"):
                response += connection.recv(1000)
            assert response.startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", b"501"),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", b"400"),
    ],
)
def test_a_request_that_cannot_be_used_is_refused(
    server: Server, request_: bytes, status: bytes
) -> None:
    """What is too large or ambiguous gets an error, and the server goes on."""
    with server.connect(request_) as connection:
        line = connection.recv(1000).partition(b"\r\n")[0]

    assert line.split()[1] == status
    assert server.ask("/") == b"0"


def test_a_stop_lets_requests_finish(tmp_path: Path) -> None:
    """After SIGTERM a request that has begun is finished; idle connections are closed."""
    with _running(tmp_path) as server, server.connect() as idle:
        slow = server.connect(b"GET /slow HTTP/1.1\r\nHost: a.example\r\n\r\n")
        until("the slow request has begun", (tmp_path / "begun").exists)
        server.process.terminate()
        assert idle.recv(1) == b""
        (tmp_path / "go").touch()

        response = b"".join(iter(lambda: slow.recv(1000), b""))

        assert server.process.wait(PATIENCE) == 0
        slow.close()
    assert response.endswith(b"\r\n\r\n0")


class _Loop:
    """The server's loop in this process, so that its limits can be made small."""

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.bound = stack.enter_context(socket.socket())
        self.bound.bind(("127.0.0.1", 0))
        self.connections: dict[int, object] = {}
        settings = Adjustments(threads=1, asyncore_use_poll=True)
        self.server = web_worker._Server(
            lambda _environ, _start: [],
            self.connections,
            _sock=self.bound,
            dispatcher=ThreadedTaskDispatcher(),
            adj=settings,
            sockinfo=(self.bound.family, self.bound.type, 0, self.bound.getsockname()),
            bind_socket=False,
        )
        stack.callback(wasyncore.close_all, self.connections)

    def connect(self, first: bytes = b"") -> socket.socket:
        """Open a connection, send *first*, and let the loop turn."""
        connection = self.stack.enter_context(socket.create_connection(self.bound.getsockname()))
        connection.sendall(first)
        for _ in range(3):
            wasyncore.poll2(0.05, self.connections)
        return connection


@pytest.fixture
def loop() -> Iterator[_Loop]:
    """Return a server whose loop the test turns."""
    with ExitStack() as stack:
        yield _Loop(stack)


def test_the_longest_idle_connection_makes_room(
    loop: _Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the limit a new connection replaces the longest idle one, and no busy one."""
    monkeypatch.setattr(web_worker, "_MOST_CONNECTIONS", 3)
    busy = loop.connect(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
    first, second = loop.connect(), loop.connect(b"GET /")

    third = loop.connect()

    assert [_is_open(each) for each in (busy, first, second, third)] == [True, False, True, True]


def test_an_address_has_a_limit(loop: _Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections above the limit of their address are closed; this machine has no limit."""
    monkeypatch.setattr(web_worker, "_MOST_FROM_ADDRESS", 2)
    local = [loop.connect() for _ in range(3)]
    monkeypatch.setattr(web_worker, "_is_local", lambda _host: False)

    refused = loop.connect()

    assert all(_is_open(connection) for connection in local)
    assert not _is_open(refused)

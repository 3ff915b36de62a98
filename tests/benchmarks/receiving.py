"""A cheap receiver: one process that records when each request was complete.

`POST` to any path returns 204. `GET /seen` returns the requests so far, as JSON pairs of
`webhook-id` and Unix time, and forgets them. `GET /count` returns their number.
"""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from contentsvc.processes import die_with_parent

__all__ = ["Receiver", "receiving"]

_DONE = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Receiver:
    """A client of the receiving process, for the benchmark."""

    port: int
    pid: int

    @property
    def url(self) -> str:
        """Return the address to post to."""
        return f"http://127.0.0.1:{self.port}/hook"

    def count(self) -> int:
        """Return how many requests have arrived since the last call of `seen`."""
        return int(self._get("/count"))

    def seen(self) -> list[tuple[str, float]]:
        """Return and forget the requests: `webhook-id` and Unix time, in the order of arrival."""
        return [(key, at) for key, at in self._get("/seen")]

    def _get(self, path: str) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver in its own process."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(4096)
    with listener:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.receiving", str(listener.fileno())],
            pass_fds=[listener.fileno()],
        )
        port = int(listener.getsockname()[1])
    try:
        yield Receiver(port, process.pid)
    finally:
        process.kill()
        process.wait()


def _serve(listener: socket.socket) -> None:
    """Serve forever, one request per connection, without the cost of threads or a full parser."""
    listener.setblocking(False)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    open_: dict[int, tuple[socket.socket, bytes]] = {}
    seen: list[tuple[str, float]] = []
    while True:
        for number, _ in poll.poll():
            if number == listener.fileno():
                for connection in _accepted(listener):
                    open_[connection.fileno()] = (connection, b"")
                    poll.register(connection, select.EPOLLIN)
                continue
            connection, had = open_[number]
            part = _received(connection)
            whole = had + part
            if part and not _is_whole(whole):
                open_[number] = (connection, whole)
                continue
            if part:
                _answer(connection, whole, seen)
            poll.unregister(number)
            del open_[number]
            connection.close()


def _accepted(listener: socket.socket) -> Iterator[socket.socket]:
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return
        yield connection


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1 << 20)
    except ConnectionError:
        return b""


def _is_whole(request: bytes) -> bool:
    head, end, body = request.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= int(_header(head, b"content-length") or 0)


def _answer(connection: socket.socket, request: bytes, seen: list[tuple[str, float]]) -> None:
    at = time.time()
    if request.startswith(b"POST"):
        seen.append((_header(request, b"webhook-id").decode(), at))
        answer = _DONE
    else:
        is_count = request.startswith(b"GET /count")
        body = json.dumps(len(seen) if is_count else seen).encode()
        if not is_count:
            seen.clear()
        answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        answer += body
        connection.setblocking(True)
    try:
        connection.sendall(answer)
    except ConnectionError:
        # The client has closed the connection; the request still counts.
        return


def _header(request: bytes, name: bytes) -> bytes:
    """Return the value of the header *name*; empty if there is none."""
    head = request[: request.find(b"\r\n\r\n") + 2 or None]
    at = head.lower().find(b"\r\n" + name + b":")
    if at < 0:
        return b""
    start = at + len(name) + 3
    return head[start : head.find(b"\r\n", start) if b"\r\n" in head[start:] else None].strip()


if __name__ == "__main__":
    die_with_parent(os.getppid())
    _serve(socket.socket(fileno=int(sys.argv[1])))

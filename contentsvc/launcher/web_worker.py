"""A worker process of gunicorn that gives a request to a thread only when all of it has arrived.

gunicorn's own threaded worker lets each connection occupy a thread, so that as many slow clients as
there are threads stop the server. Here waitress receives the requests and sends the responses of
all connections in one loop. gunicorn still listens, starts and replaces the processes, and stops
them in order.
"""

from __future__ import annotations

import ipaddress
import logging
import resource
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.workers.base import Worker
from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

__all__ = ["BufferingWorker", "max_body"]

#: Connections that one process has open at most. Further ones replace the longest idle ones.
_MOST_CONNECTIONS = 1000
#: Connections from one address that one process has open at most. An office behind one address has
#: fifty browsers with six connections each. A proxy on this machine has no limit.
_MOST_FROM_ADDRESS = 300
#: Seconds without a byte after which an idle or unfinished connection is closed.
_IDLE = 60
#: Bytes of an unfinished request, and of an unsent response, that stay in memory and not in a file.
_IN_MEMORY = 65_536
#: Bytes of a response that a client may have left to read until the thread that writes it waits.
#: They are in a temporary file.
_UNREAD = 64 * 2**20
#: Bytes of all headers of a request.
_MOST_HEADER = 65_536
#: Seconds between two signs of life for gunicorn.
_TURN = 1.0
#: Open files that the process needs besides its connections: databases, logs, temporary files.
_OTHER_FILES = 500


def max_body(limit: int) -> int:
    """Return the size in bytes of the largest request body that the server receives.

    The application refuses bodies larger than *limit* with a page that keeps what was typed. The
    server therefore receives twice as much, and refuses what is still larger by itself.
    """
    return 2 * limit + 2**20


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that knows since when it has been waiting for a whole request."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: The time of the last response, or of the connection if there was none.
        self.waiting_since = time.monotonic()

    def service(self) -> None:
        super().service()
        self.waiting_since = time.monotonic()

    @property
    def is_busy(self) -> bool:
        """Whether a request is being handled or its response is being sent."""
        return bool(self.requests or self.total_outbufs_len)


class _Server(TcpWSGIServer):  # type: ignore[misc]  # waitress has no types
    """A server that closes the longest idle connection when there are too many."""

    channel_class = _Channel

    def accept(self) -> tuple[socket.socket, Any] | None:
        """Return a new connection; None if its address has too many already."""
        accepted: tuple[socket.socket, Any] | None = super().accept()
        if accepted is None:
            return None
        connection, address = accepted
        if self._has_too_many(address[0]):
            connection.close()
            return None
        self._make_room()
        return accepted

    def _has_too_many(self, host: str) -> bool:
        if _is_local(host):
            return False
        channels = self.active_channels.values()
        return len([each for each in channels if each.addr[0] == host]) >= _MOST_FROM_ADDRESS

    def _make_room(self) -> None:
        while len(self.active_channels) >= _MOST_CONNECTIONS:
            idle = [channel for channel in self.active_channels.values() if not channel.is_busy]
            if not idle:
                return
            min(idle, key=lambda channel: channel.waiting_since).handle_close()

    def close_idle(self) -> bool:
        """Close the connections that are not busy; return whether others are left."""
        for channel in list(self.active_channels.values()):
            if not channel.is_busy:
                channel.handle_close()
        return bool(self.active_channels)

    def stop_listening(self) -> None:
        """Accept no further connections; other processes still listen on the same socket."""
        self.del_channel()
        self.socket.close()


class BufferingWorker(Worker):  # type: ignore[misc]  # gunicorn has no types
    """A gunicorn worker that handles requests in `cfg.threads` threads."""

    _servers: list[_Server]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Create the worker before gunicorn forks its process."""
        super().__init__(*args, **kwargs)
        self._servers = []

    def run(self) -> None:
        """Handle requests until gunicorn says to stop; then finish those that have begun."""
        _allow_open_files(_MOST_CONNECTIONS + _OTHER_FILES)
        # It warns of each request that waits for a thread.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        threads = ThreadedTaskDispatcher()
        threads.set_thread_count(self.cfg.threads)
        connections: dict[int, Any] = {}
        self._servers = [self._serve(bound.sock, threads, connections) for bound in self.sockets]
        while self.alive:
            wasyncore.poll2(_TURN, connections)
            self.notify()
        self._finish(connections)

    def handle_exit(self, sig: int, frame: object) -> None:
        """Leave the loop soon, because gunicorn has sent SIGTERM."""
        super().handle_exit(sig, frame)
        for server in self._servers:
            server.pull_trigger()

    def _serve(
        self, bound: socket.socket, threads: ThreadedTaskDispatcher, connections: dict[int, Any]
    ) -> _Server:
        settings = Adjustments(
            threads=self.cfg.threads,
            # The application itself reads what a trusted proxy says.
            clear_untrusted_proxy_headers=False,
            ident=None,
            backlog=self.cfg.backlog,
            # Never reached, because `_make_room` closes connections before.
            connection_limit=_MOST_CONNECTIONS * 2,
            channel_timeout=_IDLE,
            inbuf_overflow=_IN_MEMORY,
            outbuf_overflow=_IN_MEMORY,
            outbuf_high_watermark=_UNREAD,
            max_request_header_size=_MOST_HEADER,
            max_request_body_size=self.app.max_body,
            asyncore_use_poll=True,
        )
        about = (bound.family, bound.type, bound.proto, bound.getsockname())
        return _Server(
            self.wsgi,
            connections,
            _sock=bound,
            dispatcher=threads,
            adj=settings,
            sockinfo=about,
            bind_socket=False,
        )

    def _finish(self, connections: dict[int, Any]) -> None:
        """Finish the requests that have begun, for as long as gunicorn waits."""
        for server in self._servers:
            server.stop_listening()
        until = time.monotonic() + self.cfg.graceful_timeout
        while sum(server.close_idle() for server in self._servers) and time.monotonic() < until:
            wasyncore.poll2(0.1, connections)
            self.notify()


def _is_local(host: str) -> bool:
    """Return whether an IP address is this machine's, also as IPv6 writes an IPv4 address."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _allow_open_files(count: int) -> None:
    """Raise this process's limit on open files to *count*, if the system allows that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

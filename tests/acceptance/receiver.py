"""A webhook receiver on this machine that can delay its response until a test allows it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from typing import Any

from standardwebhooks import Webhook

__all__ = ["Receiver", "receiving"]


class Receiver:
    """A receiver that accepts each `webhook-id` once, as Standard Webhooks requires."""

    def __init__(self, secret: str) -> None:
        self.url = ""
        self._webhook = Webhook(secret)
        self._lock = threading.Lock()
        #: The number of requests by path and `webhook-id`.
        self.requests: Counter[tuple[str, str]] = Counter()
        #: The data of the accepted requests, by path and `webhook-id`.
        self.accepted: dict[tuple[str, str], Any] = {}
        #: The local ports of the callers whose requests are held.
        self.held: Queue[int] = Queue()
        self.go_on = threading.Event()
        self.holds = False

    def reset(self) -> None:
        """Forget all requests, release the held ones, and hold no further ones."""
        self.go_on.set()
        with self._lock:
            self.requests, self.accepted, self.held = Counter(), {}, Queue()
            self.go_on, self.holds = threading.Event(), False

    def receive(self, path: str, headers: dict[str, str], body: bytes, port: int) -> None:
        """Count and accept a request, and hold it if `holds` is set.

        A held request to `/lost` is not accepted, as if the receiver had crashed.
        """
        data = self._webhook.verify(body, headers)
        request = (path, headers["webhook-id"])
        with self._lock:
            self.requests[request] += 1
            held = self.holds
            if not (held and path == "/lost"):
                self.accepted.setdefault(request, data)
        if held:
            self.held.put(port)
            self.go_on.wait(60)

    def titles(self, path: str) -> list[str]:
        """Return the titles of the posts accepted on *path*."""
        return [data["data"]["title"] for (at, _), data in self.accepted.items() if at == path]


@contextmanager
def receiving(secret: str) -> Iterator[Receiver]:
    """Run a receiver that listens on the loopback address."""
    receiver = Receiver(secret)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.receive(self.path, headers, body, self.client_address[1])
            with suppress(OSError):
                self.send_response(204)
                self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield receiver
    finally:
        receiver.go_on.set()
        server.shutdown()
        thread.join()
        server.server_close()

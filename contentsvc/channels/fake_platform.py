"""FakePlatform, a scriptable HTTP server that stands in for a platform in tests."""

from __future__ import annotations

import itertools
import json as jsonlib
import re
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from contentsvc.channels.fake_responses import Chaos, FakeResponse

__all__ = ["FakePlatform", "FakeTokens", "Handler", "ReceivedRequest"]


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request that the fake platform has received."""

    method: str
    #: The path with its query.
    path: str
    #: Values by name in lower case.
    headers: Mapping[str, str]
    body: bytes
    #: The route that the request matched, such as `POST /posts/{id}`; empty if there is none.
    route: str = ""
    #: The values of the names in braces of the route's path.
    params: Mapping[str, str] = field(default_factory=dict)
    #: Whether the request asks to publish a post.
    publishes: bool = False

    @property
    def query(self) -> dict[str, str]:
        """The query parameters by name. If a name is repeated, its last value counts."""
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    def json(self) -> Any:
        """Return the body parsed as JSON. Raise ValueError if it is not JSON."""
        return jsonlib.loads(self.body)


#: A handler of a route. It returns a response, or an object or a list to send as JSON.
Handler = Callable[[ReceivedRequest], FakeResponse | Mapping[str, Any] | list[Any]]


class FakeTokens:
    """The access tokens of a fake platform, which issues them, checks them and lets them expire."""

    def __init__(self, *, newest_only: bool = False) -> None:
        """Create a collection without tokens.

        If *newest_only* is true, a new token makes the earlier ones invalid.
        """
        #: How many tokens were issued.
        self.issued = 0
        self._newest_only = newest_only
        self._valid: list[str] = []

    @property
    def current(self) -> str | None:
        """The newest valid token, or None.

        Some platforms return it again until it expires.
        """
        return self._valid[-1] if self._valid else None

    def issue(self) -> str:
        """Return a new token, which is valid until `expire` is called."""
        self.issued += 1
        if self._newest_only:
            self.expire()
        self._valid.append(f"fake-token-{self.issued}")
        return self._valid[-1]

    def is_valid(self, token: str | None) -> bool:
        """Return True if *token* has been issued and has not expired."""
        return token in self._valid

    def expire(self) -> None:
        """Make every token expire."""
        self._valid.clear()


@dataclass(frozen=True, slots=True)
class _Route:
    """A route: a method, a path with names in braces, and a handler for requests that match."""

    name: str
    method: str
    path: re.Pattern[str]
    handler: Handler
    publishes: bool | Callable[[ReceivedRequest], bool]


class FakePlatform:
    """An HTTP server on this machine that stands in for a platform. Use it in a `with` block.

    Without routes, it sends `response` to every request, and every request counts as a post. With
    routes, it sends 404 to a request that matches none.

    If a handler raised an exception, the client gets the status 500, and the first such exception
    is raised again when the `with` block ends.
    """

    def __init__(self) -> None:
        """Create a platform without routes. Its response has the status 200 and the body `{}`."""
        self.requests: list[ReceivedRequest] = []
        self.response = FakeResponse()
        #: What handlers need to remember.
        self.state: dict[str, Any] = {}
        #: The posts that readers see, by id. Handlers add them and delete them.
        self.visible: dict[str, Any] = {}
        self.tokens = FakeTokens()
        self._routes: dict[str, _Route] = {}
        # Answers by route; those under None are for the requests that publish.
        self._next: dict[str | None, deque[FakeResponse | Chaos]] = {}
        self._always: dict[str | None, FakeResponse | Chaos] = {}
        self._ids = itertools.count(1001)
        self._faults: list[Exception] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _request_handler(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """The server's address, without a trailing slash."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def routes(self) -> list[str]:
        """The names of the routes, such as `POST /posts`."""
        return list(self._routes)

    @property
    def posts(self) -> list[ReceivedRequest]:
        """The requests that asked to publish a post, whatever their outcome."""
        return [request for request in self.requests if request.publishes]

    def route(
        self,
        method: str,
        path: str,
        *,
        publishes: bool | Callable[[ReceivedRequest], bool] = False,
    ) -> Callable[[Handler], Handler]:
        """Return a decorator that makes a function the handler of a route.

        A name in braces, as in `/posts/{id}`, stands for one segment of the path or a part of one;
        `request.params` has its value. *publishes* marks the route that makes a post visible. If
        one route does several things, pass a function that returns whether a request publishes. If
        the route exists, its handler is replaced. Handlers run one at a time.
        """
        name = f"{method.upper()} {path}"
        pieces = re.split(r"\{(\w+)\}", path)
        pattern = "".join(
            f"(?P<{piece}>[^/]+)" if number % 2 else re.escape(piece)
            for number, piece in enumerate(pieces)
        )

        def add(handler: Handler) -> Handler:
            compiled = re.compile(pattern)
            self._routes[name] = _Route(name, method.upper(), compiled, handler, publishes)
            return handler

        return add

    def then(
        self, *answers: FakeResponse | Chaos, route: str | None = None, times: int = 1
    ) -> None:
        """Queue *answers*, repeated *times* times, for the next requests to *route*.

        Without *route*, they are for the requests that publish. A FakeResponse is sent instead of
        calling the handler. When the queue is empty, the route answers as before.
        """
        self._next.setdefault(self._known(route), deque()).extend(answers * times)

    def always(self, answer: FakeResponse | Chaos, *, route: str | None = None) -> None:
        """Send *answer* to every request to *route* until `calm` is called. See `then`."""
        self._always[self._known(route)] = answer

    def calm(self) -> None:
        """Remove everything that `then` and `always` set, so that the routes answer as before."""
        self._next.clear()
        self._always.clear()

    def new_id(self, prefix: str = "") -> str:
        """Return an id that the platform has not used before: *prefix* and a number."""
        return f"{prefix}{next(self._ids)}"

    def take(self, request: ReceivedRequest) -> FakeResponse:
        """Record *request* in the list `requests` and return the response to send."""
        with self._lock:
            try:
                return self._answered(request)
            except Exception as fault:  # noqa: BLE001 - `__exit__` raises it in the test
                self._faults.append(fault)
                return FakeResponse.json({"error": f"a handler of the test raised {fault!r}"}, 500)

    def pause(self, seconds: float) -> None:
        """Wait for *seconds* seconds, or until the server is closed."""
        self._closing.wait(seconds)

    def close(self) -> None:
        """Stop listening. Further connections are refused."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        # A short poll lets shutdown return at once.
        serve = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        serve.start()
        return self

    def __exit__(
        self,
        _class: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if not self._closing.is_set():
            self.close()
        if not self._faults:
            return
        if error is None:
            raise self._faults[0]
        error.add_note(f"a handler of the fake platform had raised {self._faults[0]!r}")

    def _known(self, route: str | None) -> str | None:
        """Return *route*. Raise ValueError if it does not exist.

        If *route* is None, raise ValueError if no route publishes.
        """
        if route is None and self._routes and not any(r.publishes for r in self._routes.values()):
            raise ValueError("no route publishes; mark one with publishes=True, or name a route")
        if route is not None and route not in self._routes:
            raise ValueError(f"the platform has no route {route!r}; it has {self.routes}")
        return route

    def _answered(self, received: ReceivedRequest) -> FakeResponse:
        """Return the response to a request: the one that the test set, or else the handler's."""
        route, request = self._routed(received)
        self.requests.append(request)
        answer = self._ordered(request)
        if isinstance(answer, FakeResponse):
            return answer
        if answer is not None and not answer.accepts:
            return answer.change(self.response)
        response = self._handled(route, request)
        return response if answer is None else answer.change(response)

    def _routed(self, request: ReceivedRequest) -> tuple[_Route | None, ReceivedRequest]:
        """Return the route of *request* (or None), and *request* with the route's parameters."""
        path = urlsplit(request.path).path
        for route in self._routes.values():
            match = route.path.fullmatch(path)
            if match is not None and route.method == request.method:
                params = {name: unquote(value) for name, value in match.groupdict().items()}
                request = replace(request, route=route.name, params=params)
                marked = route.publishes
                publishes = marked if isinstance(marked, bool) else marked(request)
                return route, replace(request, publishes=publishes)
        return None, replace(request, publishes=not self._routes)

    def _ordered(self, request: ReceivedRequest) -> FakeResponse | Chaos | None:
        """Return the answer that the test set for this request, or None."""
        for route in (request.route, None) if request.publishes else (request.route,):
            if self._next.get(route):
                return self._next[route].popleft()
            if route in self._always:
                return self._always[route]
        return None

    def _handled(self, route: _Route | None, request: ReceivedRequest) -> FakeResponse:
        """Return the response of the route's handler, or the default if there is no route."""
        if route is None and not self._routes:
            return self.response
        if route is None:
            missing = f"the fake platform has no route for {request.method} {request.path}"
            return FakeResponse.json({"error": missing}, 404)
        value: object = route.handler(request)
        if isinstance(value, FakeResponse):
            return value
        if isinstance(value, Mapping | list):
            return FakeResponse.json(value)
        kind = type(value).__name__
        raise TypeError(
            f"the handler of {route.name} returned a value of the type {kind}; it must return a "
            "FakeResponse, a dict or a list"
        )


def _request_handler(platform: FakePlatform) -> type[BaseHTTPRequestHandler]:
    class RequestHandler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if self.raw_requestline and self.parse_request():
                self._respond()
            self.close_connection = True

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = ReceivedRequest(self.command, self.path, headers, body)
            response = platform.take(received)
            platform.pause(response.delay)
            if response.drop:
                _reset(self.connection)
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            length = len(response.body) * 2 + 1 if response.truncate else len(response.body)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(response.body)

        def log_message(self, *_: object) -> None:
            """Log nothing, to keep the test's output clean."""

    return RequestHandler


def _reset(connection: socket.socket) -> None:
    """Close a connection so that the client sees a connection reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()

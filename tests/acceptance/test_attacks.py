"""The real service publishes on time while somebody tries to stop it from the web."""

from __future__ import annotations

import io
import resource
import socket
import threading
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import pytest
from PIL import Image

from tests.acceptance.administrator import Administrator
from tests.acceptance.due_posts import import_due, lateness
from tests.acceptance.running import TEST_SECONDS, Service

pytestmark = [pytest.mark.processes, pytest.mark.timeout(TEST_SECONDS)]

#: Seconds by which a post may be late on a busy machine. Thirty such pictures held the write lock
#: for 46 seconds.
_ON_TIME = 20.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run the service with a channel that publishes on its own site."""
    service = Service(tmp_path_factory.mktemp("attacked") / "s", {"SAMPLE": "no"})
    try:
        service.start()
        text = "channels: [{name: site, type: site, settings: {title: 试验站点}}]"
        (service.folder / "channels.yaml").write_text(text, encoding="utf-8")
        service.ask("channels", "apply", "channels.yaml")
        yield service
    finally:
        service.clean_up()


@pytest.fixture(scope="module")
def mei(service: Service) -> Administrator:
    """Return the administrator."""
    return Administrator(service)


@contextmanager
def _repeated(attack: Callable[[], object], threads: int) -> Iterator[list[int]]:
    """Repeat *attack* in threads during the block; yield a list that grows with each round."""
    stop, rounds = threading.Event(), list[int]()

    def go_on() -> None:
        while not stop.is_set():
            # A refusal is no reason to stop attacking.
            with suppress(OSError, urllib.error.URLError):
                attack()
            rounds.append(1)

    runners = [threading.Thread(target=go_on) for _ in range(threads)]
    for runner in runners:
        runner.start()
    try:
        yield rounds
    finally:
        stop.set()
        for runner in runners:
            runner.join()


def _large_picture() -> bytes:
    """Return a PNG of 39 million pixels, which takes seconds to decode, in some kilobytes."""
    file = io.BytesIO()
    Image.new("RGB", (7900, 5000), "white").save(file, "PNG")
    return file.getvalue()


def test_posts_go_out_during_uploads_of_large_pictures(
    service: Service, mei: Administrator
) -> None:
    """Three people upload pictures that take long to decode, again and again."""
    picture = _large_picture()

    with _repeated(lambda: mei.upload([picture] * 3), threads=3) as rounds:
        late = [lateness(service, import_due(service, 6, "site")) for _ in range(2)]

    assert rounds
    assert max(late) < _ON_TIME


def test_posts_go_out_during_wrong_passwords(service: Service, mei: Administrator) -> None:
    """Each wrong password takes a tenth of a second of CPU."""

    def guess() -> None:
        mei.post("/account", "/account", current="wrong", password="x" * 9, repeated="x" * 9)

    with _repeated(guess, threads=4) as rounds:
        late = lateness(service, import_due(service, 6, "site"))

    assert rounds
    assert late < _ON_TIME


def test_posts_go_out_beside_waiting_connections(service: Service) -> None:
    """Six hundred connections wait, half of them with an unfinished request; pages respond."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(2000, hard)), hard))
    with ExitStack() as stack:
        for number in range(600):
            connection = socket.create_connection(("127.0.0.1", service.port), timeout=60)
            stack.enter_context(connection)
            if number % 2:
                connection.sendall(b"POST /sign-in HTTP/1.1\r\nContent-Length: 9\r\n\r\nab")
        late = lateness(service, import_due(service, 6, "site"))
        page = service.read("/sign-in")

    assert late < _ON_TIME
    assert b"password" in page

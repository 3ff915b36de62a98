"""Real processes beside a plugin that blocks, exits or ends its process, and a failed sender."""

from __future__ import annotations

import re
import threading
import time
import urllib.error
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.acceptance.administrator import Administrator
from tests.acceptance.due_posts import import_due, lateness
from tests.acceptance.running import PATIENCE, TEST_SECONDS, Service, until

pytestmark = [pytest.mark.processes, pytest.mark.timeout(TEST_SECONDS)]

_SETTINGS = {
    "SAMPLE": "no",
    "CALL_TIMEOUT": "4",
    "LEASE": "9",
    "WORKERS": "2",
    # Each process counts the calls that do not return.
    "WEB_PROCESSES": "1",
    "PLUGINS_DIR": str(Path(__file__).with_name("plugins")),
}
#: Seconds by which an unrelated post may be late on a busy machine. A blocked call takes an hour,
#: its deadline is six seconds, a restart and a lease take ten.
_ON_TIME = 20.0
_WHERE = ("publish", "poll", "find", "render")
_BAD = [f"{where}-{how}" for where in _WHERE for how in ("block", "exit", "end")]
_CHANNEL = "  - {{name: {name}, type: badly_{how}, settings: {{where: {where}}}}}\n"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run the service with a channel for each way to misbehave."""
    service = Service(tmp_path_factory.mktemp("badly") / "s", _SETTINGS)
    try:
        service.start()
        text = "channels:\n  - {name: site, type: site, settings: {title: 试验站点}}\n"
        for name in _BAD:
            where, _, how = name.partition("-")
            text += _CHANNEL.format(name=name, where=where, how=how)
        (service.folder / "channels.yaml").write_text(text, encoding="utf-8")
        service.ask("channels", "apply", "channels.yaml")
        yield service
    finally:
        service.clean_up()


def _is_ready(service: Service) -> bool:
    try:
        return b'"ok"' in service.read("/healthz")
    except OSError:
        return False


@pytest.mark.parametrize("how", ["block", "exit", "end"])
def test_unrelated_posts_go_out_on_time(service: Service, how: str) -> None:
    """A plugin misbehaves in every method; other posts are rendered and published in time.

    Afterwards every kind of process is alive, those included that the plugin has ended.
    """
    bad = import_due(service, 8, *(f"{where}-{how}" for where in _WHERE))
    good = [import_due(service, seconds, "site") for seconds in (6, 10)]

    late = [lateness(service, slug) for slug in good]
    # Rendered after the plugin has misbehaved.
    late.append(lateness(service, import_due(service, 5, "site")))

    assert max(late) < _ON_TIME
    until("the plugin was called", lambda: service.statuses(bad)[0] != "planned")
    until("every process is back", lambda: _is_ready(service))


@pytest.fixture(scope="module")
def mei(service: Service) -> Administrator:
    """Return the administrator."""
    return Administrator(service)


def test_a_plugin_that_exits_in_a_test_send_is_an_error_of_the_channel(mei: Administrator) -> None:
    """`sys.exit` in a test send is shown, and the server that showed it goes on."""
    page = mei.test("publish-exit")

    assert "SystemExit" in page
    assert "channels" in mei.get("/channels/")


def test_test_sends_that_block_leave_the_web_server_alone(
    service: Service, mei: Administrator
) -> None:
    """During ten test sends to a plugin that blocks, other pages respond; then each is told."""
    told: list[str] = []
    senders = [
        threading.Thread(target=lambda: told.append(mei.test("publish-block"))) for _ in range(10)
    ]
    for sender in senders:
        sender.start()
    time.sleep(1)
    began = time.monotonic()
    service.read("/healthz")
    waited = time.monotonic() - began
    for sender in senders:
        sender.join(PATIENCE)

    assert waited < _ON_TIME
    assert len(told) == 10
    # The senders share a session, so that a page may show the result of another sender.
    shown = "".join([*told, mei.get("/channels/")])
    assert "没有响应" in shown
    assert "卡在之前的调用里" in shown


def test_a_plugin_that_ends_the_web_server_does_not_keep_it_down(
    service: Service, mei: Administrator
) -> None:
    """A test send ends the server's process; another serves the next requests."""
    with suppress(OSError, urllib.error.URLError):
        mei.test("publish-end")

    until("the web server is back", lambda: _is_ready(service))
    assert "publish-end" in mei.get("/channels/")


def test_a_worker_whose_sender_fails_is_replaced(service: Service) -> None:
    """A fault in the sender's thread ends the worker with status 70; the post goes out later."""
    (service.folder / "var/trap").touch()
    slug = import_due(service, 4, "site")

    until("published", lambda: service.statuses(slug) == ["published"])

    assert "action=sender_failed" in service.said()
    assert re.search(r"action=process_died.* status=70\b", service.said())
    until("every process is back", lambda: _is_ready(service))

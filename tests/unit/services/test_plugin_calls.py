"""Calls to plugins with a deadline: results, errors, calls that never return, and crowds."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from contentsvc.errors import PluginError, RejectedError
from contentsvc.services import plugin_calls
from contentsvc.services.plugin_calls import PluginCalls

_PATIENCE = 60.0


@pytest.fixture
def go_on() -> Iterator[threading.Event]:
    """Yield an event for which the blocked calls of a test wait; it is set at the end."""
    event = threading.Event()
    yield event
    event.set()


def _exit() -> None:
    raise SystemExit(3)


def _reject() -> None:
    raise RejectedError("no")


def test_a_call_gives_its_result() -> None:
    """The caller gets what the call returned."""
    assert PluginCalls().run("site", lambda: 7, _PATIENCE) == 7


@pytest.mark.parametrize(("call", "kind"), [(_exit, SystemExit), (_reject, RejectedError)])
def test_a_call_raises_its_error(call: Callable[[], None], kind: type[BaseException]) -> None:
    """The caller gets the exception of the call, `sys.exit` included, and may go on."""
    calls = PluginCalls()

    with pytest.raises(kind):
        calls.run("site", call, _PATIENCE)

    assert calls.run("site", lambda: 7, _PATIENCE) == 7


def test_a_call_that_blocks_is_left_alone(go_on: threading.Event) -> None:
    """After two calls past their deadline the channel type is refused at once; others are not."""
    calls = PluginCalls()
    asked: list[int] = []

    def block() -> None:
        asked.append(1)
        go_on.wait(_PATIENCE)

    for _ in range(2):
        with pytest.raises(PluginError, match="did not respond"):
            calls.run("hung", block, 0.02)
    with pytest.raises(PluginError, match="have not returned"):
        calls.run("hung", block, _PATIENCE)

    assert len(asked) == 2
    assert calls.run("site", lambda: 7, _PATIENCE) == 7


def test_a_plugin_that_returned_late_is_called_again(go_on: threading.Event) -> None:
    """A channel type is no longer refused once its late calls have returned."""
    calls = PluginCalls()
    for _ in range(2):
        with pytest.raises(PluginError):
            calls.run("hung", lambda: go_on.wait(_PATIENCE), 0.02)
    (*threads,) = (t for t in threading.enumerate() if t.name == "plugin hung")

    go_on.set()
    for thread in threads:
        thread.join(_PATIENCE)

    assert calls.run("hung", lambda: 7, _PATIENCE) == 7


def test_of_many_that_wait_some_give_up(
    go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If more callers wait than may, they give up early, long before the deadline."""
    monkeypatch.setattr(plugin_calls, "_SHORTEST_WAIT", 0.0)
    monkeypatch.setattr(plugin_calls, "_LOOK_EVERY", 0.01)
    calls = PluginCalls(most_waiting=1)
    refused = threading.Semaphore(0)

    def wait() -> None:
        try:
            calls.run("hung", lambda: go_on.wait(_PATIENCE), _PATIENCE)
        except PluginError:
            refused.release()

    waiters = [threading.Thread(target=wait) for _ in range(2)]
    for waiter in waiters:
        waiter.start()

    assert refused.acquire(timeout=_PATIENCE / 2)
    go_on.set()
    for waiter in waiters:
        waiter.join()


def test_a_call_that_never_returns_is_told(
    go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of the process is told of a call that has not returned long after its deadline."""
    monkeypatch.setattr(plugin_calls, "_STUCK_AFTER", 0.01)
    calls = PluginCalls()
    told = threading.Event()
    calls.on_stuck = told.set

    with pytest.raises(PluginError):
        calls.run("hung", lambda: go_on.wait(_PATIENCE), 0.01)

    assert told.wait(_PATIENCE)

"""Calls to plugins with a deadline, for threads that a plugin must not keep: requests and jobs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from contentsvc.errors import PluginError

__all__ = ["PluginCalls"]

logger = logging.getLogger(__name__)

T = TypeVar("T")

#: How many calls of one channel type may be past their deadline until further calls are refused.
_MOST_LATE = 2
#: Seconds that a caller waits at least, although many others wait.
_SHORTEST_WAIT = 4.0
#: Seconds between two looks at how many callers wait.
_LOOK_EVERY = 0.5
#: Seconds after its deadline until a call counts as one that never returns.
_STUCK_AFTER = 60.0


@dataclass(eq=False, slots=True)
class _Running(Generic[T]):
    """A call in a thread of its own, and its result."""

    call: Callable[[], T]
    ended: threading.Event = field(default_factory=threading.Event)
    result: T | None = None
    error: BaseException | None = None

    def run(self) -> None:
        try:
            self.result = self.call()
        except BaseException as error:  # noqa: BLE001 - the caller raises it again
            self.error = error
        finally:
            self.ended.set()


class PluginCalls:
    """Makes calls to plugins in threads of their own, and waits for each until its deadline.

    A thread cannot be ended. A call that never returns therefore stays until the process ends;
    `on_stuck` may end the process. Until then, its channel type is refused at once after two such
    calls, so that no caller waits for them again.
    """

    def __init__(self, most_waiting: int = 6) -> None:
        """Create an object without calls.

        If more than *most_waiting* callers wait at the same time, those who have waited for four
        seconds give up, so that a server always has threads for other requests.
        """
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._waiting = 0
        #: Calls past their deadline, by channel type.
        self._late: dict[str, set[_Running[object]]] = {}
        #: Called, in a thread, if a call has not returned a minute after its deadline.
        self.on_stuck: Callable[[], None] | None = None

    def run(self, lane: str, call: Callable[[], T], seconds: float) -> T:
        """Return the result of *call*, which uses the plugin of the channel type *lane*.

        An exception of *call*, SystemExit included, is raised again.

        Raises:
            PluginError: the call did not return within *seconds*, or earlier calls of this channel
                type have not returned. The call may still take effect.
        """
        if len(self._late_calls(lane)) >= _MOST_LATE:
            raise PluginError("plugin-hangs", channel_type=lane)
        running: _Running[T] = _Running(call)
        threading.Thread(target=running.run, name=f"plugin {lane}", daemon=True).start()
        began = time.monotonic()
        if not self._wait(running.ended, began + seconds):
            self._note_late(lane, running)
            waited = round(time.monotonic() - began, 1)
            raise PluginError("plugin-too-slow", channel_type=lane, seconds=waited)
        if running.error is not None:
            raise running.error
        return running.result  # type: ignore[return-value]  # set if there is no error

    def _wait(self, ended: threading.Event, until: float) -> bool:
        """Wait for *ended*, or until the caller must give up; return whether it is set."""
        with self._lock:
            self._waiting += 1
        shortest = time.monotonic() + _SHORTEST_WAIT
        try:
            while not ended.wait(max(0.0, min(until - time.monotonic(), _LOOK_EVERY))):
                now = time.monotonic()
                if now >= until or (now >= shortest and self._leave_if_crowded()):
                    return ended.is_set()
            return True
        finally:
            with self._lock:
                self._waiting -= 1

    def _leave_if_crowded(self) -> bool:
        """Return True, to one caller after the other, while too many of them wait."""
        with self._lock:
            return self._waiting > self._most_waiting

    def _late_calls(self, lane: str) -> set[_Running[object]]:
        """Return the calls of *lane* that are past their deadline and have not returned."""
        with self._lock:
            late = {running for running in self._late.get(lane, ()) if not running.ended.is_set()}
            self._late[lane] = late
            return late

    def _note_late(self, lane: str, running: _Running[T]) -> None:
        logger.warning(
            "A plugin does not return", extra={"action": "plugin_late", "channel_type": lane}
        )
        with self._lock:
            self._late.setdefault(lane, set()).add(running)  # type: ignore[arg-type]  # not read
        timer = threading.Timer(_STUCK_AFTER, self._judge, (lane, running))
        timer.daemon = True
        timer.start()

    def _judge(self, lane: str, running: _Running[T]) -> None:
        if running.ended.is_set():
            return
        logger.error(
            "A call to a plugin never returned", extra={"action": "plugin_stuck", "type": lane}
        )
        if self.on_stuck is not None:
            self.on_stuck()

"""Threads that make calls side by side, kept from one call to the next."""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable

__all__ = ["Callers"]

#: Seconds after which a call is no longer young: it waits for its platform and computes nothing.
#: The most holds while calls end sooner. Where they take longer anyway there is nothing to wait
#: for, and it goes down to the least, which is what a call computes before it waits.
_SHORTEST_YOUTH, _LONGEST_YOUTH = 0.002, 0.01
_SHORTER, _LONGER = 0.8, 1.25


class Callers:
    """Gives calls threads, one after the other; one that hangs holds up no other.

    Python runs one thread at a time. With sixty calls that all have something to compute, each
    costs twice what it costs alone, and whoever writes the receipts waits for all of them at every
    step. So a call begins when the one before it has ended or is no longer young, at most a
    hundredth of a second later. There are never more threads than there were calls at the same
    time, and one that ushers the calls in.
    """

    def __init__(self) -> None:
        """Begin without a thread."""
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        #: The call that is young, and when (monotonic seconds) it began.
        self._young: object | None = None
        self._young_since = 0.0
        self._youth = _LONGEST_YOUTH
        #: For the threads that wait.
        self._begun: queue.SimpleQueue[tuple[object, Callable[[], None]]] = queue.SimpleQueue()
        #: Threads that wait and that no call was promised to.
        self._idle = 0
        self._usher: threading.Thread | None = None
        self._is_ushering = False

    def run(self, call: Callable[[], None]) -> None:
        """Make *call* in a thread of its own; it must not raise."""
        with self._changed:
            self._waiting.append(call)
            self._let_in()
            if self._waiting and not self._is_ushering:
                self._call_usher()

    def _let_in(self) -> None:
        """Begin what may begin; the lock is held."""
        while one := self._next():
            if self._idle:
                self._idle -= 1
                self._begun.put(one)
            else:
                threading.Thread(
                    target=self._serve, args=one, name="plugin-call", daemon=True
                ).start()

    def _next(self) -> tuple[object, Callable[[], None]] | None:
        """Take out the call that begins now; the lock is held."""
        now = time.monotonic()
        if self._young is not None and self._young_since + self._youth <= now:
            self._outgrown()
        if not self._waiting or self._young is not None:
            return None
        self._young, self._young_since = object(), now
        return self._young, self._waiting.popleft()

    def _end(self, token: object) -> None:
        """Note that a call has ended; the lock is held."""
        if self._young is not token:
            return
        if self._young_since + self._youth <= time.monotonic():
            self._outgrown()
        else:
            self._young = None
            self._youth = min(_LONGEST_YOUTH, self._youth * _LONGER)

    def _outgrown(self) -> None:
        """Note that the call that was young is so no more, and has not ended in time."""
        self._young = None
        self._youth = max(_SHORTEST_YOUTH, self._youth * _SHORTER)

    def _serve(self, token: object, call: Callable[[], None]) -> None:
        while True:
            call()
            with self._changed:
                self._end(token)
                after = self._next()
                self._idle += after is None
            token, call = after or self._begun.get()

    def _call_usher(self) -> None:
        self._is_ushering = True
        if self._usher is None:
            self._usher = threading.Thread(target=self._lead, name="usher", daemon=True)
            self._usher.start()
        self._changed.notify()

    def _lead(self) -> None:
        """Let calls in as those before them are no longer young."""
        with self._changed:
            while True:
                self._let_in()
                self._is_ushering = bool(self._waiting)
                if self._waiting:
                    ends = self._young_since + self._youth
                    self._changed.wait(max(0.0, ends - time.monotonic()))
                else:
                    self._changed.wait()

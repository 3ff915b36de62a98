"""Threads that make calls side by side, kept from one call to the next."""

from __future__ import annotations

import queue
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

__all__ = ["Callers"]

#: Seconds after which a call is no longer young: it waits for its platform and computes nothing.
_YOUNG = 0.01
#: Young calls at once. Python runs one thread at a time: with sixty calls that all have something
#: to compute, each costs twice what it costs with four, and whoever writes the receipts waits for
#: all of them at every step.
_MOST_YOUNG = 4


class Callers:
    """Gives calls threads, a few at once; one that hangs holds up no other.

    A call waits until few calls are young, so at most some hundredths of a second. There are never
    more threads than there were calls at the same time, and one that ushers the calls in.
    """

    def __init__(self) -> None:
        """Begin without a thread."""
        self._changed = threading.Condition()
        self._waiting: deque[Callable[[], None]] = deque()
        #: When (monotonic seconds) each young call began, the oldest first.
        self._young: OrderedDict[object, float] = OrderedDict()
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
        while self._young and next(iter(self._young.values())) <= now - _YOUNG:
            self._young.popitem(last=False)
        if not self._waiting or len(self._young) >= _MOST_YOUNG:
            return None
        token = object()
        self._young[token] = now
        return token, self._waiting.popleft()

    def _serve(self, token: object, call: Callable[[], None]) -> None:
        while True:
            call()
            with self._changed:
                self._young.pop(token, None)
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
                    first = next(iter(self._young.values()))
                    self._changed.wait(max(0.0, first + _YOUNG - time.monotonic()))
                else:
                    self._changed.wait()

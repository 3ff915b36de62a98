"""Threads that make calls side by side, kept from one call to the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

__all__ = ["Callers"]


class Callers:
    """Gives each call a thread at once; one that hangs holds up nothing but its own call.

    There are never more threads than there were calls at the same time.
    """

    def __init__(self) -> None:
        """Begin without a thread."""
        self._work: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lock = threading.Lock()
        #: Threads that wait and that no call was promised to.
        self._idle = 0

    def run(self, call: Callable[[], None]) -> None:
        """Make *call* in a thread of its own; it must not raise."""
        with self._lock:
            is_one_idle = self._idle > 0
            self._idle -= is_one_idle
        self._work.put(call)
        if not is_one_idle:
            threading.Thread(target=self._serve, name="plugin-call", daemon=True).start()

    def _serve(self) -> None:
        while True:
            self._work.get()()
            with self._lock:
                self._idle += 1

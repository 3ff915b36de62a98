"""How long to wait before a process that died is restarted."""

from __future__ import annotations

__all__ = ["Backoff"]


class Backoff:
    """Computes the increasing waits before the restarts of one process, in seconds.

    The wait doubles with every death, from 0.5 to 30 seconds. A process that ran for at least a
    minute is considered healthy, and the waits start over.
    """

    FIRST = 0.5
    LONGEST = 30.0
    HEALTHY = 60.0

    def __init__(self) -> None:
        """Create a backoff. Its first wait is the shortest."""
        self._next = self.FIRST

    def after(self, lived: float) -> float:
        """Return the seconds to wait before restarting a process that ran for *lived* seconds."""
        if lived >= self.HEALTHY:
            self._next = self.FIRST
        wait, self._next = self._next, min(self.LONGEST, self._next * 2)
        return wait

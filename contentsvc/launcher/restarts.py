"""How long to wait before a process that died is started again."""

from __future__ import annotations

__all__ = ["Backoff"]


class Backoff:
    """Doubles from half a second to half a minute; a healthy minute begins anew."""

    FIRST = 0.5
    LONGEST = 30.0
    HEALTHY = 60.0

    def __init__(self) -> None:
        """Begin with the shortest wait."""
        self._next = self.FIRST

    def after(self, lived: float) -> float:
        """Return the seconds to wait after a process that lived for *lived* seconds."""
        if lived >= self.HEALTHY:
            self._next = self.FIRST
        wait, self._next = self._next, min(self.LONGEST, self._next * 2)
        return wait

"""Detects that the system clock was set, which makes expiry times unreliable for a while."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

__all__ = ["ClockWatch"]

logger = logging.getLogger(__name__)

#: Smallest difference that counts as a step. NTP slews a clock by far less between two checks.
_STEP = timedelta(seconds=5)


class ClockWatch:
    """Detects that the system clock was set, by comparing it with a monotonic clock."""

    def __init__(self, settle: timedelta, monotonic: Callable[[], float]) -> None:
        """Create a watch for which the system clock is unsteady for *settle* after it was set.

        *monotonic* returns the seconds of a clock that nobody can set.
        """
        self._settle = settle.total_seconds()
        self._monotonic = monotonic
        self._last: tuple[datetime, float] | None = None
        self._steady_from = 0.0
        #: When the clock was last set (in UTC, by the new time), and by how many seconds.
        self.stepped: tuple[datetime, float] | None = None

    def is_steady(self, now: datetime) -> bool:
        """Return False if the system clock was set recently, forward or back.

        The dispatcher calls this in every turn, since each call also checks for a step. After a
        step forward, a lease that seems to have expired may belong to a worker in the middle of its
        call.
        """
        ticks = self._monotonic()
        if self._last is not None:
            before, ticks_before = self._last
            step = (now - before).total_seconds() - (ticks - ticks_before)
            if abs(step) > _STEP.total_seconds():
                self._steady_from = ticks + self._settle
                self.stepped = (now, round(step, 3))
                logger.warning(
                    "The clock was set; leases are judged again after a while",
                    extra={"action": "clock_stepped", "seconds": round(step, 3)},
                )
        self._last = (now, ticks)
        return ticks >= self._steady_from

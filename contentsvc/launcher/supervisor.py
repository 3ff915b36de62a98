"""Keeps the processes of one machine running, and stops them in order."""

from __future__ import annotations

import logging
import selectors
import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from contentsvc.launcher.child import Child, Role

__all__ = ["Supervisor"]

logger = logging.getLogger(__name__)

#: Seconds between two looks at the processes; their output is read as it comes.
_LOOK = 0.5

#: With this status a process says that a setting keeps it from starting.
CANNOT_START = 2


class Supervisor:
    """Starts, watches, restarts and stops processes; all in one thread."""

    def __init__(self, show: Callable[[str, str], None]) -> None:
        """Hand every line of a process to *show* with its role's name."""
        self._show = show
        self._selector = selectors.DefaultSelector()
        self.children: list[Child] = []
        #: How often it was told to stop.
        self.told = 0

    def listen(self) -> None:
        """Stop on SIGINT, SIGTERM and SIGHUP; a second one stops at once.

        What is ignored already, as SIGHUP is under nohup, stays ignored.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._tell)

    def start(self, role: Role) -> Child:
        """Start a process for *role* and keep it running."""
        child = Child(role)
        self.children.append(child)
        self._launch(child)
        return child

    def run(self) -> None:
        """Keep the processes running until told to stop."""
        while not self.told:
            self.turn()

    def turn(self, seconds: float = _LOOK) -> None:
        """Show what the processes say, and start again what died and is due."""
        self._read(seconds)
        now = time.monotonic()
        for child in self.children:
            if child.ended:
                self._died(child, now)
            elif child.due_at is not None and now >= child.due_at:
                self._launch(child)

    def stop(self) -> None:
        """Stop every process, the one started last first; each gets its grace, then is killed.

        Processes whose roles' names begin alike (`worker 1`, `worker 2`) stop together.
        """
        for group in _groups(self.children):
            self._stop_group(group)
        self._selector.close()

    def _launch(self, child: Child) -> None:
        child.start(time.monotonic())
        self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _died(self, child: Child, now: float) -> None:
        lived = self._bury(child, now)
        wait = child.backoff.after(lived)
        child.due_at = now + wait
        words = "cannot start" if child.status == CANNOT_START else "died"
        logger.error(
            "%s %s: %s",
            child.role.name,
            words,
            child.last_line or "it said nothing",
            extra={
                "action": "process_died",
                "status": child.status,
                "lived_s": round(lived, 1),
                "again_in_s": wait,
            },
        )

    def _bury(self, child: Child, now: float) -> float:
        self._show_lines(child)
        if child.pipe in self._selector.get_map():
            self._selector.unregister(child.pipe)
        return child.bury(now)

    def _read(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _ in self._selector.select(seconds):
            self._show_lines(key.data)

    def _show_lines(self, child: Child) -> None:
        for line in child.lines():
            self._show(child.role.name, line)
        if child.is_mute and child.pipe in self._selector.get_map():
            # A pipe at its end would be found readable without a pause.
            self._selector.unregister(child.pipe)

    def _stop_group(self, group: Sequence[Child]) -> None:
        for child in group:
            child.due_at = None
            child.ask_to_stop()
        told = self.told
        deadline = time.monotonic() + max(child.role.grace for child in group)
        while any(child.alive for child in group):
            self._read(_LOOK / 10)
            now = time.monotonic()
            if now >= deadline or self.told > told:
                for child in group:
                    child.kill()
            for child in group:
                if child.ended:
                    self._bury(child, now)

    def _tell(self, _number: int, _frame: FrameType | None) -> None:
        self.told += 1


def _groups(children: Sequence[Child]) -> list[list[Child]]:
    groups: dict[str, list[Child]] = {}
    for child in reversed(children):
        groups.setdefault(child.role.name.split()[0], []).append(child)
    return list(groups.values())

"""Restarts the service's processes on one machine when they die, and stops them in order."""

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

#: Seconds between two checks for dead processes; their output is read as it arrives.
_CHECK_INTERVAL = 0.5

#: The exit status of a process that cannot start because of an invalid setting.
CANNOT_START = 2


class Supervisor:
    """Starts, watches, restarts and stops processes in a single thread."""

    def __init__(
        self, show: Callable[[str, str], None], run: Callable[[Sequence[str]], object]
    ) -> None:
        """Create a supervisor. It calls *show* with each line of a process's output.

        The arguments of *show* are the role of the process, such as `worker`, and the line. Each
        process calls *run* with the arguments of its `contentsvc` command.
        """
        self._show = show
        self._run = run
        self._selector = selectors.DefaultSelector()
        self.children: list[Child] = []
        #: How many signals to stop have arrived.
        self.stop_signals = 0

    def listen(self) -> None:
        """Handle SIGINT, SIGTERM and SIGHUP: the first stops all processes, the second kills them.

        A signal that is already ignored, as SIGHUP is under nohup, stays ignored.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._on_signal)

    def start(self, role: Role) -> Child:
        """Start a process for *role*. From now on it is restarted when it dies."""
        child = Child(role)
        self.children.append(child)
        self._launch(child)
        return child

    def run(self) -> None:
        """Restart processes that die, until a signal to stop arrives."""
        while not self.stop_signals:
            self.turn()

    def turn(self, seconds: float = _CHECK_INTERVAL) -> None:
        """Show output that arrives within *seconds*, and restart dead processes that are due."""
        self._read(seconds)
        now = time.monotonic()
        for child in self.children:
            if child.has_died:
                self._died(child, now)
            elif child.restart_at is not None and now >= child.restart_at:
                self._launch(child)

    def stop(self) -> None:
        """Stop all processes, in the reverse of the order in which they were started.

        Each process gets its role's grace period and is then killed. Roles whose names share the
        first word, such as `worker 1` and `worker 2`, stop together.
        """
        for group in _groups(self.children):
            self._stop_group(group)
        self._selector.close()

    def _launch(self, child: Child) -> None:
        now = time.monotonic()
        try:
            child.start(now, self._run)
        except OSError as error:
            self._was_not_started(child, str(error), now)
            return
        self._selector.register(child.pipe, selectors.EVENT_READ, child)

    def _was_not_started(self, child: Child, reason: str, now: float) -> None:
        """Schedule another start of a process that could not be forked. The others go on.

        Memory or process ids were used up.
        """
        child.deaths += 1
        child.last_line = reason
        child.restart_at = now + child.backoff.after(0)
        logger.error(
            "%s was not started: %s",
            child.role.name,
            reason,
            extra={"action": "process_not_started"},
        )

    def _died(self, child: Child, now: float) -> None:
        seconds = self._reap(child, now)
        wait = child.backoff.after(seconds)
        child.restart_at = now + wait
        event = "cannot start" if child.status == CANNOT_START else "died"
        logger.error(
            "%s %s: %s",
            child.role.name,
            event,
            child.last_line or "no output",
            extra={
                "action": "process_died",
                "status": child.status,
                "lived_s": round(seconds, 1),
                "again_in_s": wait,
            },
        )

    def _reap(self, child: Child, now: float) -> float:
        self._show_lines(child)
        if child.pipe in self._selector.get_map():
            self._selector.unregister(child.pipe)
        return child.reap(now)

    def _read(self, seconds: float) -> None:
        if not self._selector.get_map():
            time.sleep(seconds)
        for key, _ in self._selector.select(seconds):
            self._show_lines(key.data)

    def _show_lines(self, child: Child) -> None:
        for line in child.lines():
            self._show(child.role.name, line)
        if child.output_closed and child.pipe in self._selector.get_map():
            # A closed pipe is always readable, so select would never wait.
            self._selector.unregister(child.pipe)

    def _stop_group(self, group: Sequence[Child]) -> None:
        for child in group:
            child.restart_at = None
            child.ask_to_stop()
        signals_before = self.stop_signals
        deadline = time.monotonic() + max(child.role.grace for child in group)
        while any(child.is_running for child in group):
            self._read(_CHECK_INTERVAL / 10)
            now = time.monotonic()
            if now >= deadline or self.stop_signals > signals_before:
                for child in group:
                    child.kill()
            for child in group:
                if child.has_died:
                    self._reap(child, now)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.stop_signals += 1


def _groups(children: Sequence[Child]) -> list[list[Child]]:
    groups: dict[str, list[Child]] = {}
    for child in reversed(children):
        groups.setdefault(child.role.name.split()[0], []).append(child)
    return list(groups.values())

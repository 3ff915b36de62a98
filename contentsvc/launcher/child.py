"""A process that the supervisor starts and watches, such as the web server or a worker."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO

from contentsvc.launcher.forking import fork_process
from contentsvc.launcher.restarts import Backoff

__all__ = ["Child", "Role"]

#: Bytes. A longer line of output is split.
_LONGEST_LINE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Role:
    """The description of one supervised process: its name, its command and its time to stop."""

    #: The prefix of each line of its output.
    name: str
    #: The arguments of `contentsvc` that start the process.
    command: tuple[str, ...]
    #: Seconds that the process gets to stop before it is killed.
    grace: float = 10.0


@dataclass(slots=True)
class Child:
    """The running process for a role or, if it has died, the time of its restart.

    Times are monotonic seconds. A process that has ended stays unreaped until `reap` is called, so
    that the kernel cannot give its process id to another process before that.
    """

    role: Role
    #: The process's id; None unless it was started and its exit status is still to be collected.
    pid: int | None = None
    #: The pipe from which the process's output is read.
    output: IO[bytes] | None = None
    started_at: float = 0.0
    #: When the process is restarted; None while it runs.
    restart_at: float | None = None
    deaths: int = 0
    #: The exit status of the last death; negative for a signal.
    status: int = 0
    last_line: str = ""
    #: Whether the process has closed its output.
    output_closed: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    _partial_line: bytes = b""

    @property
    def pipe(self) -> IO[bytes]:
        """The pipe from which the output of the process is read."""
        assert self.output is not None
        return self.output

    @property
    def is_running(self) -> bool:
        """True if a process was started and its exit status has not been collected yet."""
        return self.pid is not None

    def start(self, now: float, run: Callable[[Sequence[str]], object]) -> None:
        """Fork the process, which then calls *run*. *now* is in monotonic seconds.

        *run* gets the role's command and the option `--parent`, which asks the kernel to kill the
        process when this one dies. It is `contentsvc.cli.main`, except in tests.
        """
        arguments = ["--parent", str(os.getpid()), *self.role.command]
        name = " ".join(["contentsvc", *self.role.command])
        readable, writable = os.pipe()
        os.set_blocking(readable, False)
        try:
            self.pid = fork_process(partial(run, arguments), name=name, output=writable)
        except OSError:
            os.close(readable)
            raise
        finally:
            os.close(writable)
        self.output = open(readable, "rb", buffering=0)  # noqa: PTH123, SIM115 - closed by `reap`
        self.started_at, self.restart_at = now, None
        self.output_closed, self._partial_line = False, b""

    def lines(self) -> list[str]:
        """Return the complete lines that the process has written since the last call."""
        with suppress(BlockingIOError):
            while block := os.read(self.pipe.fileno(), _LONGEST_LINE):
                self._partial_line += block
            self.output_closed = True
        *whole, self._partial_line = self._partial_line.split(b"\n")
        if len(self._partial_line) > _LONGEST_LINE or (self._partial_line and self.output_closed):
            whole, self._partial_line = [*whole, self._partial_line], b""
        return [self._remember(line.decode("utf-8", "replace").rstrip("\r")) for line in whole]

    def reap(self, now: float) -> float:
        """Kill the process and its session, collect its exit status, and return how long it ran.

        The result is in seconds.
        """
        assert self.pid is not None
        self.kill()
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pipe.close()
        self.pid = self.output = None
        self.deaths += 1
        return now - self.started_at

    @property
    def has_died(self) -> bool:
        """True if the process has died and its exit status has not been collected yet.

        The check does not reap the process: its id cannot be reused before `reap` has killed the
        rest of its session.
        """
        if self.pid is None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.pid, flags) is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """Kill the process and every process of its session."""
        if self.pid is not None:
            # At first the process may not have created its session yet.
            os.kill(self.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _remember(self, line: str) -> str:
        if line.strip():
            self.last_line = line.strip()
        return line

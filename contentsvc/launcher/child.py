"""A process that the supervisor starts and watches, such as the web server or a worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

from contentsvc.launcher.restarts import Backoff

__all__ = ["Child", "Role"]

#: Bytes. A longer line of output is split.
_LONGEST_LINE = 64 * 1024
#: Painting allocates and frees megabytes at a time. By default glibc does not return them to the
#: system but holds them in one heap per thread: after showing every poster once, a web server
#: used one and a half times the memory.
_MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144"}


@dataclass(frozen=True, slots=True)
class Role:
    """The description of one supervised process: its name, command and time allowed to stop."""

    #: The prefix of each line of its output.
    name: str
    #: The arguments of `contentsvc` that start the process.
    command: tuple[str, ...]
    #: Seconds that the process gets to stop before it is killed.
    grace: float = 10.0


@dataclass(slots=True)
class Child:
    """The running process of a role or, if that process has died, the time of its restart.

    Times are monotonic seconds. A process that has ended stays unreaped until `reap` is called,
    so that the kernel cannot give its process id to another process before that.
    """

    role: Role
    process: subprocess.Popen[bytes] | None = None
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
        """The pipe from which the process's output is read."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def is_running(self) -> bool:
        """Whether a process was started and its exit status has not been collected yet."""
        return self.process is not None

    def start(self, now: float, prefix: Sequence[str] | None = None) -> None:
        """Start the role's process; *now* is in monotonic seconds.

        The process runs in its own session, so that Ctrl-C reaches the supervisor only. It asks
        the kernel to kill it when this process dies (`--parent`). *prefix* replaces the command
        that runs `contentsvc`; tests use it.
        """
        command = [sys.executable, "-P", "-m", "contentsvc", "--parent", str(os.getpid())]
        self.process = subprocess.Popen(  # noqa: S603 - our own commands
            [*(prefix or command), *self.role.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=_MEMORY | os.environ,
        )
        os.set_blocking(self.pipe.fileno(), False)
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
        """Kill the process and its session, collect the exit status; return the seconds it ran."""
        assert self.process is not None
        self.kill()
        self.status = self.process.wait()
        self.pipe.close()
        self.process = None
        self.deaths += 1
        return now - self.started_at

    @property
    def has_died(self) -> bool:
        """Whether the process has died and its exit status has not been collected yet.

        The check does not reap the process: its id cannot be reused before `reap` has killed the
        rest of its session.
        """
        if self.process is None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def ask_to_stop(self) -> None:
        """Send SIGTERM to the process."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the process and every process of its session."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _remember(self, line: str) -> str:
        if line.strip():
            self.last_line = line.strip()
        return line

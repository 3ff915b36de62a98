"""One process under the supervisor."""

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

#: Bytes. A line longer than this is cut into several.
_LONGEST_LINE = 64 * 1024
#: Painting takes and gives back megabytes at a time. Left to itself glibc keeps them, in a heap for
#: each thread: a web server that had shown every poster once stayed half as large again.
_MEMORY = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "262144"}


@dataclass(frozen=True, slots=True)
class Role:
    """What a process is for."""

    #: Shown before each of its lines.
    name: str
    #: Words behind `contentsvc` that start it.
    command: tuple[str, ...]
    #: Seconds that it gets to stop by itself.
    grace: float = 10.0


@dataclass(slots=True)
class Child:
    """A role's process: the present one, and when the next is due after its death."""

    role: Role
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    #: Monotonic seconds; None while the process lives.
    due_at: float | None = None
    deaths: int = 0
    #: The exit status of the last death; negative for a signal.
    status: int = 0
    last_line: str = ""
    #: Whether nothing more can come out of the process.
    is_mute: bool = False
    backoff: Backoff = field(default_factory=Backoff)
    _rest: bytes = b""

    @property
    def pipe(self) -> IO[bytes]:
        """Return the end at which the process's lines come out."""
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout

    @property
    def alive(self) -> bool:
        """Tell whether there is a process that was not found dead."""
        return self.process is not None

    def start(self, now: float, prefix: Sequence[str] | None = None) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches the supervisor alone.

        The process asks the kernel to die with this one (`--parent`).
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
        self.started_at, self.due_at = now, None
        self.is_mute, self._rest = False, b""

    def lines(self) -> list[str]:
        """Return the whole lines that came out since the last call."""
        with suppress(BlockingIOError):
            while block := os.read(self.pipe.fileno(), _LONGEST_LINE):
                self._rest += block
            self.is_mute = True
        *whole, self._rest = self._rest.split(b"\n")
        if len(self._rest) > _LONGEST_LINE or (self._rest and self.is_mute):
            whole, self._rest = [*whole, self._rest], b""
        return [self._kept(line.decode("utf-8", "replace").rstrip("\r")) for line in whole]

    def bury(self, now: float) -> float:
        """Note the death, end what the process left behind, and return how long it lived."""
        assert self.process is not None
        self.kill()
        self.status = self.process.wait()
        self.pipe.close()
        self.process = None
        self.deaths += 1
        return now - self.started_at

    @property
    def ended(self) -> bool:
        """Tell whether the process has died and was not buried yet.

        It is left unreaped until then: its number cannot become another process's before `bury`
        has ended its session.
        """
        if self.process is None:
            return False
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, self.process.pid, flags) is not None

    def ask_to_stop(self) -> None:
        """Tell the process to end its work."""
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """End the process and all it has started at once."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def _kept(self, line: str) -> str:
        if line.strip():
            self.last_line = line.strip()
        return line

"""The real processes of the service: started, killed, suspended and restarted."""

from __future__ import annotations

import json
import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import contentsvc

__all__ = ["ROLES", "Family", "marked"]

_ROOT = Path(contentsvc.__file__).parents[1]
#: Two of each role that may run more than once.
ROLES = {
    "valkey": ("valkey",),
    "dispatcher-1": ("dispatch",),
    "dispatcher-2": ("dispatch",),
    "worker-1": ("worker",),
    "worker-2": ("worker",),
    "follow-up": ("worker", "--queue", "follow-up"),
    "render": ("worker", "--queue", "render"),
    "web": ("web",),
}


def marked(folder: Path) -> list[int]:
    """Return every running process that was started with the data folder *folder*."""
    mark = f"CONTENTSVC_DATA_DIR={folder}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                found += [int(entry.name)] if state != "Z" else []
    return found


class Nursery:
    """The process that forks the roles, and its reports about them."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Start the process."""
        self._folder = folder
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(Path(__file__).with_name("nursery.py"))],
            cwd=folder,
            env={**os.environ, **environ, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._started: queue.SimpleQueue[int] = queue.SimpleQueue()
        #: Exit statuses by process.
        self.ended: dict[int, int] = {}
        self._thread = threading.Thread(target=self._listen, name="nursery")
        self._thread.start()

    def start(self, role: str) -> int:
        """Start a role and return its process id; it logs to a file of its own."""
        wanted = {"command": ROLES[role], "log": str(self._folder / f"{role}.log")}
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._process.stdin.flush()
        return self._started.get(timeout=60)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if "started" in told:
                self._started.put(told["started"])
            else:
                self.ended[told["ended"]] = told["status"]

    def close(self) -> None:
        """End the process and everything it has forked."""
        self._process.kill()
        self._thread.join()
        self._process.wait()
        for end in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                end.close()  # type: ignore[union-attr]


@dataclass
class Family:
    """All processes of one data folder, watched by one thread."""

    folder: Path
    environ: Mapping[str, str]
    pids: dict[str, int] = field(default_factory=dict)
    #: Processes that were killed on purpose.
    killed: set[int] = field(default_factory=set)
    #: Roles that died by themselves, with their exit status.
    died: list[tuple[str, int]] = field(default_factory=list)
    #: When (monotonic seconds) each suspended role is to continue.
    still: dict[str, float] = field(default_factory=dict)
    #: Locked while processes are started, or must not be started.
    lock: threading.RLock = field(default_factory=threading.RLock)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _nursery: Nursery | None = None

    def begin(self) -> None:
        """Start every role and the watching thread: a suspended role may block the others."""
        self._nursery = Nursery(self.folder, self.environ)
        for role in ROLES:
            self.pids[role] = self._nursery.start(role)
        self._thread = threading.Thread(target=self._run, name="family")
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.wait(0.03):
            with self.lock:
                self._tend()

    def _tend(self) -> None:
        """Restart dead roles, and continue suspended roles whose time is over."""
        assert self._nursery is not None
        for role, until in list(self.still.items()):
            if time.monotonic() >= until:
                self.go_on(role)
        for role, pid in list(self.pids.items()):
            status = self._nursery.ended.get(pid)
            if status is not None:
                if pid not in self.killed:
                    self.died.append((role, status))
                self.still.pop(role, None)
                self.pids[role] = self._nursery.start(role)

    def kill(self, role: str) -> None:
        """Kill a role with SIGKILL, as the kernel does when memory runs out."""
        with self.lock:
            pid = self.pids[role]
            self.killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            self._await(pid)

    def _await(self, pid: int) -> None:
        assert self._nursery is not None
        deadline = time.monotonic() + 10
        while pid not in self._nursery.ended and time.monotonic() < deadline:
            time.sleep(0.005)

    def hold(self, role: str, seconds: float) -> None:
        """Suspend a role, as a closed laptop or an overloaded machine does."""
        with self.lock, suppress(ProcessLookupError):
            os.kill(self.pids[role], signal.SIGSTOP)
            self.still[role] = time.monotonic() + seconds

    def go_on(self, role: str) -> None:
        """Continue a suspended role."""
        with self.lock, suppress(ProcessLookupError):
            self.still.pop(role, None)
            os.kill(self.pids[role], signal.SIGCONT)

    def children(self, role: str) -> list[int]:
        """Return the processes that a role has forked."""
        pid = self.pids[role]
        with suppress(OSError):
            words = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            return [int(word) for word in words]
        return []

    def any_of(self, prefix: str, dice: random.Random) -> str:
        """Return a random role whose name begins with *prefix*."""
        return dice.choice([role for role in ROLES if role.startswith(prefix)])

    def stop(self) -> None:
        """Ask all processes to stop, Valkey last, and kill those that do not."""
        self._stopped.set()
        with self.lock:
            for role in list(self.still):
                self.go_on(role)
            for pid in reversed(self.pids.values()):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
        for pid in self.pids.values():
            self._await(pid)
        self.end()

    def end(self) -> None:
        """Kill all processes."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._nursery is not None:
            self._nursery.close()
            self._nursery = None
        for pid in marked(Path(self.environ["CONTENTSVC_DATA_DIR"])):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

"""The real service in its own folder: start it, run commands, kill and list its processes."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["PATIENCE", "TEST_SECONDS", "Service", "free_port", "until"]

#: Seconds to wait for real processes. Seven of them start within two seconds on a quiet machine,
#: and far more slowly on a busy one.
PATIENCE = 120.0
#: Seconds for a whole test. A test waits several times, at most PATIENCE each; this limit ends
#: only a test that hangs.
TEST_SECONDS = 900


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, ready: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return the first true result of *ready*.

    Raises:
        AssertionError: there was none within *seconds*; the message names *what*.
    """
    deadline = time.monotonic() + seconds
    while not (result := ready()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)
    return result


@dataclass
class Service:
    """A data folder and the processes that use it."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    #: The command line of `contentsvc`.
    command: tuple[str, ...] = (sys.executable, "-m", "contentsvc")
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0
    #: The sign-in address that the last start printed.
    link: str = ""

    @property
    def url(self) -> str:
        """Return the address of the web server."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment of every process, by which `processes` finds them."""
        kept = {name: value for name, value in os.environ.items() if "CONTENTSVC" not in name}
        own = {"DATA_DIR": str(self.folder / "var"), "PORT": str(self.port), **self.settings}
        return kept | {f"CONTENTSVC_{name}": value for name, value in own.items()}

    @property
    def log(self) -> Path:
        """Return the file with the output of the last start."""
        return self.folder / f"up-{self.starts}.log"

    def start(self) -> str:
        """Start the service, wait until it is ready, and return the sign-in address."""
        self.begin()
        until(f"ready ({self.log})", self._said_ready)
        (line,) = [line for line in self.said().splitlines() if "Sign in:" in line]
        self.link = line.split("Sign in:")[1].split()[0]
        return self.link

    def begin(self) -> None:
        """Start the service without waiting until it is ready."""
        self.starts += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*self.command, "up"],
                cwd=self.folder,
                env=self.environ,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def said(self) -> str:
        """Return the output of the last start."""
        return self.log.read_text(encoding="utf-8")

    def _said_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        return "Stop:    Ctrl-C" in self.said()

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal (SIGINT by default, as Ctrl-C does) and return the exit status."""
        assert self.process is not None
        self.process.send_signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            left, said = self.processes(), self.said()[-3000:]
            self.clean_up()
            raise AssertionError(f"not stopped; left: {left}\n{said}") from None

    def processes(self) -> dict[int, str]:
        """Return the command line of every running process of this folder, by process id."""
        mark = f"CONTENTSVC_DATA_DIR={self.folder / 'var'}".encode()
        found = {}
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                    found[int(entry.name)] = b" ".join(words).decode().strip()
            except OSError:
                continue
        return {pid: words for pid, words in found.items() if words}

    def clean_up(self) -> None:
        """Kill the processes that a failed test left."""
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        if self.process is not None:
            self.process.wait(PATIENCE)

    def run(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `contentsvc` command beside the service and return its result."""
        return subprocess.run(
            [*self.command, *words],
            cwd=self.folder,
            env=self.environ,
            input=text,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    def ask(self, *words: str) -> str:
        """Run a `contentsvc` command that must succeed, and return its output."""
        result = self.run(*words)
        assert result.returncode == 0, result.stderr
        return result.stdout

    @property
    def is_running(self) -> bool:
        """Return whether `contentsvc up` has been started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def statuses(self, calendar: str) -> list[str]:
        """Return the status of each delivery of *calendar*, read from the database itself."""
        file = self.folder / "var/contentsvc.db"
        with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
            query = """SELECT deliveries.status FROM deliveries
                JOIN entries ON entries.id = deliveries.entry_id
                JOIN calendars ON calendars.id = entries.calendar_id WHERE calendars.slug = ?"""
            return [status for (status,) in connection.execute(query, (calendar,))]

    def read(self, path: str) -> bytes:
        """Return the body of the web server's response."""
        with urllib.request.urlopen(f"{self.url}{path}", timeout=PATIENCE) as response:
            return bytes(response.read())

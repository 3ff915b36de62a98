"""The two databases, each on a small disk that can be filled and emptied."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import psycopg

__all__ = ["PostgresStore", "SqliteStore", "Store", "small_disk", "without_room"]

#: Bytes: enough for a run, and quickly filled.
_SIZE = 256 * 1024 * 1024


class Store(Protocol):
    """The database of a run."""

    #: The name in the report.
    name: str
    url: str
    disk: Path

    def processes(self) -> list[int]:
        """Return the processes of the database's own server."""

    def break_down(self, dice: random.Random) -> str:
        """Crash the server and bring it back; return how, or an empty text without a server."""

    def mend(self) -> None:
        """Start the server unless it runs."""

    def close(self) -> None:
        """Stop the server."""


class SqliteStore:
    """SQLite: a file without a server."""

    name = "SQLite"

    def __init__(self, disk: Path) -> None:
        """Put the database on *disk*."""
        self.disk = disk
        self.url = f"sqlite:///{disk / 'contentsvc.db'}"

    def processes(self) -> list[int]:
        """Do nothing: there is no server."""
        return []

    def break_down(self, dice: random.Random) -> str:
        """Do nothing: there is no server."""
        return ""

    def mend(self) -> None:
        """Do nothing: there is no server."""

    def close(self) -> None:
        """Do nothing: there is no server."""


class PostgresStore:
    """A PostgreSQL server for this run alone, so that no other test is affected."""

    name = "PostgreSQL"

    def __init__(self, disk: Path) -> None:
        """Create a cluster on *disk* and start it."""
        # It needs a runtime folder for its lock, and warns if the login did not create one.
        runtime = disk.parent / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pgserver.postgres_server import get_server

        self.disk = disk
        self._server = get_server(disk / "data", cleanup_mode="stop")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            # No fault stops the machine, so no fsync is needed; the write-ahead log stays small.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("ALTER SYSTEM SET max_wal_size = '64MB'")
            connection.execute("SELECT pg_reload_conf()")
            connection.execute("CREATE DATABASE contentsvc")
        uri = self._server.get_uri().replace("/postgres?", "/contentsvc?", 1)
        self.url = uri.replace("postgresql://", "postgresql+psycopg://", 1)

    def _postmaster(self) -> int | None:
        with suppress(OSError, ValueError, IndexError):
            return int((self._server.pgdata / "postmaster.pid").read_text().split()[0])
        return None

    def processes(self) -> list[int]:
        """Return the postmaster and its children."""
        parent = self._postmaster()
        with suppress(OSError):
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
            return [int(parent or 0), *map(int, children)]
        return []

    def break_down(self, dice: random.Random) -> str:
        """Kill a backend, which ends all others too, or restart at once as after a power cut."""
        backends = self.processes()[1:]
        if backends and dice.random() < 0.5:
            with suppress(ProcessLookupError):
                os.kill(dice.choice(backends), signal.SIGKILL)
            return "child killed"
        self._control("stop", "-m", "immediate")
        self.mend()
        return "restarted"

    def mend(self) -> None:
        """Start the server unless it runs, and wait until it accepts connections."""
        deadline = time.monotonic() + 30
        while not self._answers():
            if not self.processes():
                (self._server.pgdata / "postmaster.pid").unlink(missing_ok=True)
                self._control("start", "-l", str(self._server.log), "-o", self._options())
            if time.monotonic() > deadline:
                raise AssertionError("PostgreSQL does not come back")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._server.get_uri(), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False

    def _options(self) -> str:
        return f'-h "" -k {self._server.get_postmaster_info().socket_dir}'

    def _control(self, *words: str) -> None:
        from pgserver._commands import create_command_function

        pg_ctl = create_command_function("pg_ctl")

        with suppress(subprocess.CalledProcessError):
            user = self._server.system_user
            pg_ctl(["-w", "-t", "20", *words], pgdata=self._server.pgdata, user=user)

    def close(self) -> None:
        """Stop the server in any state."""
        self._control("stop", "-m", "immediate")
        with suppress(OSError, AssertionError):
            self._server.cleanup()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Mount a small disk if this user may, else use the folder itself."""
    folder.mkdir(exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=755", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    mounted = mounted and subprocess.run(words, capture_output=True, check=False).returncode == 0
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


@contextmanager
def without_room(disk: Path, pids: list[int]) -> Iterator[str]:
    """Fill the disk for a while; yield how it was done."""
    if disk.is_mount():
        filler = disk / "filler"
        try:
            with suppress(OSError), filler.open("wb", buffering=0) as file:
                block = b"\0" * 1024 * 1024
                for size in (len(block), 4096):
                    with suppress(OSError):
                        while True:
                            file.write(block[:size])
            yield "full"
        finally:
            filler.unlink(missing_ok=True)
        return
    yield from _limited(pids)


def _limited(pids: list[int]) -> Iterator[str]:
    """Limit the file size of all processes instead of filling a disk."""
    kept = {}
    for pid in pids:
        with suppress(OSError, ValueError):
            soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
            kept[pid] = (soft, hard)
    try:
        yield "limited"
    finally:
        for pid, limits in kept.items():
            with suppress(OSError, ValueError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

"""The two databases, each in a folder of its own that can become full, and be mended."""

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

#: Bytes; room for what a run writes, and soon full.
_SIZE = 256 * 1024 * 1024


class Store(Protocol):
    """Where a run's database is."""

    #: As the report calls it.
    name: str
    url: str
    disk: Path

    def processes(self) -> list[int]:
        """Return the processes of the database's own server."""

    def break_down(self, dice: random.Random) -> str:
        """Break the server off and bring it back; return how. Empty: it has none."""

    def mend(self) -> None:
        """Start the server where it does not run."""

    def close(self) -> None:
        """Stop the server."""


class SqliteStore:
    """A file; its locks and its log are what can break."""

    name = "SQLite"

    def __init__(self, disk: Path) -> None:
        """Keep the database on *disk*."""
        self.disk = disk
        self.url = f"sqlite:///{disk / 'contentsvc.db'}"

    def processes(self) -> list[int]:
        """There is no server."""
        return []

    def break_down(self, dice: random.Random) -> str:
        """There is no server."""
        return ""

    def mend(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing runs."""


class PostgresStore:
    """A server of the run's own, so that no other test suffers with it."""

    name = "PostgreSQL"

    def __init__(self, disk: Path) -> None:
        """Make a cluster on *disk* and start it."""
        # It keeps its lock in the runtime folder and warns where the login did not make one.
        runtime = disk.parent / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        from pgserver.postgres_server import get_server

        self.disk = disk
        self._server = get_server(disk / "data", cleanup_mode="stop")
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            # Processes are killed here, not machines, and the write-ahead log stays small.
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
        """Kill a backend, so that all others end too, or restart at once as after a power cut."""
        backends = self.processes()[1:]
        if backends and dice.random() < 0.5:
            with suppress(ProcessLookupError):
                os.kill(dice.choice(backends), signal.SIGKILL)
            return "child killed"
        self._control("stop", "-m", "immediate")
        self.mend()
        return "restarted"

    def mend(self) -> None:
        """Start the server where it does not run, and wait until it answers."""
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
        """Stop the server, whatever state it is in."""
        self._control("stop", "-m", "immediate")
        with suppress(OSError, AssertionError):
            self._server.cleanup()
        for pid in self.processes():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Give a small disk of its own where this user may mount one, else the folder itself."""
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
    """Have nothing that grows fit on the disk; give how it is done."""
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
    """Without a disk of our own: no process may write beyond the first bytes of a file."""
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

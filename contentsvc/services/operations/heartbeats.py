"""A thread that records every ten seconds that this process is alive (a heartbeat)."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from contentsvc.db.models import Heartbeat
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.runtime import Runtime

__all__ = ["HeartbeatThread", "process_name", "remove_dead_heartbeats", "remove_heartbeat"]

logger = logging.getLogger(__name__)

#: Seconds between two heartbeats; pages warn if the last one is more than 30 seconds old.
INTERVAL = 10.0


def process_name() -> str:
    """Return the name of this process: `host:pid`."""
    return f"{socket.gethostname()}:{os.getpid()}"


def remove_heartbeat(runtime: Runtime, role: str, name: str) -> None:
    """Delete a stopped process's heartbeat; otherwise pages would report the process as missing."""
    own = delete(Heartbeat).where(Heartbeat.role == role, Heartbeat.name == name)
    try:
        with runtime.database.write() as session:
            session.execute(own)
    except SQLAlchemyError as error:
        logger.warning(
            "The heartbeat was not removed: %s", error, extra={"action": "heartbeat_failed"}
        )


def remove_dead_heartbeats(session: Session) -> None:
    """Delete the heartbeats of processes of this machine that have died without doing it.

    Every process calls this when it starts, so that the page does not report a killed process as
    missing once another has replaced it. A heartbeat that is deleted by mistake, because containers
    share a host name, is back within ten seconds.
    """
    host = socket.gethostname()
    for beat in session.scalars(select(Heartbeat).where(Heartbeat.name.startswith(f"{host}:"))):
        number = beat.name.removeprefix(f"{host}:")
        if number.isdecimal() and not _is_running(int(number)):
            session.delete(beat)


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


class HeartbeatThread:
    """A context manager whose thread records every ten seconds that this process is alive."""

    def __init__(
        self, runtime: Runtime, role: str, *, detail: Callable[[], dict[str, Any]] = dict
    ) -> None:
        """Create the thread for a process with *role*. Each heartbeat also stores `detail()`."""
        self._runtime = runtime
        self._role = role
        self._detail = detail
        self._name = process_name()
        self._started_at = runtime.clock()
        self._active_at: datetime | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread; it records the first heartbeat at once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the thread and delete the heartbeat; otherwise pages would report a lost process."""
        self._stopped.set()
        self._thread.join(timeout=INTERVAL)
        remove_heartbeat(self._runtime, self._role, self._name)

    def note_activity(self) -> None:
        """Note that the process has just done its work; the next heartbeat stores the time."""
        self._active_at = self._runtime.clock()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Pause heartbeats and close all database connections while the `with` block runs.

        A process forks inside the block. A fork copies the state of SQLite and libpq, including
        locks held by other threads, and no thread in the child would ever release those locks.
        """
        with self._lock:
            self._runtime.database.close()
            yield

    def _run(self) -> None:
        is_first = True
        while True:
            with self._lock:
                self._record(is_first=is_first)
            is_first = False
            if self._stopped.wait(INTERVAL):
                return

    def _activity(self) -> dict[str, str]:
        return {"active_at": self._active_at.isoformat()} if self._active_at else {}

    def _record(self, *, is_first: bool) -> None:
        try:
            with self._runtime.database.write() as session:
                if is_first:
                    remove_dead_heartbeats(session)
                record_heartbeat(
                    session,
                    role=self._role,
                    name=self._name,
                    started_at=self._started_at,
                    now=self._runtime.clock(),
                    detail=self._detail() | self._activity(),
                )
        except SQLAlchemyError as error:
            # The process's other work reports a broken database. The next heartbeat tries again.
            logger.warning(
                "The heartbeat was not recorded: %s", error, extra={"action": "heartbeat_failed"}
            )

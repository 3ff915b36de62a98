"""Telling the system page, every few seconds, that a process is alive."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from contentsvc.db.models import Heartbeat
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.runtime import Runtime

__all__ = ["HeartbeatThread", "process_name", "remove_heartbeat"]

logger = logging.getLogger(__name__)

#: Seconds between two beats; the pages warn after thirty seconds of silence.
INTERVAL = 10.0


def process_name() -> str:
    """Return `host:pid`, by which people find this process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def remove_heartbeat(runtime: Runtime, role: str, name: str) -> None:
    """Take a process that stopped in order off the system page."""
    own = delete(Heartbeat).where(Heartbeat.role == role, Heartbeat.name == name)
    try:
        with runtime.database.write() as session:
            session.execute(own)
    except SQLAlchemyError as error:
        logger.warning("Not signed off: %s", error, extra={"action": "heartbeat_failed"})


class HeartbeatThread:
    """Beats in a thread of its own while the `with` block runs."""

    def __init__(
        self, runtime: Runtime, role: str, *, detail: Callable[[], dict[str, Any]] = dict
    ) -> None:
        """Prepare to beat for *role*; *detail* gives figures of the role's own."""
        self._runtime = runtime
        self._role = role
        self._detail = detail
        self._name = process_name()
        self._started_at = runtime.clock()
        self._stopped = threading.Event()
        self._beating = threading.Lock()
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
        """Begin to beat; the first beat comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """Beat no more, and leave no trace: a process that stopped in order is not missed."""
        self._stopped.set()
        self._thread.join(timeout=INTERVAL)
        remove_heartbeat(self._runtime, self._role, self._name)

    @contextmanager
    def still(self) -> Iterator[None]:
        """Do not record_heartbeat, and hold no connection, while the block runs: for a fork.

        A fork copies SQLite's and libpq's state as it is at that instant, locks that another
        thread holds included, and nobody in the child would ever let them go.
        """
        with self._beating:
            self._runtime.database.close()
            yield

    def _run(self) -> None:
        while True:
            with self._beating:
                self._beat()
            if self._stopped.wait(INTERVAL):
                return

    def _beat(self) -> None:
        try:
            with self._runtime.database.write() as session:
                record_heartbeat(
                    session,
                    role=self._role,
                    name=self._name,
                    started_at=self._started_at,
                    now=self._runtime.clock(),
                    detail=self._detail(),
                )
        except SQLAlchemyError as error:
            # The work itself meets the same database and says more; a beat is tried again soon.
            logger.warning("No heartbeat: %s", error, extra={"action": "heartbeat_failed"})

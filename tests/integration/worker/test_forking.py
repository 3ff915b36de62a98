"""Forks of a process with a heartbeat thread, which copy no lock or database connection."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from contentsvc.db.models import Heartbeat
from contentsvc.db.session import Database
from contentsvc.services.operations import heartbeats
from contentsvc.services.operations.heartbeats import HeartbeatThread
from tests.factories import make_runtime


@pytest.fixture
def heart(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HeartbeatThread:
    """Return a heartbeat thread that records heartbeats almost without a pause."""
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.0001)
    return HeartbeatThread(make_runtime(database, tmp_path), "worker")


def test_while_a_heart_stands_still_no_connection_is_open(
    heart: HeartbeatThread, database: Database
) -> None:
    """While the heartbeat thread is paused, no database connection is open."""
    beaten = threading.Event()
    heart._detail = lambda: beaten.set() or {}  # type: ignore[func-returns-value]
    with heart:
        for _ in range(50):
            beaten.clear()
            assert beaten.wait(10)
            with heart.paused():
                pool = database.engine.pool
                assert (pool.checkedout(), pool.checkedin()) == (0, 0)  # type: ignore[attr-defined]


def test_a_child_that_is_forked_amid_the_beats_can_write(
    heart: HeartbeatThread, database: Database
) -> None:
    """Each of many child processes writes through its own connection and exits."""
    with heart:
        for number in range(30):
            with heart.paused():
                child = os.fork()
                if child == 0:
                    os._exit(_write(database.url))
            watch = threading.Timer(20, lambda pid=child: os.kill(pid, 9))
            watch.start()
            _, status = os.waitpid(child, 0)
            watch.cancel()

            assert status == 0, f"child {number} was stuck or failed: {status}"


def _write(url: str) -> int:
    """Write once to the database, as a rendering child process does."""
    database = Database(url)
    with database.write() as session:
        session.query(Heartbeat).filter_by(role="nobody").delete()
    database.close()
    return 0

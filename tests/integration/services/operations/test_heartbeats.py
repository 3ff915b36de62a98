"""Heartbeats of processes, while they run and after they stop."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.db.models import Heartbeat
from contentsvc.db.session import Database
from contentsvc.services.delivery.dispatching import Dispatcher
from contentsvc.services.operations import heartbeats
from contentsvc.services.operations.health import record_heartbeat
from contentsvc.services.operations.heartbeats import HeartbeatThread, process_name
from contentsvc.services.runtime import Runtime
from tests.acceptance.running import until
from tests.factories import NOW, make_runtime


def _beats(runtime: Runtime) -> list[Heartbeat]:
    with runtime.database.read() as session:
        return list(session.scalars(select(Heartbeat)))


def _await_beats(runtime: Runtime) -> list[Heartbeat]:
    for _ in range(200):
        if found := _beats(runtime):
            return found
        time.sleep(0.02)
    raise AssertionError("no heartbeat")


def test_a_heartbeat_is_recorded_and_removed(database: Database, tmp_path: Path) -> None:
    """The first heartbeat is recorded at once, and deleted when the process stops in order."""
    runtime = make_runtime(database, tmp_path)

    with HeartbeatThread(runtime, "worker", detail=lambda: {"queue": "publish"}):
        (beat,) = _await_beats(runtime)
        assert (beat.role, beat.name) == ("worker", process_name())
        assert beat.detail == {"queue": "publish"}

    assert _beats(runtime) == []


def test_a_killed_process_is_forgotten_once_another_starts(
    database: Database, tmp_path: Path
) -> None:
    """Only dead processes of this machine are forgotten, by workers and dispatchers alike."""
    runtime = make_runtime(database, tmp_path)
    killed = subprocess.Popen([sys.executable, "-c", ""])
    killed.wait()
    host = socket.gethostname()
    names = {f"{host}:{killed.pid}", f"{host}:{os.getppid()}", f"other:{killed.pid}", f"{host}:x"}

    def record_all() -> None:
        with database.write() as session:
            for name in names:
                record_heartbeat(session, role="worker", name=name, started_at=NOW, now=NOW)

    def names_left() -> set[str]:
        return {beat.name for beat in _beats(runtime) if beat.name in names}

    record_all()
    with HeartbeatThread(runtime, "web"):
        until("forgotten", lambda: len(names_left()) < len(names))
        assert names_left() == names - {f"{host}:{killed.pid}"}

    record_all()
    Dispatcher(runtime, process_name()).turn(NOW)
    assert names_left() == names - {f"{host}:{killed.pid}"}


def test_heartbeats_continue_after_an_outage(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While the database is down no heartbeat is recorded; afterwards they are again."""
    monkeypatch.setattr(heartbeats, "INTERVAL", 0.02)
    runtime = make_runtime(database, tmp_path)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE heartbeats RENAME TO away")

    with HeartbeatThread(runtime, "web"):
        while "heartbeat_failed" not in [
            record.__dict__.get("action") for record in caplog.records
        ]:
            time.sleep(0.02)
        with database.engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE away RENAME TO heartbeats")
        (beat,) = _await_beats(runtime)
        assert beat.role == "web"

"""Heartbeats of processes, while they run and after they stop."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.db.models import Heartbeat
from contentsvc.db.session import Database
from contentsvc.services.operations import heartbeats
from contentsvc.services.operations.heartbeats import HeartbeatThread, process_name
from contentsvc.services.runtime import Runtime
from tests.factories import make_runtime


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

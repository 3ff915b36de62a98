"""Writers on SQLite take turns at its one lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError, OperationalError

from contentsvc.db import session
from contentsvc.db.session import Database


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    url = f"sqlite:///{tmp_path}/numbers.db"
    with closing(Database(url)) as one, closing(Database(url)) as other:
        with one.write() as opened:
            opened.execute(text("CREATE TABLE numbers (number INTEGER)"))
        yield one, other


def count(database: Database) -> int:
    with database.read() as opened:
        return int(opened.scalar(text("SELECT count(*) FROM numbers")) or 0)


def test_a_waiting_writer_writes_after_the_other(two: tuple[Database, Database]) -> None:
    """A writer that waits for less than the limit neither fails nor loses its change."""
    one, other = two
    begun = threading.Event()

    def hold() -> None:
        with one.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (1)"))
            begun.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(60)
    with other.write() as opened:
        seen = opened.scalar(text("SELECT count(*) FROM numbers"))
        opened.execute(text("INSERT INTO numbers VALUES (2)"))
    holder.join(60)

    assert seen == 1
    assert count(one) == 2


def test_many_constant_writers_lose_nothing(two: tuple[Database, Database]) -> None:
    """Every one of 200 concurrent transactions is committed."""

    def write(database: Database) -> None:
        for _ in range(50):
            with database.write() as opened:
                opened.execute(text("INSERT INTO numbers SELECT count(*) FROM numbers"))

    threads = [threading.Thread(target=write, args=(database,)) for database in (*two, *two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    with two[0].read() as opened:
        numbers = opened.scalars(text("SELECT number FROM numbers ORDER BY number")).all()
    assert numbers == list(range(200))


def test_a_lock_that_is_never_released_is_an_error(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer gives up after the limit, and its connection keeps the busy timeout.

    The clock only advances when the writer sleeps. SQLite itself does not wait in the last try,
    because its own busy timeout is 0 then.
    """
    one, other = two
    now, own_timeouts = 0.0, list[int]()

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    def before_statement(_connection: Any, cursor: Any, statement: str, *_: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            own_timeouts.extend(cursor.connection.execute("PRAGMA busy_timeout").fetchone())

    event.listen(other.engine, "before_cursor_execute", before_statement)
    monkeypatch.setattr(session, "_BUSY_TIMEOUT", 200)
    with one.write() as held, monkeypatch.context() as patched:
        patched.setattr(session, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
        held.execute(text("INSERT INTO numbers VALUES (1)"))
        with pytest.raises(OperationalError, match="locked"), other.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (2)"))

    assert now == pytest.approx(0.2, abs=0.002)
    assert own_timeouts == [0]
    with other.write() as opened:
        opened.execute(text("INSERT INTO numbers VALUES (2)"))
        timeout = opened.scalar(text("PRAGMA busy_timeout"))
    assert timeout == 200
    assert count(one) == 2


def test_a_damaged_file_is_a_database_error(tmp_path: Path) -> None:
    """Code that survives other database errors survives a damaged file as well."""
    with closing(Database(f"sqlite:///{tmp_path}/numbers.db")) as database:
        with database.write() as opened:
            opened.execute(text("CREATE TABLE numbers (number INTEGER)"))
        for path in tmp_path.iterdir():
            path.write_bytes(b"no database at all" * 10_000)

        with pytest.raises(DatabaseError), database.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (1)"))


def test_a_reader_does_not_wait_for_a_writer(two: tuple[Database, Database]) -> None:
    """A reader sees the last commit while a write transaction is open.

    A reader that needed the lock would fail, because the writer holds it until the read is over.
    """
    one, other = two
    with one.write() as held:
        held.execute(text("INSERT INTO numbers VALUES (1)"))

        assert count(other) == 0


def test_a_connection_returned_after_the_end_is_closed(database_url: str) -> None:
    """A thread that still works when the database is closed leaves no connection behind."""
    database = Database(database_url)
    with database.read() as session:
        session.execute(text("SELECT 1"))
        used: Any = session.connection().connection.dbapi_connection
        database.close()

    with database.read() as session:
        again: Any = session.connection().connection.dbapi_connection
        assert session.scalar(text("SELECT 1")) == 1

    for connection in (used, again):
        with pytest.raises(Exception, match="closed"):
            connection.execute("SELECT 1")

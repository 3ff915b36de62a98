"""Concurrent write transactions on SQLite, which share one lock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text
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


def test_whoever_waits_writes_after_the_other(two: tuple[Database, Database]) -> None:
    """A second writer waits for the first, and both rows are stored."""
    one, other = two
    begun = threading.Event()

    def hold() -> None:
        with one.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (1)"))
            begun.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    assert begun.wait(5)
    with other.write() as opened:
        seen = opened.scalar(text("SELECT count(*) FROM numbers"))
        opened.execute(text("INSERT INTO numbers VALUES (2)"))
    holder.join(5)

    assert seen == 1
    assert count(one) == 2


def test_many_that_write_all_the_time_lose_nothing(two: tuple[Database, Database]) -> None:
    """Four threads that write all the time lose no row."""

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


def test_a_lock_that_never_comes_free_is_told(
    two: tuple[Database, Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer fails after the time limit; a later write works with the usual limit."""
    one, other = two
    monkeypatch.setattr(session, "_BUSY_TIMEOUT", 200)
    with one.write() as held:
        held.execute(text("INSERT INTO numbers VALUES (1)"))
        begun = time.monotonic()
        with pytest.raises(OperationalError, match="locked"), other.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (2)"))
        waited = time.monotonic() - begun

    assert 0.2 <= waited < 5
    with other.write() as opened:
        opened.execute(text("INSERT INTO numbers VALUES (2)"))
        timeout = opened.scalar(text("PRAGMA busy_timeout"))
    assert timeout == 200
    assert count(one) == 2


def test_a_damaged_file_is_told_as_any_trouble_is(tmp_path: Path) -> None:
    """A damaged file raises a DatabaseError, as every other database failure does."""
    with closing(Database(f"sqlite:///{tmp_path}/numbers.db")) as database:
        with database.write() as opened:
            opened.execute(text("CREATE TABLE numbers (number INTEGER)"))
        for path in tmp_path.iterdir():
            path.write_bytes(b"no database at all" * 10_000)

        with pytest.raises(DatabaseError), database.write() as opened:
            opened.execute(text("INSERT INTO numbers VALUES (1)"))


def test_whoever_reads_waits_for_nobody(two: tuple[Database, Database]) -> None:
    """A reader does not wait for a writer; it sees the last committed state."""
    one, other = two
    with one.write() as held:
        held.execute(text("INSERT INTO numbers VALUES (1)"))
        begun = time.monotonic()

        assert count(other) == 0
        assert time.monotonic() - begun < 1

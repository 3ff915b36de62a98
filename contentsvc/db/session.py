"""The class Database, which connects to the database and opens read and write transactions."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, Insert, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

__all__ = ["Database"]

#: Milliseconds that a SQLite writer waits for the transaction of another writer.
_BUSY_TIMEOUT = 15_000
#: Seconds between two tries to take the write lock.
_TRY_EVERY = 0.001


class Database:
    """The service's database; `read()` and `write()` open a session with one transaction."""

    def __init__(self, url: str) -> None:
        """Create the SQLAlchemy engine for *url*, without connecting to the database."""
        self.url = url
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgres_engine(url)
        self._is_closed = False
        event.listen(self.engine, "checkin", self._drop_if_closed)

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is SQLite."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for reading; roll back any change when the `with` block ends."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session; commit it when the `with` block ends, roll it back on an exception.

        On SQLite the transaction takes the write lock when it begins. Otherwise a transaction that
        reads first and writes later could fail at its first write, regardless of its timeout.
        """
        with (
            self.engine.connect().execution_options(contentsvc_write=True) as connection,
            Session(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def insert_once(self, table: type[Any], values: dict[str, Any]) -> Insert:
        """Return an INSERT of *values* that does nothing if a row with the same key exists."""
        insert = sqlite.insert if self.is_sqlite else postgresql.insert
        return insert(table).values(**values).on_conflict_do_nothing()

    def close(self) -> None:
        """Close the pooled connections to the database, and those that threads still use later."""
        self._is_closed = True
        self.engine.dispose()

    def _drop_if_closed(self, connection: object, record: ConnectionPoolEntry) -> None:
        """Close a connection that a thread gives back after `close`; nobody else would close it."""
        if self._is_closed and connection is not None:
            record.invalidate()


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"timeout": _BUSY_TIMEOUT / 1000}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # This turns off the BEGIN of the driver; `_begin` chooses the kind of transaction.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # A receipt must survive a power failure.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("contentsvc_write"):
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_writing(connection: Connection) -> None:
    """Begin a write transaction on SQLite as soon as the write lock is free.

    SQLite itself sleeps for up to 0.1 seconds between two tries. If two workers write all the time,
    it would miss the lock again and again, and wait longer than it works.
    """
    driver: Any = connection.connection.dbapi_connection
    until = time.monotonic() + _BUSY_TIMEOUT / 1000
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_TRY_EVERY)
            else:
                return
        # The last try goes through SQLAlchemy, so that a failure raises SQLAlchemy's usual error.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT}")


def _postgres_engine(url: str) -> Engine:
    return create_engine(
        url,
        # The values in statements, such as drafts and hashes, reach no log with an error.
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "options": "-c timezone=UTC"},
    )

"""Back up a SQLite database, and put a backup in its place."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from contentsvc.db import migrate
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError

__all__ = ["Restoring", "backup", "restoring"]

logger = logging.getLogger(__name__)

_SETTING = "CONTENTSVC_DATABASE_URL"
_OPTION = "--from"
#: The files that SQLite keeps beside a database while somebody uses it.
_BESIDE = ("-wal", "-shm")
#: The first bytes of every SQLite database (https://www.sqlite.org/fileformat.html).
_MAGIC = b"SQLite format 3\0"


def backup(database: Database, target: Path) -> None:
    """Write a consistent copy of a SQLite database to *target*, even while the service uses it.

    Raises:
        ConfigError: the database is not SQLite (use `pg_dump` for PostgreSQL), or *target* exists.
    """
    if not database.is_sqlite:
        raise ConfigError(_SETTING, "backup-needs-sqlite")
    if target.exists():
        raise ConfigError("--to", "backup-file-exists", file=str(target))
    connection = database.engine.raw_connection()
    try:
        # SQLite keeps the mode of an empty file.
        target.touch(mode=0o600, exist_ok=False)
        with closing(sqlite3.connect(target)) as copy:
            assert isinstance(connection.driver_connection, sqlite3.Connection)
            connection.driver_connection.backup(copy)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Restoring:
    """A copy of a backup that is about to replace the database."""

    #: The copy, migrated to the schema of this version.
    database: Database
    #: The file to which the present database is renamed; None if there is none.
    replaced: Path | None


@contextmanager
def restoring(url: str, source: Path, now: datetime) -> Iterator[Restoring]:
    """Yield a copy of the backup *source*; it replaces the database at *url* after the block.

    The present database is kept under another name. If the block raises an exception, nothing is
    replaced. The service must not run.

    Raises:
        ConfigError: *url* is not SQLite, *source* is no backup of this service or is damaged, or
            somebody uses the database.
        DatabaseTooNewError: a newer version of contentsvc wrote the backup.
    """
    file = make_url(url).database
    if not url.startswith("sqlite") or not file:
        raise ConfigError(_OPTION, "restore-needs-sqlite")
    target = Path(file).absolute()
    if target.exists() and target.samefile(source):
        raise ConfigError(_OPTION, "restore-same-file", file=str(source))
    copy = target.with_name(f"{target.name}.restoring")
    replaced = target.with_name(f"{target.name}.{now:%Y%m%d-%H%M%S}")
    _delete(copy)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        copy.touch(mode=0o600, exist_ok=False)
        _copy(source, copy)
        with closing(Database(f"sqlite:///{copy}")) as database:
            if migrate.current_revision(database) is None:
                raise ConfigError(_OPTION, "restore-not-a-backup", file=str(source))
            migrate.upgrade(database)
            yield Restoring(database, replaced if target.exists() else None)
        _settle(copy)
        if target.exists():
            _put_aside(target, replaced)
        copy.replace(target)
    finally:
        _delete(copy)


def _copy(source: Path, target: Path) -> None:
    # Without a log beside it nobody uses the file; as immutable, SQLite writes nothing beside it.
    has_log = source.with_name(f"{source.name}-wal").exists()
    uri = f"{source.absolute().as_uri()}?{'mode=ro' if has_log else 'immutable=1'}"
    try:
        with (
            closing(sqlite3.connect(uri, uri=True)) as reading,
            closing(sqlite3.connect(target)) as writing,
        ):
            (health,) = reading.execute("PRAGMA quick_check(1)").fetchone()
            if health != "ok":
                raise ConfigError(_OPTION, "restore-damaged", file=str(source), reason=health)
            reading.backup(writing)
    except sqlite3.Error as error:
        raise ConfigError(
            _OPTION, "restore-damaged", file=str(source), reason=str(error)
        ) from error
    target.chmod(0o600)


def _put_aside(target: Path, replaced: Path) -> None:
    """Rename the database *target* to *replaced*, with everything that was written to it."""
    try:
        # SQLite would delete the log of a file that is no database.
        if _is_database(target):
            _settle(target)
    except sqlite3.OperationalError as error:
        raise ConfigError(_SETTING, "restore-in-use") from error
    except sqlite3.DatabaseError:
        # It is damaged, which may be why a backup is restored.
        logger.warning("The replaced database is damaged", extra={"action": "database_damaged"})
    for ending in _BESIDE:
        # A log that stayed behind would be applied to the backup.
        beside = target.with_name(target.name + ending)
        if beside.exists():
            beside.rename(replaced.with_name(replaced.name + ending))
    target.rename(replaced)


def _is_database(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def _settle(file: Path) -> None:
    """Merge SQLite's write-ahead log into the database *file*, then delete the log.

    Raises:
        sqlite3.OperationalError: somebody uses the database.
        sqlite3.DatabaseError: the file is damaged.
    """
    with closing(sqlite3.connect(file, timeout=1)) as connection:
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise sqlite3.OperationalError("the log is in use")
    with file.open("rb") as written:
        os.fsync(written.fileno())


def _delete(file: Path) -> None:
    for ending in ("", "-journal", *_BESIDE):
        file.with_name(file.name + ending).unlink(missing_ok=True)

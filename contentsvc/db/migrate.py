"""Migrates the database to the schema of this version of contentsvc."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError

from contentsvc.db.session import Database
from contentsvc.errors import ConfigError, DatabaseTooNewError

__all__ = ["check", "current_revision", "head_revision", "upgrade"]

_SETTING = "CONTENTSVC_DATABASE_URL"


_MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def _revisions() -> tuple[str, ...]:
    """Return the ids of all schema revisions, oldest first, from the migrations' file names.

    Every process needs them when it starts, and Alembic takes 0.2 seconds to import.
    """
    files = sorted((_MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    return tuple(file.name.partition("_")[0] for file in files)


def head_revision() -> str:
    """Return the id of the schema revision that this version of contentsvc needs."""
    return _revisions()[-1]


def current_revision(database: Database) -> str | None:
    """Return the id of the schema revision of *database*; None if the database is empty.

    Raises:
        ConfigError: the database cannot be reached, or the file is not a database.
    """
    try:
        with database.engine.connect() as connection:
            return _revision_of(connection)
    except (DBAPIError, sqlite3.Error) as error:
        reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
        raise ConfigError(_SETTING, "database-not-opened", reason=reason) from error


def _revision_of(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def check(database: Database) -> None:
    """Raise ConfigError unless *database* has the schema of this version of contentsvc."""
    current = current_revision(database)
    if current == head_revision():
        return
    _refuse_newer(current)
    raise ConfigError(_SETTING, "database-too-old")


def upgrade(database: Database) -> bool:
    """Migrate *database* to the schema of this version; return False if it has that schema already.

    Raises:
        DatabaseTooNewError: a newer contentsvc has migrated the database; nothing was changed.
    """
    _create_private_file(database)
    current = current_revision(database)
    if current == head_revision():
        return False
    _refuse_newer(current)
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with database.engine.connect().execution_options(contentsvc_write=True) as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, "head")
    return True


def _create_private_file(database: Database) -> None:
    """Create the file of a new SQLite database, so that only its owner may read it.

    SQLite gives its other files the mode of this one.
    """
    file = database.engine.url.database
    if database.is_sqlite and file:
        # If the folder is missing, opening the database raises a clearer error.
        with suppress(OSError):
            Path(file).touch(mode=0o600, exist_ok=False)


def _refuse_newer(current: str | None) -> None:
    if current is not None and current not in _revisions():
        raise DatabaseTooNewError(_SETTING, "database-too-new", revision=current)

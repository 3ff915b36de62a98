"""Migrations, on SQLite and PostgreSQL."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from contentsvc.db import migrate
from contentsvc.db.models import Base
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError, DatabaseTooNewError


def test_migrations_make_the_tables_that_the_models_want(database: Database) -> None:
    """The schema of a migrated database equals that of the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)

        assert compare_metadata(context, Base.metadata) == []


def test_the_files_are_named_as_alembic_orders_them() -> None:
    """The revisions in the file names are those of Alembic, in the same order."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)

    assert migrate.head_revision() == scripts.get_current_head()
    ordered = reversed([script.revision for script in scripts.walk_revisions()])
    assert list(ordered) == list(migrate._revisions())


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second upgrade finds the database up to date."""
    assert migrate.upgrade(database) is False


def test_an_empty_database_asks_to_be_upgraded(tmp_path: Path) -> None:
    """The error for an unmigrated database names the command to run."""
    with (
        closing(Database(f"sqlite:///{tmp_path / 'new.db'}")) as database,
        pytest.raises(ConfigError, match="contentsvc db upgrade"),
    ):
        migrate.check(database)


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    """A database that a newer version has migrated is refused and not changed."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseTooNewError, match="newer contentsvc"):
        migrate.upgrade(database)

    assert migrate.current_revision(database) == "9999"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """The error for a text file instead of a database names the setting."""
    path = tmp_path / "contentsvc.db"
    path.write_text("not a database at all, but long enough to be read as one" * 40)
    with (
        closing(Database(f"sqlite:///{path}")) as database,
        pytest.raises(ConfigError, match=r"CONTENTSVC_DATABASE_URL.+not a database"),
    ):
        migrate.upgrade(database)


def test_deliveries_of_an_earlier_version_know_when_they_were_first_sent(tmp_path: Path) -> None:
    """Migration 0003 takes it from their attempts, and renames the action `check` to `poll`."""
    file = tmp_path / "old.db"
    sqlite_url = f"sqlite:///{file}"
    with closing(Database(sqlite_url)) as database:
        _upgrade_to(database, "0002")
    with closing(sqlite3.connect(file)) as connection, connection:
        for number, count in ((1, 2), (2, 0)):
            _insert(
                connection,
                "deliveries",
                id=number,
                entry_id=1,
                channel_id=number,
                notice="",
                key=number,
                status="unknown",
                attempt_count=count,
                in_doubt=1,
                fence=1,
                **dict.fromkeys(["due_at", "next_at", "useful_until"], "2026-11-26 12:00:00"),
                **dict.fromkeys(["created_at", "updated_at"], "2026-11-26 12:00:00"),
                error="",
            )
        for minute, action in ((1, "publish"), (2, "publish"), (3, "check")):
            started_at = f"2026-11-26 12:0{minute}:00.000000"
            _insert(
                connection,
                "attempts",
                delivery_id=1,
                number=1,
                fence=1,
                action=action,
                worker="w",
                started_at=started_at,
                words="",
            )

    with closing(Database(sqlite_url)) as database:
        assert migrate.upgrade(database) is True

    with closing(sqlite3.connect(file)) as connection:
        sent = connection.execute("SELECT first_sent_at, follow_ups FROM deliveries ORDER BY id")
        assert sent.fetchall() == [("2026-11-26 12:01:00.000000", 0), (None, 0)]
        actions = connection.execute("SELECT action FROM attempts ORDER BY id")
        assert [action for (action,) in actions] == ["publish", "publish", "poll"]


def _upgrade_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    with database.engine.connect().execution_options(contentsvc_write=True) as connection:
        config.attributes["connection"] = connection
        with connection.begin():
            command.upgrade(config, revision)


def _insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    marks = ", ".join("?" * len(values))
    connection.execute(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values())
    )

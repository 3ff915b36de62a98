"""Migrations, on both databases."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
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
    """A migrated database differs in nothing from the models."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)

        assert compare_metadata(context, Base.metadata) == []


def test_the_files_are_named_as_alembic_orders_them() -> None:
    """The version that every process asks for at its start is the one that is migrated to."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    scripts = ScriptDirectory.from_config(config)

    assert migrate.head_revision() == scripts.get_current_head()
    ordered = reversed([script.revision for script in scripts.walk_revisions()])
    assert list(ordered) == list(migrate._revisions())


def test_migrating_twice_changes_nothing(database: Database) -> None:
    """The second upgrade has nothing to do."""
    assert migrate.upgrade(database) is False


def test_an_empty_database_asks_to_be_upgraded(tmp_path: Path) -> None:
    """A role that starts on an unmigrated database says which command to run."""
    with (
        closing(Database(f"sqlite:///{tmp_path / 'new.db'}")) as database,
        pytest.raises(ConfigError, match="contentsvc db upgrade"),
    ):
        migrate.check(database)


def test_a_newer_database_is_refused_and_left_alone(database: Database) -> None:
    """A database that a newer version has migrated is named as such and not touched."""
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(DatabaseTooNewError, match="newer contentsvc"):
        migrate.upgrade(database)

    assert migrate.current_revision(database) == "9999"


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A text file in the database's place is told in one line."""
    path = tmp_path / "contentsvc.db"
    path.write_text("not a database at all, but long enough to be read as one" * 40)
    with (
        closing(Database(f"sqlite:///{path}")) as database,
        pytest.raises(ConfigError, match=r"CONTENTSVC_DATABASE_URL.+not a database"),
    ):
        migrate.upgrade(database)


def test_a_backup_is_a_database_of_its_own(sqlite_url: str, tmp_path: Path) -> None:
    """The copy opens and has every table; an existing file is never overwritten."""
    target = tmp_path / "copy.db"
    with closing(Database(sqlite_url)) as database:
        migrate.backup(database, target)
        with pytest.raises(ConfigError, match="exists already"):
            migrate.backup(database, target)

    with closing(sqlite3.connect(target)) as copy:
        tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}

    assert set(Base.metadata.tables) <= tables

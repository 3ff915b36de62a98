"""Backups of a SQLite database, and the ways in which restoring one can fail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contentsvc.db import backups, migrate
from contentsvc.db.models import Base
from contentsvc.db.session import Database
from contentsvc.errors import ConfigError

NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


def _mark(file: Path, mark: str) -> None:
    """Write *mark* into the database *file*."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO switches VALUES (?, '', 'mei', '2026-11-25')", (mark,))


def _marks(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM switches")}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Return a database marked `new` and its backup, made before the mark."""
    target, source = tmp_path / "contentsvc.db", tmp_path / "backup.db"
    with closing(Database(f"sqlite:///{target}")) as database:
        migrate.upgrade(database)
        backups.backup(database, source)
    _mark(target, "new")
    return target, source


def test_a_backup_is_a_database_of_its_own(sqlite_url: str, tmp_path: Path) -> None:
    """The backup is a database with every table; an existing file is never overwritten."""
    target = tmp_path / "copy.db"
    with closing(Database(sqlite_url)) as database:
        backups.backup(database, target)
        with pytest.raises(ConfigError, match="exists already"):
            backups.backup(database, target)

    with closing(sqlite3.connect(target)) as copy:
        tables = {row[0] for row in copy.execute("SELECT name FROM sqlite_master")}

    assert set(Base.metadata.tables) <= tables


def test_a_backup_replaces_the_database_which_is_kept(files: tuple[Path, Path]) -> None:
    """What the block writes is restored with it; the replaced database keeps its latest writes."""
    target, source = files

    with backups.restoring(f"sqlite:///{target}", source, NOW) as restoring:
        with restoring.database.write() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO switches VALUES ('restored', '', 'mei', '2026-11-25')"
            )
        assert _marks(target) == {"new"}

    assert _marks(target) == {"restored"}
    assert restoring.replaced == target.with_name("contentsvc.db.20261125-123000")
    assert _marks(restoring.replaced) == {"new"}
    assert _marks(source) == set()
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_backup_is_restored_where_no_database_is(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    """On a new machine the data folder does not exist yet."""
    target = tmp_path / "new/var/contentsvc.db"

    with backups.restoring(f"sqlite:///{target}", files[1], NOW) as restoring:
        pass

    assert restoring.replaced is None
    assert _marks(target) == set()


def test_a_damaged_database_is_replaced(files: tuple[Path, Path]) -> None:
    """Damage is why backups are restored; the damaged file and its log are kept."""
    target, source = files
    target.write_bytes(b"not a database at all" * 100)
    target.with_name(f"{target.name}-wal").write_bytes(b"half a log")

    with backups.restoring(f"sqlite:///{target}", source, NOW) as restoring:
        pass

    assert _marks(target) == set()
    assert restoring.replaced is not None
    assert restoring.replaced.read_bytes().startswith(b"not a database")
    assert Path(f"{restoring.replaced}-wal").read_bytes() == b"half a log"


def _no_database(source: Path) -> None:
    source.write_bytes(b"an early morning, and no database" * 50)


def _torn(source: Path) -> None:
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])


def _other_program(source: Path) -> None:
    source.unlink()
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("CREATE TABLE notes (text)")


def _newer(source: Path) -> None:
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


@pytest.mark.parametrize(
    ("harm", "message"),
    [
        (_no_database, "--from: .*backup.db cannot be read as a database"),
        (_torn, "--from: .*backup.db cannot be read as a database"),
        (_other_program, "--from: .*backup.db is not a backup of contentsvc"),
        (_newer, "newer contentsvc"),
    ],
)
def test_an_unusable_backup_replaces_nothing(
    harm: Callable[[Path], None], message: str, files: tuple[Path, Path]
) -> None:
    """The error names the option and the file; the database stays as it was."""
    target, source = files
    harm(source)

    with (
        pytest.raises(ConfigError, match=message),
        backups.restoring(f"sqlite:///{target}", source, NOW),
    ):
        pass

    assert _marks(target) == {"new"}
    assert {file.name for file in target.parent.iterdir()} == {target.name, source.name}


def test_nothing_is_replaced_after_an_error(files: tuple[Path, Path]) -> None:
    """The deliveries could not be settled: the database stays as it was."""
    target, source = files

    with (
        pytest.raises(RuntimeError),
        backups.restoring(f"sqlite:///{target}", source, NOW),
    ):
        raise RuntimeError

    assert _marks(target) == {"new"}
    assert {file.name for file in target.parent.iterdir()} == {target.name, source.name}


def test_a_database_in_use_is_not_replaced(files: tuple[Path, Path]) -> None:
    """A process that has it open would go on with the old file."""
    target, source = files

    with closing(sqlite3.connect(target)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("SELECT * FROM switches").fetchall()
        with (
            pytest.raises(ConfigError, match="a process still uses the database"),
            backups.restoring(f"sqlite:///{target}", source, NOW),
        ):
            pass

    assert _marks(target) == {"new"}


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:p@127.0.0.1:1/x", "sqlite://"])
def test_other_databases_have_tools_of_their_own(url: str, files: tuple[Path, Path]) -> None:
    """The error says what to do with PostgreSQL, without the address and its password."""
    with (
        pytest.raises(ConfigError, match=r"pg_restore.+without --from") as error,
        backups.restoring(url, files[1], NOW),
    ):
        pass

    assert "u:p" not in str(error.value)


def test_a_database_is_no_backup_of_itself(files: tuple[Path, Path]) -> None:
    """The error names the file."""
    target, _ = files

    with (
        pytest.raises(ConfigError, match="is the database itself"),
        backups.restoring(f"sqlite:///{target}", target, NOW),
    ):
        pass

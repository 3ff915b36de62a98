"""A PostgreSQL database is restored as docs/operations.md says, with PostgreSQL's own programs."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from importlib import resources
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, select, update

from contentsvc.cli import main
from contentsvc.db.models import Delivery, Entry
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.ports import system_clock
from tests.factories import make_calendar, make_channel, make_entry, make_runtime

_GUIDE = Path(__file__).parents[3] / "docs/operations.md"


@pytest.fixture
def empty_url(postgres_server: str, postgres_url: str) -> Iterator[str]:
    """Give the address of a new, empty PostgreSQL database beside the one of `postgres_url`."""
    name = f"{make_url(postgres_url).database}_restored"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _run_from_guide(program: str, **values: str) -> None:
    """Run the command of *program* in the guide, with its names replaced by *values*."""
    found = re.search(rf"^ *{program} .*$", _GUIDE.read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    words = found[0].split()
    for name, value in values.items():
        words = [word.replace(name, value) for word in words]
    programs = resources.files("pgserver") / "pginstall/bin"
    subprocess.run([str(programs / words[0]), *words[1:]], check=True, timeout=120)


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _plan(database: Database, folder: Path) -> None:
    """Plan a delivery that is due in a minute, and one that is due tomorrow."""
    runtime = make_runtime(database, folder)
    make_channel(runtime)
    calendar = make_calendar(runtime)
    with_delay = {"soon": timedelta(minutes=1), "tomorrow": timedelta(days=1)}
    for key, delay in with_delay.items():
        entry = make_entry(runtime, calendar, key=key, title=key)
        _change(database, entry.key, due_at=system_clock() + delay)


def _change(database: Database, key: str, **values: object) -> None:
    entry = select(Entry.id).where(Entry.key == key).scalar_subquery()
    with database.write() as session:
        session.execute(update(Delivery).where(Delivery.entry_id == entry).values(**values))


def test_a_restored_postgresql_database_publishes_nothing_twice(
    postgres_url: str,
    empty_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What was due since the backup is unknown; what is due later is published as planned."""
    file = str(tmp_path / "backup.dump")
    with closing(Database(postgres_url)) as database:
        _plan(database, tmp_path)
        _run_from_guide("pg_dump", FILE=file, ADDRESS=_libpq(postgres_url))
        _change(database, "soon", status=DeliveryStatus.PUBLISHED)

    _run_from_guide("pg_restore", FILE=file, ADDRESS=_libpq(empty_url))
    with closing(Database(empty_url)) as database:
        # The minute has passed.
        _change(database, "soon", due_at=system_clock() - timedelta(seconds=1))
    monkeypatch.setenv("CONTENTSVC_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CONTENTSVC_DATABASE_URL", _libpq(empty_url))
    with pytest.raises(SystemExit) as ended:
        main(["db", "restore"])

    assert not ended.value.code
    assert "deliveries that may be out since: 1" in capsys.readouterr().out
    with closing(Database(empty_url)) as database, database.read() as session:
        query = select(Entry.key, Delivery.status, Delivery.in_doubt).join(Delivery.entry)
        found = {key: (status, in_doubt) for key, status, in_doubt in session.execute(query)}
    assert found == {
        "soon": (DeliveryStatus.UNKNOWN, True),
        "tomorrow": (DeliveryStatus.PLANNED, False),
    }

"""The application on a fresh database, and clients that are signed in."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from contentsvc import assembly
from contentsvc.app import create_app
from contentsvc.channels.hosting import Registry
from contentsvc.config import Config, shipped
from contentsvc.db.models import Base
from contentsvc.db.session import Database
from contentsvc.domain.weeks import IsoWeek
from contentsvc.services import accounts
from contentsvc.services.calendar_files import calendar_folder
from contentsvc.services.planning import Usefulness
from contentsvc.services.runtime import Runtime
from tests.catalogues import compile_catalogues
from tests.factories import cached_plugins, make_config, save_channel, share_statements
from tests.lock_guard import LockGuard
from tests.quick_apps import create_apps_quickly
from tests.web.people import NOW, PASSWORD, WEEK, Clock, Person

_SAMPLE = "baby-benefits.yaml"


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    compile_catalogues()


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the application."""
    return Clock()


@pytest.fixture
def calendars_dir(tmp_path: Path) -> Path:
    """Return a calendars folder with a dated file, a template and a broken file."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    shutil.copy(shipped("calendars") / _SAMPLE, folder)
    (folder / "broken.yaml").write_text("calendar: broken\nentries: [", encoding="utf-8")
    return folder


@pytest.fixture(autouse=True)
def _quick_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    create_apps_quickly(monkeypatch)


@pytest.fixture(autouse=True)
def _lock_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test if a write transaction contains slow work."""
    guard = LockGuard()
    guard.install(monkeypatch)
    yield
    assert guard.faults == []


@pytest.fixture
def runtime(
    tmp_path: Path, sqlite_url: str, redis_url: str, calendars_dir: Path, clock: Clock
) -> Iterator[Runtime]:
    """Yield the parts of a process with an empty database."""
    config = Config.from_env(
        {
            "CONTENTSVC_DATA_DIR": str(tmp_path / "var"),
            "CONTENTSVC_DATABASE_URL": sqlite_url,
            "CONTENTSVC_REDIS_URL": redis_url,
            "CONTENTSVC_CALENDARS_DIR": str(calendars_dir),
            "CONTENTSVC_MAX_UPLOAD_MB": "2",
            "CONTENTSVC_WEB_PROCESSES": "1",
        }
    )
    parts = assembly.assemble(config)
    with closing(parts.database):
        share_statements(parts.database)
        yield replace(parts, clock=clock)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """Return the application."""
    return create_app(runtime)


@pytest.fixture
def anonymous(app: Flask) -> FlaskClient:
    """Return a client that is not signed in."""
    return app.test_client()


@pytest.fixture
def mei(runtime: Runtime, app: Flask) -> Person:
    """Return a signed-in admin."""
    password_hash = accounts.hash_password(PASSWORD)
    with runtime.database.write() as session:
        accounts.create_user(
            session, name="mei", password_hash=password_hash, is_admin=True, now=NOW
        )
    return Person(app)


@pytest.fixture
def wang(runtime: Runtime, app: Flask) -> Person:
    """Return a signed-in user without a role."""
    password_hash = accounts.hash_password(PASSWORD)
    with runtime.database.write() as session:
        accounts.create_user(
            session, name="wang", password_hash=password_hash, is_admin=False, now=NOW
        )
    return Person(app, "wang")


@pytest.fixture(scope="session")
def _sample_week(tmp_path_factory: pytest.TempPathFactory, _sqlite_template: Path) -> Path:
    """Return a database whose only rows are those of the sample calendar and its channel."""
    folder = tmp_path_factory.mktemp("sample")
    path = Path(shutil.copy(_sqlite_template, folder / "sample.db"))
    config = make_config(folder)
    registry = cached_plugins(config.plugin_folders())
    with closing(Database(f"sqlite:///{path}")) as database, database.write() as session:
        _import_sample(session, registry, config)
    return path


def _import_sample(session: Session, registry: Registry, config: Config) -> None:
    """Create the channel `site` and import the sample calendar into the week of the clock."""
    save_channel(
        session,
        registry,
        name="site",
        type="site",
        settings={},
        secret_key=config.secret_key,
        now=NOW,
    )
    calendar_folder.import_from_folder(
        session,
        calendar_folder.read_from_folder(shipped("calendars"), _SAMPLE),
        now=NOW,
        by="sample",
        usefulness=Usefulness.of(config),
        week=IsoWeek.parse(WEEK),
    )


@pytest.fixture
def sample(runtime: Runtime, _sample_week: Path) -> str:
    """Import the sample calendar into the week of the clock and return its slug.

    The rows are copied, which takes a hundredth of the time of the import.
    """
    if not runtime.database.is_sqlite:
        with runtime.database.write() as session:
            _import_sample(session, runtime.registry, runtime.config)
        return _SAMPLE.removesuffix(".yaml")
    path = runtime.database.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS sample", (str(_sample_week),))
        connection.execute("BEGIN IMMEDIATE")
        for table in Base.metadata.tables:
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM sample.{table}")
        connection.execute("COMMIT")
    return _SAMPLE.removesuffix(".yaml")

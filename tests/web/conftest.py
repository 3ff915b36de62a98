"""The application on a fresh database, and clients that are signed in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from contentsvc import assembly
from contentsvc.app import create_app
from contentsvc.config import Config, shipped
from contentsvc.domain.weeks import IsoWeek
from contentsvc.services import accounts
from contentsvc.services.calendar_files import calendar_folder
from contentsvc.services.planning import Usefulness
from contentsvc.services.runtime import Runtime
from tests.catalogues import compile_catalogues
from tests.factories import save_channel, share_statements
from tests.lock_guard import LockGuard
from tests.quick_apps import create_apps_quickly
from tests.web.people import NOW, PASSWORD, WEEK, Clock, Person


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
    sample = (shipped("calendars") / "baby-benefits.yaml").read_text(encoding="utf-8")
    (folder / "baby-benefits.yaml").write_text(sample, encoding="utf-8")
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
    """Return a signed-in member."""
    password_hash = accounts.hash_password(PASSWORD)
    with runtime.database.write() as session:
        accounts.create_user(
            session, name="wang", password_hash=password_hash, is_admin=False, now=NOW
        )
    return Person(app, "wang")


@pytest.fixture
def sample(runtime: Runtime, calendars_dir: Path) -> str:
    """Import the sample calendar into the week of the clock and return its slug."""
    with runtime.database.write() as session:
        save_channel(
            session,
            runtime.registry,
            name="site",
            type="site",
            settings={},
            secret_key=runtime.config.secret_key,
            now=NOW,
        )
        report = calendar_folder.import_from_folder(
            session,
            calendar_folder.read_from_folder(calendars_dir, "baby-benefits.yaml"),
            now=NOW,
            by="sample",
            usefulness=Usefulness.of(runtime.config),
            week=IsoWeek.parse(WEEK),
        )
    return report.calendar

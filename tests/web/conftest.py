"""The application on a fresh database, and clients that are signed in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contentsvc.app import create_app
from contentsvc.assembly import assemble
from contentsvc.config import Config, shipped
from contentsvc.domain.weeks import IsoWeek
from contentsvc.services import accounts, calendar_folder, channels
from contentsvc.services.planning import Windows
from contentsvc.services.runtime import Runtime

PASSWORD = "eight-or-more"
#: A Tuesday, 09:00 in Shanghai, in 2026-W48.
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
WEEK = "2026-W48"


class Clock:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the application."""
    return Clock()


@pytest.fixture
def calendars_dir(tmp_path: Path) -> Path:
    """Return an own calendars folder with one dated file, one template and one broken file."""
    folder = tmp_path / "calendars"
    folder.mkdir()
    sample = (shipped("calendars") / "baby-benefits.yaml").read_text(encoding="utf-8")
    (folder / "baby-benefits.yaml").write_text(sample, encoding="utf-8")
    (folder / "broken.yaml").write_text("calendar: broken\nentries: [", encoding="utf-8")
    return folder


@pytest.fixture
def runtime(
    tmp_path: Path, sqlite_url: str, redis_url: str, calendars_dir: Path, clock: Clock
) -> Iterator[Runtime]:
    """Give the parts of a process with an empty database."""
    config = Config.from_env(
        {
            "CONTENTSVC_DATA_DIR": str(tmp_path / "var"),
            "CONTENTSVC_DATABASE_URL": sqlite_url,
            "CONTENTSVC_REDIS_URL": redis_url,
            "CONTENTSVC_CALENDARS_DIR": str(calendars_dir),
            "CONTENTSVC_MAX_UPLOAD_MB": "2",
        }
    )
    parts = assemble(config)
    with closing(parts.database):
        yield replace(parts, clock=clock)


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    """Return the application."""
    return create_app(runtime)


@pytest.fixture
def anonymous(app: Flask) -> FlaskClient:
    """Return a client of nobody."""
    return app.test_client()


class Person:
    """A signed-in client that sends the forms' tokens, as a browser does."""

    def __init__(self, app: Flask, name: str = "mei") -> None:
        self.client = app.test_client()
        self.name = name
        self.post("/sign-in", {"name": name, "password": PASSWORD})

    def token(self) -> str:
        page = self.client.get("/help").get_data(as_text=True)
        if 'name="csrf_token"' not in page:
            page = self.client.get("/sign-in").get_data(as_text=True)
        return token_in(page)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **kwargs)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (answer.status_code, answer.get_data(as_text=True)[:2000])
        return answer.get_data(as_text=True)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)


def token_in(page: str) -> str:
    """Return the form token that a page holds."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:2000]
    return found[1]


@pytest.fixture
def mei(runtime: Runtime, app: Flask) -> Person:
    """Return an admin who is signed in."""
    with runtime.database.write() as session:
        accounts.create_user(session, name="mei", password=PASSWORD, is_admin=True, now=NOW)
    return Person(app)


@pytest.fixture
def wang(runtime: Runtime, app: Flask) -> Person:
    """Return a member who is signed in."""
    with runtime.database.write() as session:
        accounts.create_user(session, name="wang", password=PASSWORD, is_admin=False, now=NOW)
    return Person(app, "wang")


@pytest.fixture
def sample(runtime: Runtime, calendars_dir: Path) -> str:
    """Bring the sample calendar to the week of the clock; return its slug."""
    with runtime.database.write() as session:
        channels.save_channel(
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
            calendars_dir,
            "baby-benefits.yaml",
            now=NOW,
            by="sample",
            windows=Windows.of(runtime.config),
            week=IsoWeek.parse(WEEK),
        )
    return report.calendar

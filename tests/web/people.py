"""People who use the pages in tests."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from contentsvc.db.models import Calendar, User
from contentsvc.domain.roles import Role
from contentsvc.services.members import set_role
from contentsvc.services.runtime import Runtime
from contentsvc.services.sessions import start_session

__all__ = ["NOW", "PASSWORD", "WEEK", "Clock", "Person", "give_role", "handlers_in", "token_in"]

PASSWORD = "eight-or-more"
#: A Tuesday, 09:00 in Shanghai, in 2026-W48.
NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
WEEK = "2026-W48"


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Person:
    """A signed-in client that sends the forms' tokens, as a browser does."""

    def __init__(self, app: Flask, name: str = "mei") -> None:
        """Start a session as the sign-in page does, but without hashing a password."""
        self.client = app.test_client()
        self.name = name
        runtime = app.extensions["contentsvc"]
        with runtime.database.write() as database:
            user = database.scalars(select(User).where(User.name == name)).one()
            token = start_session(database, user, browser="test", now=runtime.clock())
        with self.client.session_transaction() as session:
            session["_user_id"] = token
        self.token = token_in(self.text("/help"))

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **kwargs)

    def text(self, path: str) -> str:
        response = self.get(path)
        assert response.status_code == 200, (
            response.status_code,
            response.get_data(as_text=True)[:2000],
        )
        return response.get_data(as_text=True)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **kwargs)


def give_role(runtime: Runtime, name: str, slug: str, role: Role) -> None:
    """Give the user *name* a role in the calendar *slug*."""
    with runtime.database.write() as session:
        user = session.scalars(select(User).where(User.name == name)).one()
        calendar = session.scalars(select(Calendar).where(Calendar.slug == slug)).one()
        set_role(session, user.id, calendar, role)


class _Handlers(HTMLParser):
    """A parser that collects what a page could execute."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.found += [f"{tag} {name}" for name in values if name.startswith(("on", "style"))]
        if tag == "script" and "src" not in values and values.get("type") != "application/json":
            self.found.append("an inline script")
        if (values.get("src") or values.get("href") or "").startswith(("javascript:", "x")):
            self.found.append(f"{tag} {values}")


def handlers_in(page: str) -> list[str]:
    """Return the scripts, handlers and styles of a page that are not files of this server."""
    parser = _Handlers()
    parser.feed(page)
    return parser.found


def token_in(page: str) -> str:
    """Return the form token of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page[:2000]
    return found[1]

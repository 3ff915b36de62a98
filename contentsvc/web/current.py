"""Functions that give views the runtime, time, user, language and database sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import current_app
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.orm import Session

from contentsvc.services.planning import Usefulness
from contentsvc.services.runtime import Runtime

__all__ = ["language", "now", "person", "reading", "runtime", "usefulness", "writing"]


def runtime() -> Runtime:
    """Return the runtime of this process: configuration, database, queue and plugins."""
    parts: Runtime = current_app.extensions["contentsvc"]
    return parts


def now() -> datetime:
    """Return the current time, in UTC."""
    return runtime().clock()


def person() -> str:
    """Return the name of the signed-in person."""
    return str(current_user.name)


def language() -> str:
    """Return the language of this response: `zh` or `en`."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def usefulness() -> Usefulness:
    """Return the configured delays after which a post or a notice is too late to be published."""
    return Usefulness.of(runtime().config)


@contextmanager
def reading() -> Iterator[Session]:
    """Provide a database session for reading; changes made in it are rolled back."""
    with runtime().database.read() as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """Provide a database session; at the end, commit it and wake the dispatcher process."""
    with runtime().database.write() as session:
        yield session
    runtime().queue.wake()

"""What a view reaches for: the parts of this process, the clock, the person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app
from flask_babel import get_locale
from flask_login import current_user
from sqlalchemy.orm import Session

from contentsvc.services.planning import Usefulness
from contentsvc.services.runtime import Runtime

__all__ = ["language", "now", "person", "reading", "runtime", "usefulness", "writing", "zone"]


def runtime() -> Runtime:
    """Return the parts of this process."""
    parts: Runtime = current_app.extensions["contentsvc"]
    return parts


def now() -> datetime:
    """Return the present instant, UTC."""
    return runtime().clock()


def person() -> str:
    """Return the name of the person who is signed in."""
    return str(current_user.name)


def language() -> str:
    """Return the language of this answer: `zh` or `en`."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def usefulness() -> Usefulness:
    """Return for how long a delivery is useful."""
    return Usefulness.of(runtime().config)


def zone() -> ZoneInfo:
    """Return the zone of times that belong to no calendar."""
    return runtime().config.timezone


@contextmanager
def reading() -> Iterator[Session]:
    """Give a session whose changes are dropped."""
    with runtime().database.read() as session:
        yield session


@contextmanager
def writing() -> Iterator[Session]:
    """Give a session that is committed at the end; the dispatcher is woken after the commit."""
    with runtime().database.write() as session:
        yield session
    runtime().queue.wake()

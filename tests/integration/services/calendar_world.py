"""A small week and a database, shared by the tests of calendar files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from contentsvc.db.models import Delivery, Entry
from contentsvc.db.session import Database
from contentsvc.domain.calendar_files import read_calendar
from contentsvc.domain.calendars import CalendarPlan
from contentsvc.services.calendar_files.importing import (
    ImportChoices,
    ImportReport,
    import_calendar,
)
from contentsvc.services.planning import Usefulness

#: A Monday morning in Shanghai, before the first slot of 2026-W48.
NOW = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
USEFULNESS = Usefulness(post=timedelta(hours=2), notice=timedelta(minutes=10))

HEAD = """\
calendar: mums
name: 母婴群
timezone: Asia/Shanghai
slots: {早安: "08:30", 晚间: "20:00"}
channels: [site]
week: 2026-W48
entries:
"""
CHECK_IN = "  - {key: check-in, day: mon, slot: 早安, kind: post, title: 签到, body: 早上好%s}\n"
LIVE = """\
  - key: live
    day: thu
    slot: 晚间
    kind: livestream
    title: 直播
    livestream: {host: 林晓, url: "https://live.example.com/1"}
"""


@dataclass
class World:
    """A database, and the calls that tests make on it."""

    database: Database

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session that is committed."""
        with self.database.write() as session:
            yield session

    def take(self, plan: CalendarPlan | str, **options: Any) -> ImportReport:
        """Import a plan or the text of a file."""
        plan = read_calendar(plan, "t.yaml") if isinstance(plan, str) else plan
        given: dict[str, Any] = {"now": NOW, "by": "mei", "usefulness": USEFULNESS}
        given |= {name: options.pop(name) for name in set(given) & set(options)}
        with self.write() as session:
            return import_calendar(session, plan, **given, choices=ImportChoices(**options))

    def edit(self, key: str, **values: Any) -> None:
        """Change an entry as a person would in the web."""
        with self.write() as session:
            entry = session.scalars(select(Entry).where(Entry.key == key)).one()
            for name, value in {"changed_by": "lan", **values}.items():
                setattr(entry, name, value)
            entry.rev += 1

    def entry(self, key: str) -> Entry:
        """Return the entry with this key."""
        with self.database.read() as session:
            return session.scalars(select(Entry).where(Entry.key == key)).one()

    def deliveries(self, key: str) -> list[Delivery]:
        """Return an entry's deliveries in order of time."""
        query = select(Delivery).join(Entry).where(Entry.key == key).order_by(Delivery.due_at)
        with self.database.read() as session:
            return list(session.scalars(query))

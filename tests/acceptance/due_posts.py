"""Posts that are due in some seconds, and how late the real service was to publish them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from tests.acceptance.running import PATIENCE, Service, until

__all__ = ["import_due", "lateness"]

_CALENDAR = """\
calendar: {slug}
name: 互不影响
timezone: Asia/Shanghai
community: {{kind: interest, tier: 1}}
slots: {{晚间: "20:00"}}
channels: [{channels}]
week: {week}
entries:
  - {{key: only, day: {day}, time: "{time}", kind: post, title: {slug}, body: 大家早上好。}}
"""
_numbers = count(1)


def import_due(service: Service, seconds: float, *channels: str) -> str:
    """Import and approve a post that is due in *seconds*; return its calendar."""
    slug = f"due-{next(_numbers)}"
    at = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=seconds)
    text = _CALENDAR.format(
        slug=slug,
        channels=", ".join(channels),
        week=f"{at:%G-W%V}",
        day=f"{at:%a}".lower(),
        time=f"{at:%H:%M:%S}",
    )
    (service.folder / "calendar.yaml").write_text(text, encoding="utf-8")
    service.ask("calendars", "import", "calendar.yaml", "--approve")
    return slug


def lateness(service: Service, slug: str) -> float:
    """Wait until the only post of a calendar is published; return by how many seconds it was late.

    A post that was imported too late is late by the time since its import.
    """
    until(f"{slug} is published", lambda: service.statuses(slug) == ["published"])
    file = service.folder / "var/contentsvc.db"
    with closing(sqlite3.connect(file, timeout=PATIENCE)) as connection:
        query = """SELECT max(deliveries.due_at, entries.created_at), attempts.started_at
            FROM deliveries JOIN attempts ON attempts.delivery_id = deliveries.id
            JOIN entries ON entries.id = deliveries.entry_id
            JOIN calendars ON calendars.id = entries.calendar_id WHERE calendars.slug = ?"""
        due, began = connection.execute(query, (slug,)).fetchone()
    return (_instant(began) - _instant(due)).total_seconds()


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)

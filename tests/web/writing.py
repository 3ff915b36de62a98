"""Entries made by the form, for tests of what becomes of them."""

from __future__ import annotations

from sqlalchemy import func, select

from contentsvc.db.models import Entry
from contentsvc.services.runtime import Runtime
from tests.web.people import WEEK, Person

__all__ = ["NEW", "PLAIN", "count", "entry_of", "make"]

NEW = f"/calendars/baby-benefits/entries/new?week={WEEK}"
PLAIN = {
    "title": "周六小课堂",
    "kind": "post",
    "week": WEEK,
    "day": "sat",
    "slot": "午间",
    "time": "",
    "element": "column",
    "body": "**今天**聊聊睡眠。",
    "channels": "site",
}


def make(person: Person, runtime: Runtime, **values: object) -> Entry:
    """Create an entry with the form."""
    response = person.post(NEW, {**PLAIN, **values})
    assert response.status_code == 303, response.get_data(as_text=True)[:3000]
    return entry_of(runtime, int(response.location.split("/")[2]))


def entry_of(runtime: Runtime, entry_id: int) -> Entry:
    """Return the stored entry."""
    with runtime.database.read() as session:
        return session.get_one(Entry, entry_id)


def count(runtime: Runtime, table: type) -> int:
    """Return the number of rows of a table."""
    with runtime.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0

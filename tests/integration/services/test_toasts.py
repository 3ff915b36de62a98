"""Toasts wait in the database for the page that shows them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from contentsvc.db.models import ToastRow
from contentsvc.db.session import Database
from contentsvc.services.toasts import (
    Toast,
    delete_expired_toasts,
    has_toasts,
    readdress_toasts,
    store_toasts,
    take_toasts,
)

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
MOVED = Toast(
    "moved", is_bad=True, undo="/undo", undo_values={"rev": "2"}, undo_label="Back", link="/x"
)


def _store(database: Database, *toasts: Toast, box: str = "box", address: str = "/board?") -> None:
    with database.write() as session:
        store_toasts(session, box, toasts, address=address, now=NOW)


def _take(
    database: Database, address: str = "/board?", *, box: str = "box", now: datetime = NOW
) -> list[Toast]:
    with database.write() as session:
        return take_toasts(session, box, address=address, now=now)


def test_toasts_are_taken_once_and_in_order(database: Database) -> None:
    """A page gets its toasts with every field, oldest first, and the next page gets none."""
    _store(database, MOVED, Toast("saved"))

    assert _take(database) == [MOVED, Toast("saved")]
    assert _take(database) == []


@pytest.mark.parametrize(("address", "box"), [("/other?", "box"), ("/board?", "another box")])
def test_another_page_or_browser_takes_nothing(database: Database, address: str, box: str) -> None:
    """A toast stays for the page and the browser that it was stored for."""
    _store(database, MOVED)

    assert _take(database, address, box=box) == []
    assert _take(database) == [MOVED]


def test_a_toast_for_any_page(database: Database) -> None:
    """A toast without an address is shown by the next page."""
    _store(database, MOVED, address="")

    assert _take(database, "/other?") == [MOVED]


def test_a_toast_whose_page_is_never_opened(database: Database) -> None:
    """After a minute any page shows it; after an hour no page does, and it is deleted."""
    _store(database, MOVED, Toast("saved"), address="/gone?")

    late = NOW + timedelta(minutes=1, seconds=1)
    assert _take(database, "/other?", now=late) == [MOVED, Toast("saved")]

    _store(database, MOVED)
    expired = NOW + timedelta(hours=1, seconds=1)
    assert _take(database, now=expired) == []
    with database.write() as session:
        delete_expired_toasts(session, expired)
        assert not has_toasts(session, "box")


def test_a_redirect_passes_toasts_on(database: Database) -> None:
    """The page that a redirect leads to shows the toasts of the address that redirected."""
    _store(database, MOVED, address="/?")

    with database.write() as session:
        readdress_toasts(session, "box", address="/?", to="/board?")

    assert _take(database, "/?") == []
    assert _take(database) == [MOVED]


def test_a_box_is_bounded(database: Database) -> None:
    """The oldest toasts of a full box are deleted, and a long message is cut."""
    _store(database, Toast("x" * 5000), box="long")
    for number in range(30):
        _store(database, Toast(str(number)))

    with database.read() as session:
        in_box = select(func.count()).select_from(ToastRow).where(ToastRow.box == "box")
        assert session.scalar(in_box) == 20
    assert [toast.message for toast in _take(database)] == [str(n) for n in range(10, 30)]
    assert len(_take(database, box="long")[0].message) == 2000

"""Toasts survive late responses, and cookies are sent only when they changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from contentsvc.db.models import Entry
from contentsvc.services.runtime import Runtime
from contentsvc.services.toasts import Toast, store_toasts
from contentsvc.web import toasts
from tests.web.people import PASSWORD, WEEK, Clock, Person, token_in
from tests.web.writing import NEW, PLAIN, make

BOARD = f"/calendars/baby-benefits?week={WEEK}"
PREVIEW = "/calendars/baby-benefits/preview"
#: What a browser sends when a person opens a page.
OPENS = {"Accept": "text/html,*/*;q=0.8", "Sec-Fetch-Dest": "document"}


def _cookie(person: Person) -> str:
    cookie = person.client.get_cookie("contentsvc")
    assert cookie is not None
    return cookie.value


def _sets_cookie(response: TestResponse) -> bool:
    return "Set-Cookie" in response.headers


def _delete_entry(person: Person, runtime: Runtime) -> str:
    """Delete an entry and return the address of the page that shows the toast."""
    entry = make(person, runtime)
    person.get(f"/entries/{entry.id}")
    response = person.post(f"/entries/{entry.id}/delete", {"rev": entry.rev})
    assert response.status_code == 303
    return str(response.location)


def test_a_late_preview_keeps_the_toast(mei: Person, sample: str, runtime: Runtime) -> None:
    """A preview that was asked for before a post, and answered after it, loses no toast."""
    preview = mei.client.application.test_client()
    preview.set_cookie("contentsvc", _cookie(mei))
    shown_at = _delete_entry(mei, runtime)

    late = preview.post(PREVIEW, data={**PLAIN, "csrf_token": mei.token})
    # The browser has one cookie for both requests: what the preview sets would replace it.
    replacement = preview.get_cookie("contentsvc")
    assert replacement is not None
    if _sets_cookie(late):
        mei.client.set_cookie("contentsvc", replacement.value)
    page = mei.text(shown_at)

    assert late.status_code == 200
    assert "已删除" in page
    assert "data-undo" in page


def test_a_toast_is_shown_once(mei: Person, sample: str, runtime: Runtime) -> None:
    """The page shows its toast when it is opened, and not when it is opened again."""
    shown_at = _delete_entry(mei, runtime)

    assert [("data-undo" in mei.text(shown_at)) for _ in range(2)] == [True, False]


def test_the_other_tab_leaves_a_toast(mei: Person, sample: str, runtime: Runtime) -> None:
    """A page that another tab opens between a post and its page does not take the toast."""
    shown_at = _delete_entry(mei, runtime)

    assert "已删除" not in mei.text("/channels/")
    assert "已删除" not in mei.text(BOARD.replace("W48", "W49"))
    assert mei.client.head(shown_at).status_code == 200
    assert "已删除" in mei.text(shown_at)


def test_two_tabs_each_get_their_own_toast(mei: Person, sample: str, runtime: Runtime) -> None:
    """Two posts whose pages are opened in the other order show each toast on its own page."""
    deleted_at = _delete_entry(mei, runtime)
    saved_at = str(mei.post(NEW, PLAIN).location)

    saved, deleted = mei.text(saved_at), mei.text(deleted_at)

    assert "已保存" in saved
    assert "已删除" not in saved
    assert "已删除" in deleted


def test_a_toast_follows_a_redirect(mei: Person, sample: str, runtime: Runtime) -> None:
    """A toast for a page that redirects is shown by the page that it redirects to."""
    with mei.client.session_transaction() as stored:
        stored["toasts"] = "box"
    with runtime.database.write() as database:
        store_toasts(database, "box", [Toast("欢迎")], address="/?", now=runtime.clock())

    page = mei.client.get("/", follow_redirects=True).get_data(as_text=True)

    assert "欢迎" in page


def test_a_toast_that_cannot_be_stored_fails_nothing(
    mei: Person, sample: str, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The response says what was done even if its toast was lost."""

    def fail(*_args: object, **_kwargs: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    monkeypatch.setattr(toasts, "store_toasts", fail)

    assert mei.post(NEW, PLAIN).status_code == 303
    with runtime.database.read() as session:
        assert session.scalar(select(Entry).where(Entry.title == PLAIN["title"])) is not None


@pytest.mark.parametrize(
    "address",
    [
        "/static/js/app.js",
        "/static/icons.svg",
        "/site/",
        "/site/no-such-page",
        "/healthz",
        BOARD,
        NEW,
        "/channels/",
        "/posters/launch/picture",
    ],
)
def test_a_response_that_changes_nothing_sets_no_cookie(
    mei: Person, sample: str, address: str
) -> None:
    """Static files, public pages, pictures and pages that were seen before send no cookie."""
    mei.get(BOARD)

    assert not _sets_cookie(mei.get(address))


def test_previews_set_no_cookie(mei: Person, sample: str, runtime: Runtime) -> None:
    """The previews that scripts ask for while a person types send no cookie, even on a new day."""
    mei.get(BOARD)
    headers = {"HX-Request": "true", "Accept": "text/html", "Sec-Fetch-Dest": "empty"}

    responses = [
        mei.post(PREVIEW, PLAIN, headers=headers),
        mei.get(BOARD, headers=headers),
        mei.get(NEW, headers={"Accept": "text/html", "Sec-Fetch-Dest": "iframe"}),
        mei.get(NEW, headers={"Accept": "image/webp,*/*"}),
    ]

    assert [_sets_cookie(response) for response in responses] == [False] * 4


def test_a_session_is_extended_once_a_day(mei: Person, sample: str, clock: Clock) -> None:
    """The first page of a day sends the cookie for another 14 days; later pages send none."""
    first, second = mei.get(BOARD, headers=OPENS), mei.get(BOARD, headers=OPENS)
    clock.now += timedelta(days=1)
    next_day = mei.get(BOARD, headers=OPENS)

    assert [_sets_cookie(response) for response in (first, second, next_day)] == [
        True,
        False,
        True,
    ]


def test_signing_in_sets_all_that_pages_need(anonymous: Any, mei: Person, sample: str) -> None:
    """The sign-in's cookie lasts 14 days, and a later form page needs no other cookie."""
    token = token_in(anonymous.get("/sign-in").get_data(as_text=True))
    form = {"name": "mei", "password": PASSWORD, "csrf_token": token}

    response = anonymous.post("/sign-in", data=form)

    assert response.status_code == 302
    assert "Expires=" in response.headers["Set-Cookie"]
    assert not _sets_cookie(anonymous.get("/channels/"))

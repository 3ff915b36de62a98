"""Sessions on the server: a cookie is worth nothing once its session has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from contentsvc.db.models import SessionRow, User
from contentsvc.services import accounts, sessions
from contentsvc.services.housekeeping import tidy
from contentsvc.services.runtime import Runtime
from contentsvc.web.browser_names import browser_name
from tests.web.people import NOW, PASSWORD, Clock, Person, token_in
from tests.web.writing import count

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def _thief(app: Flask, person: Person) -> FlaskClient:
    """Return a client with a copy of the person's cookie."""
    cookie = person.client.get_cookie("contentsvc")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("contentsvc", cookie.value)
    assert client.get("/help").status_code == 200
    return client


def _user(runtime: Runtime, name: str) -> User:
    with runtime.database.read() as session:
        return session.scalars(select(User).where(User.name == name)).one()


def _sign_in(client: FlaskClient, name: str = "mei", password: str = PASSWORD) -> int:
    token = token_in(client.get("/sign-in").get_data(as_text=True))
    data = {"name": name, "password": password, "csrf_token": token}
    agent = {"User-Agent": FIREFOX}
    return client.post("/sign-in", data=data, headers=agent).status_code


def test_a_stolen_cookie_dies_with_the_sign_out(app: Flask, mei: Person) -> None:
    """Signing out ends the session on the server, so that a copy of the cookie is worth nothing."""
    thief = _thief(app, mei)

    assert mei.post("/sign-out").status_code == 302

    assert thief.get("/help").status_code == 302
    assert thief.get("/users").status_code == 302


def test_signing_in_again_ends_the_session_before(app: Flask, mei: Person) -> None:
    """Another sign-in in the same browser replaces its session."""
    thief = _thief(app, mei)
    mei.post("/language", {"language": "zh"})
    data = {"name": "mei", "password": PASSWORD}

    assert mei.post("/sign-in", data).status_code == 302

    assert mei.get("/help").status_code == 200
    assert thief.get("/help").status_code == 302


def test_deactivation_ends_sessions_links_and_sign_ins(
    app: Flask, mei: Person, wang: Person, runtime: Runtime
) -> None:
    """A deactivated user's cookie, password and link no longer work until the user is activated."""
    user = _user(runtime, "wang")
    with runtime.database.write() as session:
        link = accounts.make_link(session, user_id=user.id, now=NOW)

    assert mei.post(f"/users/{user.id}/deactivate").status_code == 303

    assert wang.get("/help").status_code == 302
    assert _sign_in(app.test_client(), "wang") == 422
    assert app.test_client().get(f"/sign-in/{link}").status_code == 404
    assert "已停用" in mei.text("/users")
    page = mei.post(f"/users/{user.id}/link").get_data(as_text=True)
    newer = page.split("/sign-in/")[1].split('"')[0]
    assert app.test_client().get(f"/sign-in/{newer}").status_code == 404
    assert mei.post(f"/users/{user.id}/activate").status_code == 303
    assert _sign_in(app.test_client(), "wang") == 302
    assert app.test_client().get(f"/sign-in/{newer}").status_code == 200
    # What had ended stays ended.
    assert wang.get("/help").status_code == 302


def test_an_admin_signs_somebody_out_everywhere(
    app: Flask, mei: Person, wang: Person, runtime: Runtime
) -> None:
    """All sessions of the user end, and no others."""
    other = Person(app, "wang")

    mei.post(f"/users/{_user(runtime, 'wang').id}/end-sessions")

    assert [person.get("/help").status_code for person in (wang, other, mei)] == [302, 302, 200]


def test_a_lost_admin_flag_counts_at_once(mei: Person, wang: Person, runtime: Runtime) -> None:
    """An admin makes another one, who stops being one with the next request."""
    address = f"/users/{_user(runtime, 'wang').id}/admin"

    mei.post(address, {"is_admin": "yes"})
    assert wang.get("/users").status_code == 200
    mei.post(address, {"is_admin": ""})
    assert wang.get("/users").status_code == 403


@pytest.mark.parametrize("step", ["deactivate", "admin"])
def test_the_last_admin_stays(mei: Person, wang: Person, runtime: Runtime, step: str) -> None:
    """The last active admin cannot be deactivated or made an ordinary user, not even by himself."""
    user = _user(runtime, "mei")

    assert mei.post(f"/users/{user.id}/{step}").status_code == 303

    assert "最后一个可用的管理员" in mei.text("/users")
    after = _user(runtime, "mei")
    assert (after.is_admin, after.deactivated_at) == (True, None)


def test_the_account_page_lists_one_s_sessions_and_ends_others(
    app: Flask, mei: Person, wang: Person, runtime: Runtime
) -> None:
    """The list names browser and system; nobody ends a session of somebody else."""
    other = app.test_client()
    assert _sign_in(other) == 302
    page = mei.text("/account")
    assert "Firefox, Windows" in page
    assert page.count("当前浏览器") == 1
    with runtime.database.read() as session:
        rows = sessions.sessions_of(session, _user(runtime, "mei").id, now=NOW)
    (row,) = [row for row in rows if row.browser == "Firefox, Windows"]

    assert wang.post(f"/account/sessions/{row.id}/end").status_code == 404
    assert other.get("/help").status_code == 200
    assert mei.post(f"/account/sessions/{row.id}/end").status_code == 303

    assert other.get("/help").status_code == 302
    assert mei.get("/help").status_code == 200


def test_an_unused_session_ends_and_its_row_is_deleted(
    mei: Person, wang: Person, runtime: Runtime, clock: Clock
) -> None:
    """A session ends 14 days after its last use; a use is recorded once an hour."""
    for hours in (0.5, 13 * 24, 26 * 24):
        clock.now = NOW + timedelta(hours=hours)
        assert mei.get("/help").status_code == 200
    with runtime.database.read() as session:
        seen = {row.seen_at for row in session.scalars(select(SessionRow))}
    assert seen == {NOW, clock.now}

    assert wang.get("/help").status_code == 302
    tidy(runtime, clock.now)
    assert count(runtime, SessionRow) == 1


@pytest.mark.parametrize("cookie", ["", "1:token", "x" * 5000, "\x00", "\ud800"])
def test_an_invented_session_is_nobody_s(app: Flask, mei: Person, cookie: str) -> None:
    """Even a signed cookie, such as one of an earlier version, needs a session in the database."""
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"] = cookie

    assert client.get("/help").status_code == 302


def test_no_token_is_stored(app: Flask, mei: Person, runtime: Runtime) -> None:
    """The database has only the hash of a token, so that its reader can sign in as nobody."""
    with mei.client.session_transaction() as session:
        token = session["_user_id"]

    with runtime.database.read() as database:
        hashes = list(database.scalars(select(SessionRow.token_hash)))
    assert token not in hashes
    assert [len(digest) for digest in hashes] == [64]


def test_a_sign_in_that_was_overtaken_begins_no_session(runtime: Runtime, mei: Person) -> None:
    """A password that is changed between its check and the session begins no session."""
    seen = _user(runtime, "mei")
    with runtime.database.write() as session:
        accounts.set_password(session, session.get_one(User, seen.id), "another-password")

    with runtime.database.write() as session:
        assert sessions.start_session(session, seen, browser="", now=NOW) is None
        current = session.get_one(User, seen.id)
        assert sessions.start_session(session, current, browser="", now=NOW) is not None


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        (
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like "
                "Gecko) Version/18.1 Safari/605.1.15"
            ),
            "Safari, macOS",
        ),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
            ),
            "Edge, Windows",
        ),
        (
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
                "(KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.54"
            ),
            "WeChat, iPhone",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/142.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome, Android",
        ),
        ("curl/8.9", ""),
        ("", ""),
        ("x" * 100_000 + "Firefox/1", ""),
    ],
)
def test_a_browser_has_a_name(header: str, name: str) -> None:
    """Browser and system are named as people know them; what is unknown has no name."""
    assert browser_name(header) == name

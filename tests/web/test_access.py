"""Who gets in, who does not, and what every response carries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from contentsvc.services import accounts
from contentsvc.services.runtime import Runtime
from contentsvc.web.permissions import RULES, Access
from contentsvc.web.security import CONTENT_SECURITY_POLICY
from tests.web.people import NOW, PASSWORD, Clock, Person, token_in

OPEN = {
    endpoint
    for endpoint, by_method in RULES.items()
    if any(rule.need is Access.OPEN for rule in by_method.values())
}


def _addresses(app: Flask) -> list[tuple[str, str]]:
    """Return (method, address) of every page that is not open to all."""
    fill = {"slug": "x", "name": "x.yaml", "type_name": "site", "digest": "a", "action": "approve"}
    found = []
    with app.test_request_context():
        for rule in app.url_map.iter_rules():
            if rule.endpoint in OPEN:
                continue
            values = {name: fill.get(name, 1) for name in rule.arguments}
            address = app.url_map.bind("localhost").build(rule.endpoint, values)
            found += [
                (method, address) for method in (rule.methods or ()) if method in {"GET", "POST"}
            ]
    return found


def _token(client: FlaskClient) -> str:
    return token_in(client.get("/sign-in").get_data(as_text=True))


def test_anonymous_people_are_led_to_sign_in(app: Flask, anonymous: FlaskClient) -> None:
    """Every page that is not open redirects a stranger to the sign-in page."""
    pages = [address for method, address in _addresses(app) if method == "GET"]

    responses = {address: anonymous.get(address) for address in pages}

    assert len(pages) > 20
    for address, response in responses.items():
        assert response.status_code == 302, address
        assert response.location.startswith("/sign-in"), address


def test_every_form_needs_its_token(app: Flask, mei: Person) -> None:
    """A form without the token of the session gets 400, whoever sends it."""
    forms = [address for method, address in _addresses(app) if method == "POST"]
    forms += ["/sign-in", "/sign-out", "/language"]

    statuses = {address: mei.client.post(address).status_code for address in forms}

    assert len(forms) > 25
    assert set(statuses.values()) == {400}, statuses


@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nothing/here", "/healthz", "/static/css/app.css"]
)
def test_every_answer_carries_its_headers(anonymous: FlaskClient, path: str) -> None:
    """Pages, errors and files forbid scripts and styles that are not files of this server."""
    response = anonymous.get(path, buffered=True)

    assert response.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "same-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


def test_the_first_link_makes_the_admin_once(
    runtime: Runtime, app: Flask, anonymous: FlaskClient
) -> None:
    """The printed link lets the first person choose a name and a password, and works once."""
    with runtime.database.write() as session:
        token = accounts.make_link(session, now=NOW)
    form = anonymous.get(f"/sign-in/{token}").get_data(as_text=True)
    data = {"name": "Lin", "password": PASSWORD, "repeated": PASSWORD}

    response = anonymous.post(f"/sign-in/{token}", data={**data, "csrf_token": token_in(form)})

    assert response.location == "/"
    assert anonymous.get("/users").status_code == 200
    again = app.test_client().get(f"/sign-in/{token}")
    assert again.status_code == 404
    assert "这个链接已失效" in again.get_data(as_text=True)


def test_a_link_expires(runtime: Runtime, anonymous: FlaskClient, clock: Clock) -> None:
    """After a day a link no longer works."""
    with runtime.database.write() as session:
        token = accounts.make_link(session, now=NOW)
    clock.now = NOW + timedelta(hours=25)

    assert anonymous.get(f"/sign-in/{token}").status_code == 404


def test_a_weak_or_differing_password_uses_no_link_up(
    runtime: Runtime, anonymous: FlaskClient
) -> None:
    """A rejected form leaves the link valid and shows the error beside the field."""
    with runtime.database.write() as session:
        token = accounts.make_link(session, now=NOW)
    csrf = _token(anonymous)

    def send(password: str, repeated: str) -> TestResponse:
        data = {"name": "lin", "password": password, "repeated": repeated, "csrf_token": csrf}
        return anonymous.post(f"/sign-in/{token}", data=data)

    weak = send("short", "short")
    differing = send(PASSWORD, PASSWORD + "!")

    assert (weak.status_code, differing.status_code) == (422, 422)
    assert "error-password" in weak.get_data(as_text=True)
    assert "error-repeated" in differing.get_data(as_text=True)
    assert send(PASSWORD, PASSWORD).status_code == 302


def test_a_wrong_password_is_refused_and_then_throttled(mei: Person, app: Flask) -> None:
    """After ten wrong passwords from one address even the right password is refused for a while."""
    stranger = app.test_client()
    token = _token(stranger)

    def send(password: str) -> int:
        data = {"name": "mei", "password": password, "csrf_token": token}
        return stranger.post("/sign-in", data=data).status_code

    tries = [send(f"wrong-{number}") for number in range(10)]

    assert set(tries) == {422}
    assert send(PASSWORD) == 429


def test_a_session_ends_with_the_password(mei: Person, app: Flask) -> None:
    """Changing the password keeps this session and ends the session on another device."""
    other = Person(app)
    data = {"current": PASSWORD, "password": "another-one-2", "repeated": "another-one-2"}

    assert other.get("/help").status_code == 200
    assert mei.post("/account", data).status_code == 302

    assert mei.get("/help").status_code == 200
    assert other.get("/help").status_code == 302


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(anonymous: FlaskClient) -> None:
    """The session cookie is HttpOnly and SameSite=Lax."""
    cookie = anonymous.get("/sign-in").headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_elsewhere(mei: Person, app: Flask, target: str) -> None:
    """The sign-in form redirects only to addresses on this server."""
    client = app.test_client()
    data = {"name": "mei", "password": PASSWORD, "next": target, "csrf_token": _token(client)}

    assert client.post("/sign-in", data=data).location == "/"


def test_members_cannot_manage_users(wang: Person) -> None:
    """Only admins can use the users page and its forms, and see the settings."""
    assert wang.get("/users").status_code == 403
    assert wang.post("/users", {"name": "eve"}).status_code == 403
    assert wang.get("/system/").status_code == 403


def test_an_admin_adds_somebody_who_chooses_the_password(mei: Person, app: Flask) -> None:
    """A new user gets a link that works once; a second user cannot have the same name."""
    page = mei.post("/users", {"name": "Xiao.Wang"}).get_data(as_text=True)
    address = page.split("/sign-in/")[1].split('"')[0]
    newcomer = app.test_client()
    form = {"password": PASSWORD, "repeated": PASSWORD, "csrf_token": _token(newcomer)}

    assert newcomer.post(f"/sign-in/{address}", data=form).status_code == 302
    assert newcomer.get("/help").status_code == 200
    assert newcomer.get("/users").status_code == 403
    assert mei.post("/users", {"name": "xiao.wang"}).status_code == 422


def test_the_language_is_chosen_by_a_switch(mei: Person) -> None:
    """Pages are Chinese by default; switching to English is remembered."""
    assert "快捷键与用语" in mei.text("/help")

    assert mei.post("/language", {"language": "en", "next": "/help"}).location == "/help"

    assert "Shortcuts and terms" in mei.text("/help")
    assert 'lang="en"' in mei.text("/help")


def test_signing_out_ends_the_session(mei: Person) -> None:
    """After signing out every page asks to sign in."""
    mei.post("/sign-out")

    assert mei.get("/help").status_code == 302


@pytest.mark.parametrize("path", ["/", "/help", "/system/", "/channels/", "/account"])
def test_no_proxy_stores_a_page_of_a_person(mei: Person, path: str) -> None:
    """Every page of a signed-in person forbids caches to store it."""
    assert mei.get(path).headers["Cache-Control"] == "no-store"

"""Every route, called by people of every role, answers as the table of permissions says."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule as Route

from contentsvc.db.models import Calendar, Delivery, PosterBatch
from contentsvc.domain.batches import BatchStatus
from contentsvc.domain.roles import NEEDED, Role
from contentsvc.services import accounts
from contentsvc.services.members import set_role
from contentsvc.services.runtime import Runtime
from contentsvc.web.permissions import RULES, Access
from tests.guide_tables import block_between
from tests.role_table import BLOCK, PAGE, table
from tests.web.people import NOW, PASSWORD, Person, token_in

#: The person without a sign-in, those with a role in the calendar, one with the largest role in
#: another calendar, one without any role, and the admin.
PEOPLE = ("anonymous", *Role, "stranger", "nobody", "admin")
#: A status that no page returns.
PASSED = 299
OTHER = "camping"
ROUTES = [(endpoint, method) for endpoint, by_method in RULES.items() for method in by_method]


@dataclass(frozen=True)
class Town:
    """People of every role, and something of each kind in the calendar."""

    app: Flask
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]
    #: Values of the addresses' arguments.
    values: dict[str, Any]

    def call(self, who: str, method: str, address: str) -> Any:
        """Return the response to *who*, whose forms have the token of the session."""
        data = {"csrf_token": self.tokens[who]} if method == "POST" else None
        return self.clients[who].open(address, method=method, data=data, buffered=True)


@pytest.fixture
def town(runtime: Runtime, app: Flask, sample: str) -> Town:
    """Return a town whose batch belongs to somebody else."""
    clients, tokens = {"anonymous": app.test_client()}, {}
    tokens["anonymous"] = token_in(clients["anonymous"].get("/sign-in").get_data(as_text=True))
    with runtime.database.write() as session:
        calendar = session.scalars(select(Calendar).where(Calendar.slug == sample)).one()
        other = Calendar(slug=OTHER, created_at=NOW, updated_at=NOW)
        for column in Calendar.__table__.columns:
            if column.name not in {"id", "slug", "created_at", "updated_at"}:
                setattr(other, column.name, getattr(calendar, column.name))
        session.add(other)
        session.flush()
        for who in PEOPLE[1:]:
            user = accounts.create_user(
                session,
                name=who,
                password_hash=accounts.hash_password(PASSWORD),
                is_admin=who == "admin",
                now=NOW,
            )
            if who in list(Role):
                set_role(session, user.id, calendar, Role(who))
            elif who == "stranger":
                set_role(session, user.id, other, Role.MANAGER)
        batch = PosterBatch(
            key="k",
            owner="somebody",
            name="表",
            template="invite",
            format="png",
            sizes=["1x1"],
            header=[],
            columns={},
            fixed={},
            status=BatchStatus.DRAFT,
            created_at=NOW,
            updated_at=NOW,
            expires_at=NOW,
        )
        session.add(batch)
        session.flush()
        delivery = session.scalars(select(Delivery).order_by(Delivery.id)).first()
        assert delivery is not None
        values = {
            "slug": sample,
            "entry_id": delivery.entry_id,
            "delivery_id": delivery.id,
            "batch_id": batch.id,
            "user_id": 1,
            "session_id": 1,
            "rev": 1,
            "number": 1,
            "token": "t",
            "path": "site",
            "type_name": "site",
            "template_id": "invite",
            "digest": "0" * 64,
            "plugin": "x",
            "size": "1x1",
            "ending": "csv",
            "filename": "css/app.css",
            "version": "v",
        }
    for who in PEOPLE[1:]:
        person = Person(app, who)
        clients[who], tokens[who] = person.client, person.token
    return Town(app, clients, tokens, values)


def _names(endpoint: str) -> str:
    """Return what `<name>` stands for in the addresses of an endpoint."""
    if endpoint.startswith("studio."):
        return "invite"
    return "x.yaml" if endpoint.startswith("files.") else "site"


def _addresses(town: Town, endpoint: str, method: str) -> list[tuple[str, str]]:
    """Return (step, address) of every way to call the endpoint with *method*."""
    steps = list(RULES[endpoint][method].steps) or [""]
    routes = [r for r in town.app.url_map.iter_rules(endpoint) if method in (r.methods or ())]
    return [(step, _build(town, route, step)) for route in routes for step in steps]


def _build(town: Town, route: Route, step: str) -> str:
    known = {**town.values, "name": _names(route.endpoint), "action": step}
    built = route.build({name: known[name] for name in route.arguments})
    assert built is not None, route
    return str(built[1])


#: The role of each person in the calendar, or the largest role in another one.
_ROLES: dict[str, Role | None] = {**{str(role): role for role in Role}, "stranger": Role.MANAGER}


def _expected(who: str, endpoint: str, method: str, step: str) -> int:
    """Return the status that *who* gets, worked out without the code that checks it."""
    rule = RULES[endpoint][method]
    needed = rule.steps.get(step, rule.need)
    if needed is Access.OPEN:
        return PASSED
    if who == "anonymous":
        return 302
    if who == "admin" or needed is Access.SIGNED_IN:
        return PASSED
    is_hidden = rule.place is not None and who in {"stranger", "nobody"}
    if needed is Access.OWNER or is_hidden:
        return 404
    own = _ROLES.get(who)
    if isinstance(needed, Access):
        wanted = Role.MANAGER if needed is Access.CREATE else None
    else:
        wanted = NEEDED[needed]
    return PASSED if own and wanted and own.includes(wanted) else 403


def test_the_table_has_every_endpoint_and_method(app: Flask) -> None:
    """An endpoint or method that is added without a rule is named by this test."""
    routes = {
        (route.endpoint, method)
        for route in app.url_map.iter_rules()
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert set(ROUTES) == routes


def test_every_route_answers_each_role_as_the_table_says(town: Town) -> None:
    """A request reaches its view only if the table lets the person pass."""
    for endpoint in RULES:
        town.app.view_functions[endpoint] = lambda **_values: ("", PASSED)

    found, expected = {}, {}
    for endpoint, method in ROUTES:
        for step, address in _addresses(town, endpoint, method):
            for who in PEOPLE:
                case = (who, method, address)
                found[case] = town.call(who, method, address).status_code
                expected[case] = _expected(who, endpoint, method, step)

    assert len(found) > 700
    assert {
        case: (found[case], status) for case, status in expected.items() if found[case] != status
    } == {}


@pytest.mark.parametrize("who", PEOPLE[1:])
def test_the_pages_that_a_role_may_see_are_shown(town: Town, who: str) -> None:
    """Each page renders for each role that the table lets pass, with the buttons of the role."""
    by_hash = {"previews", "static", "bootstrap", "accounts.use_link"}
    statuses = {}
    for endpoint, method in ROUTES:
        if method != "GET" or by_hash & {endpoint, endpoint.partition(".")[0]}:
            continue
        for step, address in _addresses(town, endpoint, method):
            if _expected(who, endpoint, method, step) == PASSED:
                statuses[address] = town.call(who, method, address).status_code

    bad = {address: status for address, status in statuses.items() if status not in {200, 302}}
    # Neither the sample week's entry nor its livestream has these.
    expected = {a for a in bad if a.endswith(("/revisions/1", "/rows/1/1x1", "/preview"))}
    assert {a: s for a, s in bad.items() if a not in expected and a != "/healthz"} == {}


def test_an_endpoint_without_a_rule_is_refused(
    app: Flask, mei: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that somebody forgot in the table is closed to admins too, and the log names it."""
    monkeypatch.delitem(RULES, "system.help_page")

    with caplog.at_level(logging.ERROR):
        response = mei.get("/help")

    assert response.status_code == 403
    assert "system.help_page" in str([record.__dict__ for record in caplog.records])


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_other_methods_need_what_get_needs(town: Town, method: str) -> None:
    """HEAD and OPTIONS are no way around the table."""
    responses = {who: town.call(who, method, f"/calendars/{town.values['slug']}") for who in PEOPLE}

    assert responses["anonymous"].status_code == 302
    assert responses["stranger"].status_code == 404
    assert responses["viewer"].status_code == 200


def test_what_is_hidden_looks_as_if_it_did_not_exist(town: Town) -> None:
    """The pages of a calendar and of an invented one are the same to somebody without a role."""
    entry = town.values["entry_id"]
    pairs = {
        f"/calendars/{town.values['slug']}": "/calendars/no-such",
        f"/entries/{entry}": "/entries/999999",
        f"/deliveries/{town.values['delivery_id']}": "/deliveries/999999",
        f"/posters/batches/{town.values['batch_id']}": "/posters/batches/999999",
    }

    for hidden, invented in pairs.items():
        pages = [town.call("stranger", "GET", address) for address in (hidden, invented)]
        texts = [page.get_data(as_text=True).replace(hidden, invented) for page in pages]
        assert [page.status_code for page in pages] == [404, 404]
        assert _main_part(texts[0]) == _main_part(texts[1])


def _main_part(page: str) -> str:
    """Return the text of a page that a person reads."""
    return page[page.index("<main") : page.index("</main>")]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("zh", "需要本周历的“审核人”角色，你现在的角色：撰稿人。可以找这些人授予：manager"),
        ("en", "the role approver in this calendar; your role is writer. These people can give"),
    ],
)
def test_a_refusal_names_the_role_and_who_gives_it(
    town: Town, language: str, expected: str
) -> None:
    """The page of 403 says which role is needed and who can give it, in both languages."""
    with town.clients["writer"].session_transaction() as session:
        session["language"] = language

    response = town.call("writer", "POST", f"/calendars/{town.values['slug']}/approve")

    assert response.status_code == 403
    assert expected in response.get_data(as_text=True)


def test_the_table_in_the_docs_is_the_code_s(app: Flask) -> None:
    """docs/roles.md has the table of the code; `python -m tests.role_table` writes it."""
    assert block_between(PAGE.read_text("utf-8"), BLOCK, "role_table") == "\n".join(table(app))

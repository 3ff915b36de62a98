"""Requests that no browser sends: none of them is an internal error, on either database."""

from __future__ import annotations

import io
import random
import re
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.urls import iri_to_uri

import contentsvc.web
from tests.web.people import WEEK, Person

#: Values that programs have stumbled over: numbers at and beyond the edges, weeks at the edges of
#: the calendar, control characters, markup, commands, very long texts.
_ODD = (
    *("", " ", "0", "-1", "1", "2", "007", "1.5", "1e9", "NaN", "١٢", "１２", "0000019999999"),
    *(str(2**31), str(2**63 - 1), str(2**63), "9" * 30, "9" * 5000),
    *("2026-W48", "2026-W53", "2026-W54", "9999-W52", "9998-W52", "0001-W01", "0000-W00", "W"),
    *("mon", "sun", "xyz", "25:00", "24:00", "12:00", "12:00:00.123456789", "١٢:٠٠"),
    *("\0", "a\0b", "\x1b[2J", "\x7f", "\u202e", "\ufeff", "\u2028", "é", "中文", "😀" * 40),
    *("../../etc/passwd", "..\\..", "/", "//a.example", "a/b", ".", "..", "C:\\x", "con.yaml"),
    *("<script>", "{{7*7}}", "{% x %}", "' OR 1=1 --", "%s%n", "%00", "%", "$(id)", "`id`"),
    *("null", "None", "true", "[]", "{}", '{"a": ' * 50, "[" * 2000, "x" * 70_000),
    *("sha256:", "sha256:" + "0" * 64, "0" * 64, "site", "baby-benefits", "approve", "zh", "en"),
)


def _field_names() -> list[str]:
    """Return the names of all form fields and query parameters of the views and templates."""
    folder = Path(contentsvc.web.__file__).parent
    text = "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.py")))
    pages = "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.html")))
    read = re.findall(r"""(?:args|form|values|files)(?:\.get(?:list)?\(|\[)"([\w.-]+)""", text)
    return sorted({*read, *re.findall(r"""name="([\w.-]+)""", pages)})


_NAMES = _field_names()


def _rules(app: Flask) -> list[Rule]:
    left_out = {"accounts.sign_out", "accounts.set_language"}
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint not in left_out]


def _address(rule: Rule, chance: random.Random) -> str:
    """Return an address of *rule* with odd values, which need not fit its converters."""
    known = {"slug": "baby-benefits", "week": WEEK, "type_name": "site", "entry_id": "1"}
    values = {
        name: known[name] if name in known and chance.random() < 0.5 else chance.choice(_ODD)
        for name in rule.arguments
    }
    return _filled(rule, values)


def _filled(rule: Rule, values: dict[str, str]) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], rule.rule)


def _query(chance: random.Random) -> dict[str, str]:
    return {chance.choice(_NAMES): chance.choice(_ODD) for _ in range(chance.randrange(4))}


def _send(person: Person, rule: Rule, chance: random.Random) -> tuple[str, int]:
    """Send one odd request for *rule*; return what was sent, and the status of the response."""
    method = chance.choice(sorted((rule.methods or set()) - {"OPTIONS"}))
    address, query = iri_to_uri(_address(rule, chance)), _query(chance)
    headers = {"HX-Request": "true"} if chance.random() < 0.2 else {}
    data: dict[str, object] = {}
    if method == "POST":
        names = chance.sample(_NAMES, chance.randrange(12))
        data = {name: chance.choice(_ODD)[:20_000] for name in names}
        data["csrf_token"] = person.token
        if chance.random() < 0.2:
            content = chance.choice(_ODD).encode()
            data[chance.choice(_NAMES)] = (io.BytesIO(content), chance.choice(_ODD)[:200])
    response = person.client.open(
        address, method=method, query_string=query, data=data or None, headers=headers
    )
    response.close()
    return f"{method} {address!r} {query!r} {data!r}"[:1000], response.status_code


@pytest.fixture(params=["sqlite_url", "postgres_url"])
def sqlite_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a fresh database; of each kind in turn."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture
def somebody(mei: Person, sample: str) -> Person:
    """Return an admin of a service with a sample week."""
    return mei


def test_no_odd_request_is_an_internal_error(app: Flask, somebody: Person) -> None:
    """Odd numbers, names, weeks and texts get a page or an error of the client."""
    rules = _rules(app)

    @settings(max_examples=25)
    @given(st.integers(0, 2**32))
    def try_out(seed: int) -> None:
        chance = random.Random(seed)
        sent = [_send(somebody, chance.choice(rules), chance) for _ in range(8)]
        assert [request for request, status in sent if status == 500] == []

    try_out()


def test_odd_values_in_addresses(app: Flask, somebody: Person) -> None:
    """An odd value in any place of an address gets a page or an error of the client."""
    places = [
        (rule, name)
        for rule in _rules(app)
        if "GET" in (rule.methods or set())
        for name in sorted(rule.arguments)
    ]
    faults = []
    for number, value in enumerate(_ODD * 3):
        rule, odd = places[number % len(places)]
        values = {name: value if name == odd else "1" for name in rule.arguments}
        response = somebody.client.get(iri_to_uri(_filled(rule, values)))
        response.close()
        if response.status_code == 500:
            faults.append((rule.rule, value[:200]))
    assert faults == []

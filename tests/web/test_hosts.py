"""By which hosts a browser may address the service, and when it must use https."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from contentsvc.app import create_app
from contentsvc.services.runtime import Runtime

_PUBLIC = {"public_url": "https://plan.example.com", "has_public_url": True}


def _client(runtime: Runtime, **changes: object) -> FlaskClient:
    config = replace(runtime.config, **changes)  # type: ignore[arg-type]  # by name
    return create_app(replace(runtime, config=config)).test_client()


@pytest.mark.parametrize(
    ("host", "loopback", "public", "network"),
    [
        ("localhost:8000", 200, 200, 200),
        ("127.0.0.1:8000", 200, 200, 200),
        ("[::1]:8000", 200, 200, 200),
        ("LOCALHOST", 200, 200, 200),
        ("plan.example.com", 400, 200, 200),
        ("PLAN.example.com:443", 400, 200, 200),
        ("192.168.1.20:8000", 400, 400, 200),
        # A name of somebody else that leads to this machine.
        ("attacker.example", 400, 400, 200),
        ("plan.example.com.attacker.example", 400, 400, 200),
        ("localhost.attacker.example", 400, 400, 200),
        ("plan.example.com@attacker.example", 400, 400, 200),
        ("[::1", 400, 400, 200),
        ("", 400, 400, 200),
    ],
)
def test_a_request_for_another_host_is_refused(
    runtime: Runtime, host: str, loopback: int, public: int, network: int
) -> None:
    """A service on loopback, or with a public address, responds to no other name."""
    clients = [
        _client(runtime),
        _client(runtime, **_PUBLIC),
        _client(runtime, host="0.0.0.0"),
    ]

    statuses = [each.get("/sign-in", headers={"Host": host}).status_code for each in clients]

    assert statuses == [loopback, public, network]


def test_the_error_says_where_the_service_is(runtime: Runtime) -> None:
    """Somebody who uses an old address is told the present one."""
    page = _client(runtime, **_PUBLIC).get("/sign-in", headers={"Host": "old.example"}).text

    assert "本服务的地址不是 old.example，请打开 https://plan.example.com。" in page


@pytest.mark.parametrize(
    ("changes", "header"),
    [
        (_PUBLIC, "max-age=31536000"),
        ({"public_url": "http://plan.example.com", "has_public_url": True}, None),
        ({}, None),
    ],
)
def test_https_is_kept_to(runtime: Runtime, changes: dict[str, object], header: str | None) -> None:
    """Browsers use https for a year once they have seen a service that has it."""
    response = _client(runtime, **changes).get("/sign-in")

    assert response.headers.get("Strict-Transport-Security") == header

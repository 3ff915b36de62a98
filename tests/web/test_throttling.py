"""Wrong passwords are counted by user and network, and logged."""

from __future__ import annotations

import logging

import pytest
from flask.testing import FlaskClient

from contentsvc.logs import LineFormatter
from contentsvc.web.throttling import PasswordThrottle
from tests.web.people import PASSWORD, Person, token_in


def _wrong(throttle: PasswordThrottle, times: int, address: str, name: str = "mei") -> None:
    for _ in range(times):
        assert throttle.allows(address, name)
        throttle.note_wrong(address, name)


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        # A provider gives a customer 2^64 IPv6 addresses.
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
        ("", "", True),
    ],
)
def test_a_network_is_one_place(first: str, second: str, *, is_same: bool) -> None:
    """After ten wrong passwords a user's network is refused, and another network is not."""
    throttle = PasswordThrottle(1)
    _wrong(throttle, 10, first)

    assert throttle.allows(second, "mei") is not is_same
    assert throttle.allows(first, "wang")


@pytest.mark.parametrize("name", ["MEI", "ｍｅｉ", " mei "])
def test_a_name_has_one_count(name: str) -> None:
    """However a name is typed, its wrong passwords are counted together."""
    throttle = PasswordThrottle(1)
    _wrong(throttle, 10, "192.0.2.1")

    assert not throttle.allows("192.0.2.1", name)


def test_many_names_from_one_network_are_refused() -> None:
    """Trying one password for many users ends after sixty."""
    throttle = PasswordThrottle(1)
    for number in range(60):
        _wrong(throttle, 1, "192.0.2.1", f"user-{number}")

    assert not throttle.allows("192.0.2.1", "another")
    assert throttle.allows("192.0.2.2", "another")


def test_many_networks_for_one_user_are_refused() -> None:
    """Trying a user's password from many networks ends after a hundred."""
    throttle = PasswordThrottle(1)
    for number in range(100):
        _wrong(throttle, 1, f"192.0.2.{number}")

    assert not throttle.allows("198.51.100.1", "mei")
    assert throttle.allows("198.51.100.1", "wang")


def test_all_together_are_refused() -> None:
    """A thousand wrong passwords of anybody stop the trying for a while."""
    throttle = PasswordThrottle(1)
    for number in range(1000):
        _wrong(throttle, 1, f"10.0.{number // 250}.{number % 250}", f"user-{number}")

    assert not throttle.allows("198.51.100.1", "somebody")


def test_each_process_allows_its_share() -> None:
    """Two processes together allow as many tries as one alone."""
    throttle = PasswordThrottle(2)
    _wrong(throttle, 5, "192.0.2.1")

    assert not throttle.allows("192.0.2.1", "mei")


def test_the_account_page_counts_wrong_passwords_too(mei: Person) -> None:
    """Whoever finds an open session cannot try out its password there."""
    data = {"password": "another-one-2", "repeated": "another-one-2"}

    tries = [mei.post("/account", {"current": "wrong", **data}) for _ in range(10)]
    refused = mei.post("/account", {"current": PASSWORD, **data})

    assert {response.status_code for response in tries} == {422}
    assert "密码错误次数太多" in refused.text
    assert refused.status_code == 422


def test_a_wrong_password_is_logged_for_fail2ban(
    anonymous: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """The line has the address, and nothing that was typed."""
    token = token_in(anonymous.get("/sign-in").get_data(as_text=True))
    data = {"name": "my-secret-phrase", "password": "my-secret-word", "csrf_token": token}

    with caplog.at_level(logging.WARNING):
        anonymous.post("/sign-in", data=data, environ_base={"REMOTE_ADDR": "192.0.2.7"})

    (record,) = [each for each in caplog.records if "wrong password" in each.message]
    line = LineFormatter().format(record)
    assert line.endswith("action=password_wrong address=192.0.2.7")
    assert "my-secret" not in line

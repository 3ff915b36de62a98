"""Tests of public addresses and of connections to checked addresses."""

from __future__ import annotations

import httpcore
import pytest

from contentsvc.channels.network import GuardedBackend, PrivateAddressError, is_public


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "114.114.114.114", "2606:4700:4700::1111", "::ffff:8.8.8.8"],
)
def test_public_addresses_are_allowed(address: str) -> None:
    """Addresses on the internet are public."""
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.5.4", "192.168.1.1"),
        *("169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1", "240.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1"),
        *("fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2001:db8::1"),
        *("2002:7f00:1::", "2002:a00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    ],
)
def test_private_addresses_are_not(address: str) -> None:
    """Loopback, private, link-local, multicast and reserved addresses are private, also in IPv6."""
    assert not is_public(address)


def test_a_name_that_leads_inside_is_refused_before_any_connection() -> None:
    """A name with a private address is refused before a connection is opened."""
    backend = GuardedBackend(5, allow_private=False, resolve=lambda *_: ["10.0.0.1", "::1"])

    with pytest.raises(PrivateAddressError):
        backend.connect_tcp("inside.example", 80)

    assert not backend.began


def test_of_mixed_addresses_only_public_ones_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the public addresses of a name are tried."""
    tried: list[str] = []

    def refuse(address: tuple[str, int], **_: float) -> None:
        tried.append(address[0])
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("socket.create_connection", refuse)
    backend = GuardedBackend(5, allow_private=False, resolve=lambda *_: ["10.0.0.1", "8.8.8.8"])

    with pytest.raises(httpcore.ConnectError, match="refused"):
        backend.connect_tcp("mixed.example", 80)

    assert tried == ["8.8.8.8"]


def test_an_address_that_hangs_leaves_time_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of two addresses gets half of the time, and the second the remaining time."""
    given: list[float] = []

    def hang(_address: tuple[str, int], timeout: float) -> None:
        given.append(timeout)
        raise TimeoutError

    monkeypatch.setattr("socket.create_connection", hang)
    backend = GuardedBackend(60, allow_private=False, resolve=lambda *_: ["1.1.1.1", "8.8.8.8"])

    with pytest.raises(httpcore.ConnectError):
        backend.connect_tcp("slow.example", 80)

    assert given == [pytest.approx(30, abs=1), pytest.approx(60, abs=1)]


def test_the_name_is_looked_up_once() -> None:
    """The name is resolved once, so a different second reply has no effect."""
    answers = iter([["10.0.0.1"], ["8.8.8.8"]])
    backend = GuardedBackend(5, allow_private=False, resolve=lambda *_: next(answers))

    with pytest.raises(PrivateAddressError):
        backend.connect_tcp("rebinding.example", 80)

    assert next(answers) == ["8.8.8.8"]


def test_a_name_that_nobody_knows_is_a_connection_that_failed() -> None:
    """An unknown name raises ConnectError, because nothing was sent."""

    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    backend = GuardedBackend(5, allow_private=False, resolve=unknown)

    with pytest.raises(httpcore.ConnectError, match="not known"):
        backend.connect_tcp("nowhere.example", 80)


def test_no_time_is_left_after_the_deadline() -> None:
    """After the deadline of a call, `remaining` raises ReadTimeout."""
    backend = GuardedBackend(-1, allow_private=True)

    with pytest.raises(httpcore.ReadTimeout):
        backend.remaining()

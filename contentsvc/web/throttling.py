"""A limit on wrong passwords, so that nobody can try out many."""

from __future__ import annotations

import ipaddress
import logging
from math import ceil

from flask import Flask, current_app, request
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from contentsvc.config import Config
from contentsvc.domain.typed_text import half_width

__all__ = ["PasswordThrottle", "install_throttle", "may_try_password", "note_wrong_password"]

logger = logging.getLogger(__name__)

#: Minutes for which a wrong password counts.
_MINUTES = 15
#: Wrong passwords in that time: for a user from one network, from one network, for a user from
#: everywhere, and of everybody. The last two slow an attack from many networks.
_USER_AND_NETWORK, _NETWORK, _USER, _ALL = 10, 60, 100, 1000
#: The network of an IPv6 address: a customer of a provider has at least this many bits to choose.
_IPV6_PREFIX = 64


class PasswordThrottle:
    """Counts wrong passwords by user and network, in this process's memory.

    Each of several processes allows its share.
    """

    def __init__(self, processes: int) -> None:
        """Create a throttle for one of that many processes."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._limits = {
            kind: RateLimitItemPerMinute(ceil(most / processes), _MINUTES)
            for kind, most in (
                ("user and network", _USER_AND_NETWORK),
                ("network", _NETWORK),
                ("user", _USER),
                ("all", _ALL),
            )
        }

    def allows(self, address: str, name: str) -> bool:
        """Return whether somebody at the IP *address* may try a password of the user *name*."""
        return all(
            self._limiter.test(self._limits[kind], kind, *key)
            for kind, key in self._keys(address, name)
        )

    def note_wrong(self, address: str, name: str) -> None:
        """Count a wrong password, and log the IP address for programs that block it."""
        for kind, key in self._keys(address, name):
            self._limiter.hit(self._limits[kind], kind, *key)
        # The name is not logged: people type passwords into this field by mistake.
        logger.warning(
            "A wrong password was given", extra={"action": "password_wrong", "address": address}
        )

    def _keys(self, address: str, name: str) -> list[tuple[str, tuple[str, ...]]]:
        # However a name is typed, it has one count.
        network, user = _network(address), half_width(name).lower()[:64]
        return [
            ("user and network", (user, network)),
            ("network", (network,)),
            ("user", (user,)),
            ("all", ()),
        ]


def _network(address: str) -> str:
    """Return the /64 of an IPv6 address; an IPv4 address and any other text are their own."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed), _IPV6_PREFIX), strict=False))


def install_throttle(app: Flask, config: Config) -> None:
    """Give *app* a throttle for its sign-in and account pages."""
    app.extensions["password_throttle"] = PasswordThrottle(config.web_processes)


def may_try_password(name: str) -> bool:
    """Return whether the client of the present request may try a password of the user *name*."""
    return _throttle().allows(request.remote_addr or "", name)


def note_wrong_password(name: str) -> None:
    """Count a wrong password that the client of the present request has given."""
    _throttle().note_wrong(request.remote_addr or "", name)


def _throttle() -> PasswordThrottle:
    found: PasswordThrottle = current_app.extensions["password_throttle"]
    return found

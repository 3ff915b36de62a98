"""Converts web addresses to ASCII, the form that browsers send and every QR scanner reads."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import idna

__all__ = ["ascii_address", "is_address"]

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://.", re.IGNORECASE)
#: What is never percent-encoded: delimiters of an address (RFC 3986, 2.2), and `%` itself, because
#: an address may be encoded in parts already.
_KEPT = "!#$%&'()*+,/:;=?@[]~"
#: The longest label of a host name, in characters (RFC 1035, 2.3.4).
_LONGEST_LABEL = 63


def is_address(text: str) -> bool:
    """Return True if *text* begins with the scheme of a web address and `://`."""
    return _ADDRESS.match(text) is not None


def ascii_address(text: str) -> str:
    """Convert a web address to ASCII: the host to punycode, the rest to percent-encoded UTF-8.

    Parts of *text* that are ASCII already stay as they are, even if they are percent-encoded.

    Raises:
        ValueError: *text* is no address, or its host cannot be a host name.
    """
    parts = urlsplit(text)
    if not parts.netloc:
        raise ValueError(f"{text!r} has no host")
    user, at, place = parts.netloc.rpartition("@")
    host, colon, port = place, "", ""
    if not place.startswith("["):
        host, colon, port = place.partition(":")
    scheme, _, after = text.partition("://")
    rest = after[len(parts.netloc) :]
    return f"{scheme}://{_quoted(user)}{at}{_ascii_host(host)}{colon}{port}{_quoted(rest)}"


def _quoted(text: str) -> str:
    return quote(text, safe=_KEPT)


def _ascii_host(host: str) -> str:
    """Return the host name that browsers look up: *host* mapped by UTS 46, with punycode labels."""
    if host.isascii():
        return host
    labels = idna.uts46_remap(host, std3_rules=False, transitional=False).split(".")
    names = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels
    ]
    if not all(len(name) <= _LONGEST_LABEL for name in names):
        raise ValueError(f"{host!r} has a label of more than {_LONGEST_LABEL} characters")
    return ".".join(names)

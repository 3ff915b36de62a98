"""The name of a person's browser, taken from the header User-Agent."""

from __future__ import annotations

__all__ = ["browser_name"]

#: Names by what is in the header. Browsers also claim to be others, so the order matters.
_BROWSERS = (
    ("MicroMessenger/", "WeChat"),
    ("wxwork/", "WeCom"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
#: No header of a real browser is longer; the rest is not read.
_LONGEST = 512


def browser_name(header: str) -> str:
    """Return browser and system, such as `Firefox, Windows`; empty if neither is known."""
    read = header[:_LONGEST]
    found = [
        next((name for mark, name in names if mark in read), "") for names in (_BROWSERS, _SYSTEMS)
    ]
    return ", ".join(filter(None, found))

"""Normalises values that people type with a Chinese input method, such as `１２：３０`.

Only values with a format belong here: times, numbers, lists, and names in the service. Prose, such
as a title or a tag, is stored as it was typed.
"""

from __future__ import annotations

import re

__all__ = ["digits", "half_width", "split_list", "split_span", "typed_address"]

#: Every full-width character of ASCII lies as far from its ordinary one as the next.
_WIDE = {number + 0xFEE0: number for number in range(0x21, 0x7F)}
_LOOKALIKES = {
    **dict.fromkeys("\u3000\u00a0", " "),
    **dict.fromkeys("‐‑‒–—―−﹣", "-"),
    **dict.fromkeys("〜∼～", "~"),
    **dict.fromkeys("∶︰﹕", ":"),
    "﹐": ",",
    "￥": "¥",
}
#: One character for one, so that positions in the text stay the same.
_HALF = _WIDE | str.maketrans(_LOOKALIKES)
_SEPARATORS = re.compile(r"[,、;\n]")
#: What stands between the two ends of a span, as in `22:00-08:00`, `22:00～8:00` or `22:00至8:00`.
_BETWEEN = re.compile(r"[-~]+|至|到")
#: More digits are no number that anybody types; converting them would take long.
_MOST_DIGITS = 9
_SCHEMES = ("https://", "http://")


def half_width(text: str) -> str:
    """Convert full-width characters of *text* to ordinary ones, and strip surrounding blanks.

    Every kind of dash becomes a hyphen, and a wave dash becomes `~`.
    """
    return text.translate(_HALF).strip()


def digits(text: str) -> int | None:
    """Parse a decimal number of at most nine digits. Return None if *text* is not one."""
    typed = half_width(text)
    return int(typed) if typed.isdecimal() and len(typed) <= _MOST_DIGITS else None


def split_list(text: str) -> list[str]:
    """Split *text* at commas, enumeration commas, semicolons and line ends; return the items.

    The separators may be full-width. Blanks around items are stripped, but full-width characters in
    items are kept. Empty items are left out.
    """
    items, start = [], 0
    for found in _SEPARATORS.finditer(text.translate(_HALF)):
        items.append(text[start : found.start()])
        start = found.end()
    return [item.strip() for item in [*items, text[start:]] if item.strip()]


def split_span(text: str) -> tuple[str, str] | None:
    """Split a span such as `22:00～8:00` into its two ends. Return None if nothing divides it."""
    ends = _BETWEEN.split(half_width(text), maxsplit=1)
    return (ends[0].strip(), ends[1].strip()) if len(ends) > 1 else None


def typed_address(text: str) -> str:
    """Strip blanks around a web address, and change `https：／／` at its start to `https://`.

    The rest of an address may contain any character, so it stays as it is.
    """
    text = text.strip()
    start = text[: len(_SCHEMES[0])].translate(_HALF)
    scheme = next((scheme for scheme in _SCHEMES if start.lower().startswith(scheme)), "")
    return start[: len(scheme)] + text[len(scheme) :]

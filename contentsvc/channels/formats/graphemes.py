"""Text in the units that people see as one character.

A unit here is never smaller than an extended grapheme cluster of Unicode's UAX #29; in a few
scripts it is larger, which does no harm where text is only to be divided.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache

__all__ = ["graphemes"]

_ZWJ = "\u200d"
_VIRAMA = 9


def graphemes(text: str) -> Iterator[str]:
    """Yield the units of *text*; put together again they are *text*."""
    start = 0
    flags = 0
    for place in range(1, len(text)):
        before, char = text[place - 1], text[place]
        flags = flags + 1 if _is_flag_letter(before) else 0
        if not _joined(before, char, odd=flags % 2 == 1):
            yield text[start:place]
            start = place
    if text:
        yield text[start:]


def _joined(before: str, char: str, *, odd: bool) -> bool:
    """Say whether no border lies between two characters; *odd*: the first opens a flag."""
    if before < "\x7f" and char < "\x7f":
        return before == "\r" and char == "\n"
    if before in "\r\n":
        return False
    if _extends(char) or _reaches_on(before) or (odd and _is_flag_letter(char)):
        return True
    return (_is_jamo(before) and _is_hangul(char)) or (_is_hangul(before) and _is_jamo(char))


@lru_cache(maxsize=8192)
def _extends(char: str) -> bool:
    """Say whether *char* only changes what stands before it: marks, joiners, skin tones, tags."""
    return (
        unicodedata.category(char)[0] == "M"
        or char in "\u200c\u200d\uff9e\uff9f"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\U000e0020" <= char <= "\U000e007f"
    )


@lru_cache(maxsize=8192)
def _reaches_on(char: str) -> bool:
    """Say whether what follows *char* belongs to it: joiners, viramas, numbers' signs."""
    return (
        char == _ZWJ
        or unicodedata.combining(char) == _VIRAMA
        or (unicodedata.category(char) == "Cf" and unicodedata.bidirectional(char) == "AN")
    )


def _is_flag_letter(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_hangul(char: str) -> bool:
    return "\uac00" <= char <= "\ud7ff" or _is_jamo(char)


def _is_jamo(char: str) -> bool:
    return (
        "\u1100" <= char <= "\u11ff" or "\ua960" <= char <= "\ua97f" or "\ud7b0" <= char <= "\ud7ff"
    )

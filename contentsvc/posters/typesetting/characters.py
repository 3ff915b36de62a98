"""Classifies characters for line breaking and spacing in Chinese text.

The rules follow W3C "Requirements for Chinese Text Layout" (clreq), sections 3.1 and 3.2.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = [
    "CLOSING",
    "OPENING",
    "clean",
    "is_hanzi",
    "is_inseparable",
    "is_joiner",
    "is_middle_dot",
    "is_western",
    "may_break",
]

#: Full-width marks with an empty left half; they never end a line.
OPENING = frozenset("（《〈「『【〔〖｛［“‘")
#: Full-width marks with an empty right half; they never start a line.
CLOSING = frozenset("，。、；：？！）》〉」』】〕〗｝］”’．")
_NO_START = CLOSING | frozenset("…—～·•・％℃°‰,.;:?!)]}%»›")
_NO_END = OPENING | frozenset("([{¥￥$£€#№«‹")
#: Marks that belong to Latin words, numbers and links.
_WORD_MARKS = frozenset(".,:;/\\-_@'’%‰°℃¥￥$£€+~&=?!#*()[]{}<>|^\"")
_INSEPARABLE = frozenset("…—")
_MIDDLE_DOTS = frozenset("·•・")
_CONTROLS = re.compile(r"[^\S\n\u3000]+")


def clean(text: str) -> str:
    """Return *text* in Unicode normal form NFC, without control characters except newlines.

    Runs of spaces become single spaces.
    """
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub(" ", text)
    characters = (
        char
        for char in text
        if char == "\n" or is_joiner(char) or unicodedata.category(char) not in {"Cc", "Cf", "Cs"}
    )
    return "\n".join(line.strip(" ") for line in "".join(characters).split("\n")).strip("\n")


def is_joiner(char: str) -> bool:
    """Return True if *char* only modifies its neighbours, as joiners and emoji skin tones do."""
    return char in "\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= char <= "\U0001f3ff"


def is_hanzi(char: str) -> bool:
    """Return True if *char* is a Chinese character or a kana, both of which are as wide as high."""
    return (
        "\u3400" <= char <= "\u9fff"
        or "\uf900" <= char <= "\ufaff"
        or "\u3040" <= char <= "\u30ff"
        or "\U00020000" <= char <= "\U0003ffff"
        or char in "〇々"
    )


def is_western(char: str) -> bool:
    """Return True if *char* needs a thin space between itself and a Chinese character."""
    return (char.isalnum() and not is_hanzi(char) and ord(char) < 0x2E80) or char in "%‰°℃¥$€£+&@#"  # noqa: PLR2004 - Chinese blocks of Unicode begin here


def is_middle_dot(char: str) -> bool:
    """Return True if *char* is a middle dot, which may need to be narrower than in the font."""
    return char in _MIDDLE_DOTS


def is_inseparable(first: str, second: str) -> bool:
    """Return True if the two characters form one mark: a Chinese dash or ellipsis."""
    return first == second and first in _INSEPARABLE


def may_break(before: str, after: str) -> bool:
    """Return True if a line may end with *before* and the next line begin with *after*."""
    if after == " " or is_joiner(after):
        return False
    if before == " ":
        return after not in _NO_START
    if after in _NO_START or before in _NO_END or is_inseparable(before, after):
        return False
    return not (_in_word(before) and _in_word(after))


def _in_word(char: str) -> bool:
    return char in _WORD_MARKS or (char.isalnum() and not is_hanzi(char) and ord(char) < 0x2E80)  # noqa: PLR2004 - Chinese blocks of Unicode begin here

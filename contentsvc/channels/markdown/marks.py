"""The marks that begin list items, such as - and 1., and the indent below them."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["INDENT", "INNER", "Mark", "column_of", "dedented", "mark_of"]

#: Columns that the parser wants for each level, and that make a block of code elsewhere.
INDENT = 4
#: Columns that a line inside an item has at least beyond the item's mark.
INNER = 2
_MARK = re.compile(r"(?P<indent>[ \u00a0\u3000]*)(?P<mark>[-*+]|(?P<number>\d{1,9})[.)]) +(?=\S)")
_FULL_WIDTH = "\u3000"
#: Digits of a number after full-width spaces. They begin paragraphs, too, also those of years.
_MOST_DIGITS = 2


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark that begins a list item, and the text after it."""

    column: int
    #: The item's number as it is written; empty in a list without numbers.
    number: str
    #: The parser's mark, such as `1.` for `1)`.
    shown: str
    content: str

    def interrupts(self) -> bool:
        """Return True if the mark begins a list even directly below text.

        Of the numbers only 1 does, so that a line that begins with a year remains text.
        """
        return not self.number or self.number == "1"


def mark_of(line: str) -> Mark | None:
    """Return the mark at the beginning of *line*, or None if it has none."""
    found = _MARK.match(line)
    if found is None:
        return None
    number = found["number"] or ""
    if _FULL_WIDTH in found["indent"] and len(number) > _MOST_DIGITS:
        return None
    column = sum(2 if char == _FULL_WIDTH else 1 for char in found["indent"])
    return Mark(column, number, f"{number}." if number else found["mark"], line[found.end() :])


def column_of(line: str) -> int:
    """Return the column at which *line* begins. Full-width spaces count only before a mark."""
    mark = mark_of(line)
    return mark.column if mark else len(line) - len(line.lstrip(" "))


def dedented(lines: list[str], column: int) -> list[str]:
    """Remove the indent from the further lines of a list item.

    *column* is the column of the item's mark. The indent is that of the line with the least indent
    beyond the mark, at most four columns.
    """
    columns = (column_of(line) for line in lines if line.strip())
    least = min((each for each in columns if each >= column + INNER), default=column + INNER)
    return [_shortened(line, min(least, column + INDENT)) for line in lines]


def _shortened(line: str, indent: int) -> str:
    """Remove up to *indent* columns of leading spaces from *line*."""
    rest = line
    while indent > 0 and rest[:1] in {" ", "\u00a0"}:
        rest, indent = rest[1:], indent - 1
    while indent > 0 and rest.startswith(_FULL_WIDTH) and mark_of(rest):
        rest, indent = rest[1:], indent - 2
    return rest

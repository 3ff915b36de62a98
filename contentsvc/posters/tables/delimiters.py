"""Finds the delimiter of a table in text form, and splits the table into cells."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice

from contentsvc.errors import InputError

__all__ = ["split_cells", "split_plain_cells"]

#: Characters that can separate cells, the most likely first.
_DELIMITERS = ",\t;|"
#: A full-width comma is punctuation, unless nothing else separates the cells.
_FULL_WIDTH = "，"
#: Stands for the delimiter of a table with one column: no spreadsheet writes it.
_NONE = "\x1f"
#: How much of the text is examined to find the delimiter, in characters and in lines.
_EXAMINED, _EXAMINED_LINES = 32_768, 20
#: The first line may tell Excel the delimiter: `sep=;`.
_SEP_LINE = re.compile(r'"?sep=([^\r\n])"?[ \t,;]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")


def split_cells(text: str, name: str) -> Iterator[Sequence[str]]:
    """Yield the cells of each line of *text*. A quoted cell may contain line breaks.

    *name* is the text's name in error messages.

    Raises:
        InputError: the quotes are wrong, or a cell is too large.
    """
    delimiter, text = _delimiter(text)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except csv.Error as error:
        raise InputError("table-csv-unreadable", file=name, reason=str(error)) from error


def split_plain_cells(text: str) -> Iterator[Sequence[str]]:
    """Yield the cells of each line of *text*. Quotes are ordinary characters."""
    delimiter, text = _delimiter(text)
    return (line.split(delimiter) for line in _LINE_END.split(text))


def _delimiter(text: str) -> tuple[str, str]:
    """Return the delimiter of *text*, and *text* without any line that declares it (`sep=;`)."""
    text = text.removeprefix("\ufeff")
    named = _SEP_LINE.match(text)
    if named:
        return named[1], text[named.end() :]
    widths = {delimiter: _widths(text, delimiter) for delimiter in (*_DELIMITERS, _FULL_WIDTH)}
    return _separating(widths) or _full_width(widths) or _frequent(text, widths) or _NONE, text


def _widths(text: str, delimiter: str) -> list[int]:
    """Return the number of cells in each of the first lines of *text*, split at *delimiter*.

    Empty lines are left out.
    """
    lines = csv.reader(io.StringIO(text[:_EXAMINED], newline=""), delimiter=delimiter)
    widths = [len(cells) for cells in islice(lines, _EXAMINED_LINES) if any(cells)]
    # The last line may be cut.
    return widths[:-1] if len(text) > _EXAMINED and len(widths) > 1 else widths


def _separating(widths: dict[str, list[int]]) -> str | None:
    """Return the delimiter that splits most lines into as many cells as the title line.

    Punctuation in texts hardly ever does. Return None if no delimiter does.
    """
    fitting = {
        delimiter: (counts.count(counts[0]), counts[0])
        for delimiter in _DELIMITERS
        if (counts := widths[delimiter])
        and counts[0] > 1
        and counts.count(counts[0]) * 2 >= len(counts)
    }
    return max(fitting, key=fitting.__getitem__, default=None)


def _full_width(widths: dict[str, list[int]]) -> str | None:
    counts = widths[_FULL_WIDTH]
    is_table = len(counts) > 1 and counts[0] > 1 and len(set(counts)) == 1
    return _FULL_WIDTH if is_table else None


def _frequent(text: str, widths: dict[str, list[int]]) -> str | None:
    """Return the most frequent delimiter, for tables with a heading or with incomplete lines.

    A comma before a space counts as punctuation, unless the first line contains a comma. A `|`
    separates the two parts of a list item, so it alone makes no columns. Return None if no
    delimiter occurs.
    """
    head = text[:_EXAMINED]
    counts = {
        delimiter: sum(counts) - len(counts)
        for delimiter in _DELIMITERS.replace("|", "")
        if (counts := widths[delimiter]) and (counts[0] > 1 or f"{delimiter} " not in head)
    }
    best = max(counts, key=counts.__getitem__, default=None)
    return best if best and counts[best] else None

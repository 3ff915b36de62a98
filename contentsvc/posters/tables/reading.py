"""Reads uploaded tables: CSV and XLSX files, and cells pasted from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contentsvc.errors import InputError
from contentsvc.messages import Message
from contentsvc.posters.tables.delimiters import split_cells, split_plain_cells
from contentsvc.posters.tables.encodings import decode_table
from contentsvc.posters.tables.lines import (
    CELL_ERRORS,
    MOST_BYTES,
    MOST_COLUMNS,
    MOST_LINES,
    Line,
    LineCollector,
    cell_name,
)

__all__ = ["FILE_COLUMN", "Row", "read_lines", "read_pasted", "read_rows"]

#: The name of the column with the file names of the posters.
FILE_COLUMN = "file"
_TEXT_ENDINGS = {"csv", "tsv", "txt"}
#: Spreadsheets treat a cell that begins with one of these characters as a formula, unless an
#: apostrophe precedes it.
_FORMULA = ("=", "+", "-", "@")
#: Shops export codes as formulas such as ="00042", so that Excel leaves their zeros alone.
_QUOTED = re.compile(r'="([^"]*)"')
#: The first bytes of an XLSX file, and of an old .xls file or a workbook with a password.
_ZIP, _OLD_WORKBOOK = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: its line number in the file (from 1), and its non-empty cells by field name.

    `faults` has a message for each cell that contains a spreadsheet error, such as #N/A.
    """

    number: int
    values: Mapping[str, str]
    faults: Mapping[str, Message] = field(default_factory=dict[str, Message])


def read_lines(data: bytes, name: str) -> list[Line]:
    """Read the table file *data*; return its non-empty lines.

    The suffix of *name* determines the format: `.csv`, `.tsv`, `.txt` or `.xlsx`.

    Raises:
        InputError: the table is of another kind, too large, damaged or empty.
    """
    if len(data) > MOST_BYTES:
        raise InputError("table-too-large", file=name, most=MOST_BYTES // 1024 // 1024)
    ending = name.lower().rpartition(".")[2]
    if ending not in {*_TEXT_ENDINGS, "xlsx"}:
        raise InputError("table-kind-unknown", file=name)
    if data.startswith(_OLD_WORKBOOK):
        raise InputError("table-workbook-old", file=name)
    if ending == "xlsx" or data.startswith(_ZIP):
        # Imported here because the library of number formats is seldom needed.
        from contentsvc.posters.tables.workbook_reading import read_workbook

        lines = read_workbook(data, name)
    else:
        lines = _lines(split_cells(decode_table(data, name), name), name)
    if not lines:
        raise InputError("table-empty", file=name)
    return lines


def read_pasted(text: str, name: str) -> list[Line]:
    """Read *text*, which contains cells copied from a spreadsheet; return its non-empty lines.

    *name* is the text's name in error messages.

    Raises:
        InputError: the text is too large or empty.
    """
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise InputError("table-too-large", file=name, most=MOST_BYTES // 1024 // 1024)
    try:
        lines = _lines(split_cells(text, name), name)
    except InputError:
        # Excel quotes only cells with line breaks, so a quote at a cell's edge may be text.
        lines = _lines(split_plain_cells(text), name)
    if not lines:
        raise InputError("table-empty", file=name)
    return lines


def read_rows(data: bytes, name: str) -> list[Row]:
    """Read the table file *data*; return its non-empty rows. *name* is the file's name.

    The first line names the fields. The items of a list are lines of a single cell.

    Raises:
        InputError: the table is of another kind, too large, damaged or has no rows.
    """
    first, *lines = read_lines(data, name)
    header = _header(first, lines, name)
    result = [_row(header, line, name) for line in lines]
    if not result:
        raise InputError("table-empty", file=name)
    return result


def _lines(lines: Iterable[Sequence[str]], name: str) -> list[Line]:
    collector = LineCollector(name)
    for number, cells in enumerate(lines, 1):
        if number > MOST_LINES:
            raise InputError("table-too-many-lines", file=name, most=MOST_LINES)
        if any(map(str.strip, cells[MOST_COLUMNS:])):
            raise InputError("table-too-many-columns", file=name, most=MOST_COLUMNS)
        collector.add(number, [_text(cell) for cell in cells[:MOST_COLUMNS]])
    return collector.lines


def _header(first: Line, lines: Sequence[Line], name: str) -> Sequence[str]:
    titles = first.cells
    duplicates = sorted({title for title in titles if title and titles.count(title) > 1})
    if duplicates:
        raise InputError("table-columns-alike", file=name, names=duplicates)
    for column, text in first.covered.items():
        if any(line.cells[column : column + 1] not in {(), ("",)} for line in lines):
            cell = cell_name(first.number, column)
            raise InputError("table-title-merged", file=name, cell=cell, text=text)
    return titles


def _row(header: Sequence[str], line: Line, name: str) -> Row:
    if any(line.cells[len(header) :]):
        raise InputError("table-row-too-wide", file=name, number=line.number)
    named = {
        title: (column, text)
        for column, (title, text) in enumerate(zip(header, line.filled, strict=False))
        if title and text
    }
    faults = {
        title: Message("table-cell-error", cell=cell_name(line.number, column), text=text)
        for title, (column, text) in named.items()
        if text in CELL_ERRORS
    }
    return Row(line.number, {title: text for title, (_, text) in named.items()}, faults)


def _text(cell: str) -> str:
    """Return the text that a spreadsheet shows for a cell of a text file."""
    text = cell.strip()
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        return quoted[1].strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text

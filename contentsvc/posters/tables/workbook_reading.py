"""Reads the first visible sheet of an XLSX file; cells become texts as a spreadsheet shows them."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element, ParseError

from contentsvc.errors import InputError
from contentsvc.posters.tables.cell_values import CellReader
from contentsvc.posters.tables.lines import MOST_COLUMNS, MOST_LINES, Line, LineCollector
from contentsvc.posters.tables.workbook_parts import Parts, open_parts, xml_events

__all__ = ["read_workbook"]

_CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: The last row (from 1) and column (from 0) of a sheet.
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_383
#: The most cells of a sheet, including empty ones with a format; a full table has 1.2 million.
_MOST_CELLS = 1_500_000
#: What zipfile, the XML parser and the readers below raise for a damaged workbook.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, struct.error, ParseError, KeyError, IndexError, ValueError,
    TypeError, OverflowError, EOFError, OSError, RuntimeError,
)  # fmt: skip


def read_workbook(data: bytes, name: str) -> list[Line]:
    """Return the non-empty lines of the XLSX file *data*, from its first visible sheet with text.

    *name* is the file's name in error messages.

    Raises:
        InputError: *data* is not a readable workbook, is too large, or contains a formula without
            a result or a value that cannot be shown; the message names the cell.
    """
    try:
        parts = open_parts(data, name)
        sheets = (_SheetParser(parts, name).lines(entry) for entry in parts.sheets)
        return next((lines for lines in sheets if lines), [])
    except _DAMAGED as error:
        raise InputError("table-xlsx-unreadable", file=name, reason=str(error)) from error


@dataclass(frozen=True, slots=True)
class _Merged:
    """A merged cell: its first and last line and column; lines count from 1, columns from 0."""

    top: int
    left: int
    bottom: int
    right: int


class _SheetParser:
    """Parses one sheet. To save memory, each element is cleared once it has been read."""

    def __init__(self, parts: Parts, name: str) -> None:
        self._archive = parts.archive
        self._name = name
        self._reader = CellReader(parts, name)
        self._collector = LineCollector(name)
        self._merged: list[_Merged] = []
        self._number = 0
        self._row_count = self._cell_count = 0
        self._column = 0
        self._cells: dict[int, str] = {}
        self._in_rows = self._in_cell = False

    def lines(self, entry: str) -> list[Line]:
        """Parse the sheet in the ZIP entry *entry*; return its lines."""
        for event, kind, element in xml_events(self._archive, entry):
            if event == "start":
                self._start(kind, element)
            else:
                self._end(kind, element)
        self._reader.require_results()
        return _fill_merged(self._collector, self._merged)

    def _start(self, kind: str, element: Element) -> None:
        if kind == "sheetData":
            self._in_rows = True
        elif kind == "row" and self._in_rows:
            number = int(element.get("r") or self._number + 1)
            if not self._number < number <= _LAST_ROW:
                raise ValueError(f"row {number} follows row {self._number}")
            self._row_count += 1
            if self._row_count > MOST_LINES:
                raise InputError("table-too-many-lines", file=self._name, most=MOST_LINES)
            self._number, self._column, self._cells = number, 0, {}
        elif kind == "c":
            self._in_cell = self._in_rows

    def _end(self, kind: str, element: Element) -> None:
        if self._in_cell and kind != "c":
            return
        if kind == "sheetData":
            self._in_rows = False
        elif kind == "c" and self._in_rows:
            self._add_cell(element)
        elif kind == "row" and self._in_rows:
            self._add_row()
        elif kind == "mergeCell":
            self._merged.append(_merged(element.get("ref", "")))
        element.clear()

    def _add_cell(self, element: Element) -> None:
        self._cell_count += 1
        if self._cell_count > _MOST_CELLS:
            raise InputError("table-unpacked-too-large", file=self._name)
        place = element.get("r")
        column = _position(place)[1] if place else self._column
        if column > _LAST_COLUMN:
            raise ValueError(f"row {self._number} has more than {_LAST_COLUMN + 1} cells")
        text = self._reader.text(element, self._number, column)
        if text:
            self._cells[column] = text
        self._in_cell, self._column = False, column + 1

    def _add_row(self) -> None:
        width = max(self._cells, default=-1) + 1
        if width > MOST_COLUMNS:
            raise InputError("table-too-many-columns", file=self._name, most=MOST_COLUMNS)
        self._collector.add(self._number, [self._cells.get(column, "") for column in range(width)])


def _position(name: str) -> tuple[int, int]:
    """Parse a cell name such as B7; return its line (from 1) and its column (from 0)."""
    match = _CELL.fullmatch(name)
    if match is None:
        raise ValueError(name)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - 64
    return int(match[2]), column - 1


def _merged(ref: str) -> _Merged:
    first, _, last = ref.partition(":")
    top, left = _position(first)
    bottom, right = _position(last or first)
    return _Merged(top, left, bottom, right)


def _fill_merged(collector: LineCollector, ranges: Sequence[_Merged]) -> list[Line]:
    """Return the collected lines, with a merged cell's text on every line that it covers."""
    lines = {line.number: line for line in collector.lines}
    numbers = tuple(lines)
    area = len(lines) * MOST_COLUMNS
    for merged in ranges:
        first = lines.get(merged.top)
        text = first.cells[merged.left] if first and merged.left < len(first.cells) else ""
        if not text:
            continue
        columns = range(merged.left, min(merged.right + 1, MOST_COLUMNS))
        below = slice(bisect_left(numbers, merged.top), bisect_right(numbers, merged.bottom))
        for number in numbers[below]:
            # Merged cells do not overlap, and a file in which they do may not cost more time.
            area -= len(columns)
            if area < 0:
                raise ValueError("merged cells overlap")
            collector.count([text] * len(columns))
            lines[number] = _covered(lines[number], merged, columns, text)
    return list(lines.values())


def _covered(line: Line, merged: _Merged, columns: range, text: str) -> Line:
    cells = [*line.cells, *[""] * (merged.left + 1 - len(line.cells))]
    cells[merged.left] = cells[merged.left] or text
    covered = dict(line.covered) | dict.fromkeys(columns[1:], text)
    return replace(line, cells=tuple(cells), covered=covered)

"""Reads uploaded tables: CSV and XLSX files, and cells pasted from a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from contentsvc.errors import InputError

__all__ = ["FILE_COLUMN", "Line", "Row", "read_lines", "read_pasted", "read_rows"]

#: The name of the column with the file names of the posters.
FILE_COLUMN = "file"
#: The most bytes of a file; a table of a thousand invitations has about 100 KB.
_MOST_BYTES = 10 * 1024 * 1024
_MOST_ROWS, _MOST_COLUMNS = 20_000, 60
#: The most lines of a table, including empty lines.
_MOST_LINES = 100_000
#: Excel writes CSV in the system's encoding, which is GB 18030 on a Chinese system.
_ENCODINGS = ("utf-8-sig", "gb18030")
#: Files that Excel saves as "Unicode text" begin with one of these marks.
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Characters that can separate cells, the most likely first.
_DELIMITERS = ",\t;"
_TEXT_ENDINGS = {"csv", "tsv", "txt"}
#: Spreadsheets treat a cell that begins with one of these characters as a formula, unless an
#: apostrophe precedes it.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Line:
    """A table line that is not empty: its number in the file (from 1) and all its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A table row: its line number in the file (from 1), and its filled cells by field name."""

    number: int
    values: Mapping[str, str]


def read_lines(data: bytes, name: str) -> list[Line]:
    """Return the non-empty lines of the table file *data*, each with its cells.

    The suffix of *name* determines the format: `.csv`, `.tsv`, `.txt` or `.xlsx`.

    Raises:
        InputError: the table is of another kind, too large, damaged or empty.
    """
    if len(data) > _MOST_BYTES:
        raise InputError("table-too-large", file=name, most=_MOST_BYTES // 1024 // 1024)
    ending = name.lower().rpartition(".")[2]
    if ending in _TEXT_ENDINGS:
        return _filled_lines(_csv_lines(_decoded(data, name), name), name)
    if ending == "xlsx":
        # Imported here for the reason given in `xlsx`.
        from contentsvc.posters.xlsx import read_cells

        cells = read_cells(data, name, most_columns=_MOST_COLUMNS + 1, most_lines=_MOST_LINES + 2)
        return _filled_lines(cells, name)
    raise InputError("table-kind-unknown", file=name)


def read_pasted(text: str, name: str) -> list[Line]:
    """Return the lines of *text*, which contains cells copied from a spreadsheet.

    Error messages call the text *name*.

    Raises:
        InputError: the text is too large or empty.
    """
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise InputError("table-too-large", file=name, most=_MOST_BYTES // 1024 // 1024)
    try:
        return _filled_lines(_csv_lines(text, name), name)
    except InputError:
        # Excel quotes only cells with line breaks, so a quote at a cell's edge may be text.
        plain = [line.split("\t") for line in text.splitlines()]
        return _filled_lines(plain, name)


def read_rows(data: bytes, name: str) -> list[Row]:
    """Return the non-empty rows of the table file *data*; *name* is the file's name.

    The first line names the fields. The items of a list are lines of one cell.

    Raises:
        InputError: the table is of another kind, too large, damaged or has no rows.
    """
    first, *lines = read_lines(data, name)
    header = _header(first.cells, name)
    result = [Row(line.number, _filled_cells(header, line, name)) for line in lines]
    if not result:
        raise InputError("table-empty", file=name)
    return result


def _csv_lines(text: str, name: str) -> Iterator[Sequence[object]]:
    try:
        yield from csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
        )
    except csv.Error as error:
        raise InputError("table-csv-unreadable", file=name, reason=str(error)) from error


def _delimiter(text: str) -> str:
    """Return the character that most often separates cells in the first five lines."""
    head = "\n".join(text[:4096].splitlines()[:5])
    delimiter = max(_DELIMITERS, key=head.count)
    # A full-width comma is punctuation, unless nothing else separates the cells.
    return delimiter if delimiter in head or "，" not in head else "，"


def _decoded(data: bytes, name: str) -> str:
    encodings = ("utf-16",) if data.startswith(_UTF16) else _ENCODINGS
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("table-encoding-unknown", file=name)


def _filled_lines(lines: Iterable[Sequence[object]], name: str) -> list[Line]:
    result: list[Line] = []
    for number, cells in enumerate(lines, 1):
        if number > _MOST_LINES:
            raise InputError("table-too-many-lines", file=name, most=_MOST_LINES)
        texts = tuple(_text(cell) for cell in cells)
        if not any(texts):
            continue
        if any(texts[_MOST_COLUMNS:]):
            raise InputError("table-too-many-columns", file=name, most=_MOST_COLUMNS)
        width = max(column for column, text in enumerate(texts, 1) if text)
        result.append(Line(number, texts[:width]))
        if len(result) > _MOST_ROWS:
            raise InputError("table-too-many-rows", file=name, most=_MOST_ROWS)
    if not result:
        raise InputError("table-empty", file=name)
    return result


def _header(cells: Sequence[str], name: str) -> list[str]:
    names = list(cells)
    while names and not names[-1]:
        names.pop()
    duplicates = sorted(
        {column_name for column_name in names if column_name and names.count(column_name) > 1}
    )
    if duplicates:
        raise InputError("table-columns-alike", file=name, names=duplicates)
    return names


def _filled_cells(header: Sequence[str], line: Line, name: str) -> dict[str, str]:
    if any(line.cells[len(header) :]):
        raise InputError("table-row-too-wide", file=name, number=line.number)
    pairs = zip_longest(header, line.cells[: len(header)], fillvalue="")
    return {field: text for field, text in pairs if field and text}


def _text(cell: object) -> str:
    """Return the text of a cell as a spreadsheet shows it: 39 for 39.0, a date without 00:00."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    if isinstance(cell, dt.time) and not cell.second:
        return f"{cell:%H:%M}"
    text = str(cell).strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text

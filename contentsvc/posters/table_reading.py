"""Tables from outside: CSV, XLSX and what is pasted from a spreadsheet, as lines of text cells."""

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

#: The column that names a row's picture.
FILE_COLUMN = "file"
#: A sheet of a thousand invitations has about 100 KB.
_MOST_BYTES = 10 * 1024 * 1024
_MOST_ROWS, _MOST_COLUMNS = 20_000, 60
#: Lines that are looked at, empty ones too.
_MOST_LINES = 100_000
#: Excel writes CSV in the system's encoding, which is GB 18030 on a Chinese one.
_ENCODINGS = ("utf-8-sig", "gb18030")
#: What Excel calls "Unicode text" begins with one of these.
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: What may part the cells of a text, the likeliest first.
_DELIMITERS = ",\t;"
_TEXT_ENDINGS = {"csv", "tsv", "txt"}
#: A cell that begins so is a formula to a spreadsheet; a mark before it says that it is text.
_FORMULA = ("=", "+", "-", "@")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty: its number in the file, counted from 1, and all its cells."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, counted from 1 with the header, and its filled cells."""

    number: int
    values: Mapping[str, str]


def read_lines(data: bytes, name: str) -> list[Line]:
    """Read the lines of a table whose file's *name* ends in `.csv`, `.tsv`, `.txt` or `.xlsx`.

    Raises:
        InputError: it is of another kind, too large, damaged or empty; what to do is said.
    """
    if len(data) > _MOST_BYTES:
        raise InputError("table-too-large", file=name, most=_MOST_BYTES // 1024 // 1024)
    ending = name.lower().rpartition(".")[2]
    if ending in _TEXT_ENDINGS:
        return _filled_lines(_csv_lines(_decoded(data, name), name), name)
    if ending == "xlsx":
        # Imported late: see there.
        from contentsvc.posters.xlsx import read_cells

        cells = read_cells(data, name, most_columns=_MOST_COLUMNS + 1, most_lines=_MOST_LINES + 2)
        return _filled_lines(cells, name)
    raise InputError("table-kind-unknown", file=name)


def read_pasted(text: str, name: str) -> list[Line]:
    """Read cells copied from a spreadsheet, parted by tabs; *name* stands in messages.

    Raises:
        InputError: it is too large or empty.
    """
    if len(text.encode("utf-8", "surrogatepass")) > _MOST_BYTES:
        raise InputError("table-too-large", file=name, most=_MOST_BYTES // 1024 // 1024)
    try:
        return _filled_lines(_csv_lines(text, name), name)
    except InputError:
        # Excel quotes only cells with line breaks, so a quote at a cell's edge may be a word's own.
        plain = [line.split("\t") for line in text.splitlines()]
        return _filled_lines(plain, name)


def read_rows(data: bytes, name: str) -> list[Row]:
    """Read the table *data*, whose file's *name* says its kind, without empty rows.

    The first row names the fields. A list's items stand in one cell, a line each.

    Raises:
        InputError: it is of another kind, too large, damaged or has no rows; what to do is said.
    """
    first, *lines = read_lines(data, name)
    header = _header(first.cells, name)
    found = [Row(line.number, _filled(header, line, name)) for line in lines]
    if not found:
        raise InputError("table-empty", file=name)
    return found


def _csv_lines(text: str, name: str) -> Iterator[Sequence[object]]:
    try:
        yield from csv.reader(
            io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True
        )
    except csv.Error as error:
        raise InputError("table-csv-unreadable", file=name, reason=str(error)) from error


def _delimiter(text: str) -> str:
    """Tell by the first lines what parts the cells."""
    head = "\n".join(text[:4096].splitlines()[:5])
    mark = max(_DELIMITERS, key=head.count)
    # A full-width comma is a mark of the language, unless nothing else parts the cells.
    return mark if mark in head or "，" not in head else "，"


def _decoded(data: bytes, name: str) -> str:
    encodings = ("utf-16",) if data.startswith(_UTF16) else _ENCODINGS
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("table-encoding-unknown", file=name)


def _filled_lines(lines: Iterable[Sequence[object]], name: str) -> list[Line]:
    found: list[Line] = []
    for number, cells in enumerate(lines, 1):
        if number > _MOST_LINES:
            raise InputError("table-too-many-lines", file=name, most=_MOST_LINES)
        texts = tuple(_text(cell) for cell in cells)
        if not any(texts):
            continue
        if any(texts[_MOST_COLUMNS:]):
            raise InputError("table-too-many-columns", file=name, most=_MOST_COLUMNS)
        width = max(place for place, text in enumerate(texts, 1) if text)
        found.append(Line(number, texts[:width]))
        if len(found) > _MOST_ROWS:
            raise InputError("table-too-many-rows", file=name, most=_MOST_ROWS)
    if not found:
        raise InputError("table-empty", file=name)
    return found


def _header(cells: Sequence[str], name: str) -> list[str]:
    names = list(cells)
    while names and not names[-1]:
        names.pop()
    doubled = sorted({each for each in names if each and names.count(each) > 1})
    if doubled:
        raise InputError("table-columns-alike", file=name, names=doubled)
    return names


def _filled(header: Sequence[str], line: Line, name: str) -> dict[str, str]:
    if any(line.cells[len(header) :]):
        raise InputError("table-row-too-wide", file=name, number=line.number)
    pairs = zip_longest(header, line.cells[: len(header)], fillvalue="")
    return {field: text for field, text in pairs if field and text}


def _text(cell: object) -> str:
    """Give a cell as a person typed it: 39.0 is 39, a date has no midnight."""
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

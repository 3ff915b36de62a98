"""Tables of fields from outside: CSV and XLSX, a column a field, a row a poster."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from contentsvc.errors import InputError

__all__ = ["FILE_COLUMN", "Row", "read_rows"]

#: The column that names a row's picture.
FILE_COLUMN = "file"
#: A sheet of a thousand invitations has about 100 KB.
_MOST_BYTES = 10 * 1024 * 1024
#: An XLSX is a ZIP; unpacked it may be no more, so that a small file cannot fill the memory.
_MOST_UNPACKED = 200 * 1024 * 1024
_MOST_ROWS, _MOST_COLUMNS = 20_000, 60
#: Excel writes CSV in the system's encoding, which is GB 18030 on a Chinese one.
_ENCODINGS = ("utf-8-sig", "gb18030")


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its number in the file, counted from 1 with the header, and its filled cells."""

    number: int
    values: Mapping[str, str]


def read_rows(data: bytes, name: str) -> list[Row]:
    """Read the table *data*, whose file's *name* ends in `.csv` or `.xlsx`, without empty rows.

    The first row names the fields. A list's items stand in one cell, a line each.

    Raises:
        InputError: it is of another kind, too large, damaged or has no rows; what to do is said.
    """
    if len(data) > _MOST_BYTES:
        raise InputError(f"{name}: the table is larger than {_MOST_BYTES // 1024 // 1024} MB")
    ending = name.lower().rpartition(".")[2]
    if ending == "csv":
        lines = _csv_lines(data, name)
    elif ending == "xlsx":
        lines = _xlsx_lines(data, name)
    else:
        raise InputError(f"{name}: a table of rows is a .csv or an .xlsx file")
    return _rows(lines, name)


def _csv_lines(data: bytes, name: str) -> Iterator[Sequence[object]]:
    text = _decoded(data, name)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), strict=True)
    except csv.Error as error:
        raise InputError(f"{name}: this is no readable CSV ({error})") from error


def _decoded(data: bytes, name: str) -> str:
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(f"{name}: the text is neither UTF-8 nor GB 18030; save it as UTF-8 CSV")


def _xlsx_lines(data: bytes, name: str) -> Iterator[Sequence[object]]:
    try:
        _check_unpacked(data, name)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(
            max_col=_MOST_COLUMNS + 1, max_row=_MOST_ROWS + 2, values_only=True
        )
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, IndexError,
            ValueError, TypeError, OSError) as error:  # fmt: skip
        raise InputError(f"{name}: this is no readable XLSX; save it again ({error})") from error


def _check_unpacked(data: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
            raise InputError(
                f"{name}: the sheet is too large once unpacked; leave out what is not text"
            )


def _rows(lines: Iterable[Sequence[object]], name: str) -> list[Row]:
    header: list[str] = []
    found: list[Row] = []
    for number, cells in enumerate(lines, 1):
        texts = [_text(cell) for cell in cells]
        if not any(texts):
            continue
        if not header:
            header = _header(texts, name)
            continue
        found.append(Row(number, _filled(header, texts, name, number)))
        if len(found) > _MOST_ROWS:
            raise InputError(f"{name}: more than {_MOST_ROWS:,} rows; divide the table")
    if not found:
        raise InputError(f"{name}: there is no row; the first line names the fields")
    return found


def _header(texts: Sequence[str], name: str) -> list[str]:
    names = [text.strip() for text in texts]
    while names and not names[-1]:
        names.pop()
    if len(names) > _MOST_COLUMNS:
        raise InputError(f"{name}: more than {_MOST_COLUMNS} columns")
    doubled = sorted({each for each in names if each and names.count(each) > 1})
    if doubled:
        raise InputError(f"{name}: two columns are called {', '.join(doubled)}")
    return names


def _filled(header: Sequence[str], texts: Sequence[str], name: str, number: int) -> dict[str, str]:
    if any(text for text in texts[len(header) :]):
        raise InputError(f"{name}: row {number} has more cells than the first line has names")
    pairs = zip(header, texts, strict=False)
    return {field: text for field, text in pairs if field and text}


def _text(cell: object) -> str:
    """Give a cell as a person typed it: 39.0 is 39, a date has no midnight."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return cell.date().isoformat()
    return str(cell).strip()

"""Reads and writes XLSX files.

Import this module only where a workbook is opened: openpyxl adds a fifth of a second and ten
megabytes to every process that imports it.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from contentsvc.errors import InputError

__all__ = ["read_cells", "write_cells"]

#: Limit of the unpacked ZIP, in bytes, so that a small file cannot fill the memory.
_MOST_UNPACKED = 64 * 1024 * 1024
_HEAD = PatternFill("solid", fgColor="EDF2FD")
#: Limits of a column's width, in characters of the spreadsheet's default font.
_NARROWEST, _WIDEST = 10, 48


def read_cells(
    data: bytes, name: str, *, most_columns: int, most_lines: int
) -> Iterator[Sequence[object]]:
    """Yield the lines of the first sheet of the XLSX file *data*. *name* is its name in errors.

    Lines and columns beyond the two limits are left out.

    Raises:
        InputError: *data* is not a readable workbook, or too large once unpacked.
    """
    try:
        _check_unpacked(data, name)
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        yield from sheet.iter_rows(max_col=most_columns, max_row=most_lines, values_only=True)
    except (zipfile.BadZipFile, InvalidFileException, ParseError, KeyError, IndexError,
            ValueError, TypeError, OSError) as error:  # fmt: skip
        raise InputError("table-xlsx-unreadable", file=name, reason=str(error)) from error


def _check_unpacked(data: bytes, name: str) -> None:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _MOST_UNPACKED:
            raise InputError("table-unpacked-too-large", file=name)


def write_cells(sheets: Sequence[tuple[str, Sequence[Sequence[object]]]]) -> bytes:
    """Create an XLSX file of *sheets*, pairs of a title and rows. Every cell is stored as text.

    The first row of each sheet is its header.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        _fill(book.create_sheet(title), rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Worksheet, rows: Sequence[Sequence[object]]) -> None:
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
            # Store every cell as text, even if it looks like a formula or has leading zeros.
            cell.data_type, cell.number_format = "s", "@"
            cell.alignment = Alignment(vertical="top", wrap_text=number > 1)
            if number == 1:
                cell.font, cell.fill = Font(bold=True), _HEAD
    for column in range(1, max(map(len, rows), default=0) + 1):
        longest = max((_width(row[column - 1]) for row in rows if len(row) >= column), default=0)
        width = min(max(longest + 2, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"


def _width(value: object) -> int:
    """Return the width of a cell in characters; a hanzi counts as two."""
    lines = str(value).splitlines() or [""]
    return max(sum(1 if char.isascii() else 2 for char in line) for line in lines)

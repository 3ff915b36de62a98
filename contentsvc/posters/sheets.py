"""Tables for people: CSV and XLSX of which a spreadsheet takes no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["write_csv", "write_xlsx"]

#: A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_HEAD = PatternFill("solid", fgColor="EDF2FD")
#: A column's width, in characters of the spreadsheet's own font.
_NARROWEST, _WIDEST = 10, 48


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Write *rows* as UTF-8 with the mark that Excel asks for; no cell of it is a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _plain(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_xlsx(sheets: Sequence[tuple[str, Sequence[Sequence[object]]]]) -> bytes:
    """Write *sheets*, pairs of a title and rows with their head; every cell is a text."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        _fill(book.create_sheet(title), rows)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _fill(sheet: Worksheet, rows: Sequence[Sequence[object]]) -> None:
    for number, row in enumerate(rows, 1):
        for place, value in enumerate(row, 1):
            cell = sheet.cell(number, place)
            cell.value = ILLEGAL_CHARACTERS_RE.sub("", str(value))
            # A text stays one, whatever it begins with; so does a code with zeros before it.
            cell.data_type, cell.number_format = "s", "@"
            cell.alignment = Alignment(vertical="top", wrap_text=number > 1)
            if number == 1:
                cell.font, cell.fill = Font(bold=True), _HEAD
    for place in range(1, max(map(len, rows), default=0) + 1):
        longest = max((_width(row[place - 1]) for row in rows if len(row) >= place), default=0)
        width = min(max(longest + 2, _NARROWEST), _WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A2"


def _width(value: object) -> int:
    """Count a hanzi as two."""
    lines = str(value).splitlines() or [""]
    return max(sum(1 if char.isascii() else 2 for char in line) for line in lines)

"""Writes CSV and XLSX files in which spreadsheets treat no cell as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["write_csv", "write_xlsx"]

#: Spreadsheets take a cell that begins like this for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """Write *rows* as a CSV file and return its bytes. Excel treats no cell of it as a formula.

    The file is UTF-8 and begins with the byte order mark that Excel expects.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")


def _plain(cell: object) -> str:
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_xlsx(sheets: Sequence[tuple[str, Sequence[Sequence[object]]]]) -> bytes:
    """Create an XLSX file of *sheets*, pairs of a title and rows. Every cell is stored as text.

    The first row of each sheet is its header.
    """
    # Imported late: `workbook_writing` says why.
    from contentsvc.posters.tables.workbook_writing import write_cells

    return write_cells(sheets)

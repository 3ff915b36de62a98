"""Tables for people: CSV and XLSX of which a spreadsheet takes no cell for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

__all__ = ["write_csv", "write_xlsx"]

#: A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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
    # Imported late: see there.
    from contentsvc.posters.xlsx import write_cells

    return write_cells(sheets)

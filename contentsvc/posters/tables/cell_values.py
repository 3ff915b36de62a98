"""Converts a workbook's cells to the texts that a spreadsheet shows."""

from __future__ import annotations

from datetime import datetime, time
from functools import lru_cache
from xml.etree.ElementTree import Element

from contentsvc.errors import InputError
from contentsvc.posters.tables.date_formats import DAY_0, DAY_0_OF_1904
from contentsvc.posters.tables.format_codes import GENERAL
from contentsvc.posters.tables.lines import cell_name
from contentsvc.posters.tables.number_formats import show_number, show_text
from contentsvc.posters.tables.workbook_parts import Parts, child_text, local_name

__all__ = ["CellReader"]

#: The most characters of a cell, as in CSV files; spreadsheets allow 32,767.
_LONGEST_CELL = 131_072
#: The most characters of a formula, value or format in an error message.
_LONGEST_SHOWN = 60
_SECONDS = 86_400


class CellReader:
    """Converts cells to the texts that a spreadsheet shows; counts formulas without a result."""

    def __init__(self, parts: Parts, name: str) -> None:
        """Create a reader for the cells of a sheet. *name* is the file's name in error messages."""
        self._parts = parts
        self._name = name
        self._pending = 0
        self._first_pending = ("", "")
        # Many cells of a table are alike.
        self._shown_number = lru_cache(maxsize=10_000)(self._number)

    def text(self, cell: Element, number: int, column: int) -> str:
        """Return the text of *cell*. *number* is its line (from 1), *column* its column (from 0).

        Raises:
            InputError: the value is too long, or cannot be shown in its number format.
        """
        if not len(cell):
            return ""
        children = {local_name(child.tag): child for child in cell}
        value = children.get("v")
        stored = (value.text or "") if value is not None else ""
        kind = cell.get("t", "n")
        # A text formula may well give an empty text.
        if "f" in children and not stored and (kind != "str" or value is None):
            if not self._pending:
                formula = (children["f"].text or "…")[:_LONGEST_SHOWN]
                self._first_pending = (cell_name(number, column), f"={formula}")
            self._pending += 1
            return ""
        code = self._format(cell)
        try:
            text = self._shown(kind, stored, children.get("is"), code)
        except (ValueError, OverflowError) as error:
            raise InputError(
                "table-cell-format",
                file=self._name,
                cell=cell_name(number, column),
                value=stored[:_LONGEST_SHOWN],
                format=code[:_LONGEST_SHOWN],
            ) from error
        if len(text) > _LONGEST_CELL:
            cell_at = cell_name(number, column)
            raise InputError(
                "table-cell-too-long", file=self._name, cell=cell_at, most=_LONGEST_CELL
            )
        return text

    def require_results(self) -> None:
        """Raise InputError if any formula had no result.

        Raises:
            InputError: the message names the first such cell and its formula.
        """
        if self._pending:
            cell, formula = self._first_pending
            raise InputError(
                "table-formula-pending",
                file=self._name,
                cell=cell,
                formula=formula,
                count=self._pending,
            )

    def _format(self, cell: Element) -> str:
        style = int(cell.get("s", "0"))
        return self._parts.formats[style] if style < len(self._parts.formats) else GENERAL

    def _shown(self, kind: str, stored: str, inline: Element | None, code: str) -> str:
        if kind == "n" and stored:
            return self._shown_number(float(stored), code)
        if kind == "d" and stored and code != GENERAL:
            return self._shown_number(self._days(stored), code)
        if kind == "b" and stored:
            return "TRUE" if stored == "1" else "FALSE"
        if kind == "s" and stored:
            stored = self._parts.texts[int(stored)]
        elif kind == "inlineStr" and inline is not None:
            stored = child_text(inline)
        return show_text(stored, code) if stored else ""

    def _number(self, number: float, code: str) -> str:
        return show_number(number, code, is_1904=self._parts.is_1904)

    def _days(self, text: str) -> float:
        """Convert an ISO date or time to the number of days by which spreadsheets store it."""
        if "-" not in text:
            of_day = time.fromisoformat(text)
            return (of_day.hour * 3600 + of_day.minute * 60 + of_day.second) / _SECONDS
        start = DAY_0_OF_1904 if self._parts.is_1904 else DAY_0
        return (
            datetime.fromisoformat(text).replace(tzinfo=None) - start
        ).total_seconds() / _SECONDS

"""The lines of a table, the limits on a table's size, and the names of its cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from contentsvc.errors import InputError

__all__ = [
    "CELL_ERRORS",
    "MOST_BYTES",
    "MOST_COLUMNS",
    "MOST_LINES",
    "Line",
    "LineCollector",
    "cell_name",
    "column_letters",
]

#: The most bytes of a file, and the most characters in all cells; a table of a thousand invitations
#: has about 100 KB.
MOST_BYTES = 10 * 1024 * 1024
MOST_COLUMNS = 60
#: The most lines of a table, including empty lines.
MOST_LINES = 100_000
_MOST_ROWS = 20_000
#: What a spreadsheet shows in place of a value that it cannot calculate.
CELL_ERRORS = frozenset(
    {
        "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
        "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#BUSY!", "#PYTHON!", "#GETTING_DATA",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A non-empty line of a table: its line number in the file (from 1) and its cells.

    If merged cells cover columns of the line, `covered` has the text for each covered column after
    the first, by column index. In `cells` these are empty, because a heading above the table is
    often a merged cell.
    """

    number: int
    cells: tuple[str, ...]
    covered: Mapping[int, str] = field(default_factory=dict[int, str])

    @property
    def filled(self) -> tuple[str, ...]:
        """Return the line's cells, with a merged cell's text in every column that it covers."""
        if not self.covered:
            return self.cells
        width = max(len(self.cells), max(self.covered) + 1)
        cells = [*self.cells, *[""] * (width - len(self.cells))]
        for column, text in self.covered.items():
            cells[column] = cells[column] or text
        return tuple(cells)


def column_letters(index: int) -> str:
    """Return the spreadsheet name of the column *index* (from 0): A to Z, then AA, AB and so on."""
    before, last = divmod(index, 26)
    return (column_letters(before - 1) if before else "") + chr(65 + last)


def cell_name(number: int, index: int) -> str:
    """Return a cell's name in spreadsheets, such as B7. *number* is its line, *index* its column.

    Lines count from 1, columns from 0.
    """
    return f"{column_letters(index)}{number}"


class LineCollector:
    """Collects the non-empty lines of a table, and checks that the table keeps its size limits."""

    def __init__(self, name: str) -> None:
        """Create a collector of table lines. *name* is the table's name in error messages."""
        self.lines: list[Line] = []
        self._name = name
        self._characters = 0

    def add(self, number: int, cells: Sequence[str]) -> None:
        """Add a line of the table, unless all its *cells* are empty. *number* is its line number.

        Raises:
            InputError: the table has too many lines, rows or characters.
        """
        width = max((column for column, text in enumerate(cells, 1) if text), default=0)
        if not width:
            return
        if number > MOST_LINES:
            raise InputError("table-too-many-lines", file=self._name, most=MOST_LINES)
        if len(self.lines) == _MOST_ROWS:
            raise InputError("table-too-many-rows", file=self._name, most=_MOST_ROWS)
        self.count(cells)
        self.lines.append(Line(number, tuple(cells[:width])))

    def count(self, texts: Iterable[str]) -> None:
        """Add the characters of *texts* to the size of the table.

        Raises:
            InputError: the table has too many characters.
        """
        self._characters += sum(map(len, texts))
        if self._characters > MOST_BYTES:
            raise InputError("table-too-large", file=self._name, most=MOST_BYTES // 1024 // 1024)

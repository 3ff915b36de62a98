"""Reading a table before its batch begins: what each row would lack, lose or refuse."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.messages import Message
from contentsvc.posters import Proofreader, RowRemark, Template
from contentsvc.services.poster_batches.batches import picture_name_of
from contentsvc.services.poster_batches.columns import fields_of

__all__ = ["RowCheck", "TableCheck", "check_table"]

#: Seconds for which it is looked whether words find room; rows beyond are looked at for the rest.
_FIT_SECONDS = 1.5
#: What a spreadsheet writes where a formula failed.
_FAULTY_CELLS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!"}
)


@dataclass(frozen=True, slots=True)
class RowCheck:
    """What is to be said of one row before it is painted."""

    number: int
    #: The picture's name as the table gives it, not yet numbered.
    name: str
    remarks: tuple[RowRemark, ...]

    @property
    def is_faulty(self) -> bool:
        """Return whether no poster will come of it."""
        return any(remark.is_fault for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class TableCheck:
    """What is to be said of a table."""

    total: int
    #: Rows of which something is to be said, in their order.
    rows: tuple[RowCheck, ...]
    #: Rows of which it was looked whether the words find room.
    fitted: int

    @property
    def faulty(self) -> int:
        """Return how many rows will have no poster."""
        return sum(row.is_faulty for row in self.rows)


def check_table(
    batch: PosterBatch,
    template: Template,
    rows: Sequence[PosterRow],
    reader: Proofreader,
    monotonic: Callable[[], float] = time.monotonic,
) -> TableCheck:
    """Read every row; *monotonic* counts the seconds that this may take."""
    until = monotonic() + _FIT_SECONDS
    names = [picture_name_of(batch, row) for row in rows]
    counts = Counter(name.lower() for name in names)
    found: list[RowCheck] = []
    fitted = 0
    for row, name in zip(rows, names, strict=True):
        fits = monotonic() < until
        fitted += fits
        fields = fields_of(template, batch.columns, batch.fixed, row.cells)
        remarks = [*_faulty_cells(fields), *reader.read(fields, fits=fits)]
        if counts[name.lower()] > 1:
            words = f"{counts[name.lower()]} rows are called {name!r}; they are numbered"
            remarks.append(RowRemark("file", "same_name", Message.plain(words)))
        if remarks:
            found.append(RowCheck(row.number, name, tuple(remarks)))
    return TableCheck(len(rows), tuple(found), fitted)


def _faulty_cells(fields: dict[str, str]) -> Iterator[RowRemark]:
    for name, text in fields.items():
        if text in _FAULTY_CELLS:
            words = f"the cell holds a spreadsheet's error, {text}"
            yield RowRemark(name, "faulty_cell", Message.plain(words))

"""Check the rows of a poster batch's table before the batch is started."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.messages import Message
from contentsvc.posters import (
    CELL_ERRORS,
    FILE_COLUMN,
    Proofreader,
    RowRemark,
    Template,
    cell_name,
)
from contentsvc.services.poster_batches.batches import picture_name_of
from contentsvc.services.poster_batches.columns import fields_of

__all__ = ["RowCheck", "TableCheck", "check_table", "faulty_cells"]

#: Seconds after which rows are no longer checked for texts that do not fit into the poster.
_FIT_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class RowCheck:
    """The remarks (warnings and faults) on one row, found before it is painted."""

    number: int
    #: The file name of the picture before repeated names are numbered.
    name: str
    remarks: tuple[RowRemark, ...]

    @property
    def is_faulty(self) -> bool:
        """Whether the row cannot become a poster."""
        return any(remark.is_fault for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class TableCheck:
    """The result of checking a batch's table: the rows with remarks, and counts of rows."""

    total: int
    #: The rows with remarks, in order of number.
    rows: tuple[RowCheck, ...]
    #: How many rows were checked for texts that do not fit.
    fitted: int

    @property
    def faulty(self) -> int:
        """How many rows cannot become a poster."""
        return sum(row.is_faulty for row in self.rows)


def check_table(
    batch: PosterBatch,
    template: Template,
    rows: Sequence[PosterRow],
    reader: Proofreader,
    monotonic: Callable[[], float] = time.monotonic,
) -> TableCheck:
    """Check every row of a draft batch; as time allows, also find texts too long for the poster.

    *monotonic* returns the current time in seconds.
    """
    until = monotonic() + _FIT_SECONDS
    names = [picture_name_of(batch, row) for row in rows]
    counts = Counter(name.lower() for name in names)
    checked: list[RowCheck] = []
    fitted = 0
    for row, name in zip(rows, names, strict=True):
        fits = monotonic() < until
        fitted += fits
        fields = fields_of(template, batch.columns, batch.fixed, row.cells)
        remarks = [*faulty_cells(batch, template, row), *reader.read(fields, fits=fits)]
        if counts[name.lower()] > 1:
            message = Message("row-name-repeated", count=counts[name.lower()], name=name)
            remarks.append(RowRemark("file", "same_name", message))
        if remarks:
            checked.append(RowCheck(row.number, name, tuple(remarks)))
    return TableCheck(len(rows), tuple(checked), fitted)


def faulty_cells(batch: PosterBatch, template: Template, row: PosterRow) -> list[RowRemark]:
    """Return a fault for each cell of *row* that has a spreadsheet's error and fills a field.

    A cell that fills several fields has one fault.
    """
    remarks: dict[int, RowRemark] = {}
    for name in (*template.fields, FILE_COLUMN):
        index = batch.columns.get(name)
        text = row.cells[index] if index is not None and index < len(row.cells) else ""
        if index is not None and text in CELL_ERRORS:
            message = Message("table-cell-error", cell=cell_name(row.number, index), text=text)
            remarks.setdefault(index, RowRemark(name, "faulty_cell", message, is_fault=True))
    return list(remarks.values())

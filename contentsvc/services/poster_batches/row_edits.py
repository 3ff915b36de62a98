"""Correct rows of a finished batch: from a corrected table, or cell by cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.domain.typed_text import digits
from contentsvc.errors import ConflictError, InputError
from contentsvc.posters import Line
from contentsvc.services.poster_batches.batches import name_rows, rows_of
from contentsvc.services.poster_batches.columns import normalize_title, split_table
from contentsvc.services.poster_batches.running import refuse_running

__all__ = ["ROW_TITLES", "apply_corrected_table", "apply_row_edits"]

#: Titles of the column that holds the number of the row to correct.
ROW_TITLES = ("行号", "Row")
#: The most characters of a cell.
_LONGEST_CELL = 2000


def apply_corrected_table(session: Session, batch: PosterBatch, lines: Sequence[Line]) -> int:
    """Replace a batch's rows by those of a corrected table; return how many rows changed.

    The next run of the batch makes the changed rows again.

    The column 行号 gives the number of each row, as in the table of failed rows. A table with all
    columns of the original table needs no such column; then the number of a row is its line.

    Raises:
        ConflictError: the batch is running, or was not started.
        InputError: a row's number is missing or unknown, or no row changed.
    """
    _require_finished(batch)
    titles = {normalize_title(title): index for index, title in enumerate(batch.header)}
    header, corrected = split_table(lines, {*titles, *map(normalize_title, ROW_TITLES)})
    known = [titles.get(normalize_title(title)) for title in header]
    columns = {index: column for index, column in enumerate(known) if column is not None}
    is_whole = set(columns.values()) == set(titles.values())
    numbers = _row_numbers(header, corrected, is_whole=is_whole)
    rows = {row.number: row for row in rows_of(session, batch)}
    changed = []
    for number, line in zip(numbers, corrected, strict=True):
        row = rows.get(number)
        if row is None:
            raise InputError("batch-row-unknown", field="table", number=number)
        if _amend(row, _merged(row.cells, line, columns, len(batch.header))):
            changed.append(number)
    if not changed:
        raise InputError("batch-rows-unchanged", field="table")
    name_rows(session, batch, changed)
    return len(changed)


def _row_numbers(header: Sequence[str], lines: Sequence[Line], *, is_whole: bool) -> list[int]:
    titles = {normalize_title(title) for title in ROW_TITLES}
    column = next((at for at, title in enumerate(header) if normalize_title(title) in titles), None)
    if column is None:
        if not is_whole:
            raise InputError("batch-row-column-missing", field="table")
        return [line.number for line in lines]
    texts = [line.cells[column] if column < len(line.cells) else "" for line in lines]
    numbers = [digits(text) for text in texts]
    if None in numbers:
        text = texts[numbers.index(None)]
        raise InputError("batch-row-number-invalid", field="table", text=text)
    return [number for number in numbers if number is not None]


def _merged(cells: Sequence[str], line: Line, columns: Mapping[int, int], width: int) -> list[str]:
    """Return a copy of *cells* in which the cells of the corrected *line* replace the old ones.

    *columns* maps the columns of the corrected table to those of the batch.
    """
    merged = [*cells, *[""] * (width - len(cells))]
    for source, target in columns.items():
        merged[target] = line.cells[source] if source < len(line.cells) else ""
    return merged


def apply_row_edits(
    session: Session, batch: PosterBatch, edits: Mapping[int, Mapping[str, str]]
) -> int:
    """Replace cells by *edits* (texts by row number and field); return how many rows changed.

    The next run of the batch makes the changed rows again.

    Raises:
        ConflictError: the batch is running, or was not started.
        InputError: a text is too long, or no row changed.
    """
    _require_finished(batch)
    changed = []
    for row in rows_of(session, batch):
        cells = list(row.cells)
        for field, text in edits.get(row.number, {}).items():
            if len(text) > _LONGEST_CELL:
                raise InputError(
                    "batch-text-too-long", field=field, used=len(text), most=_LONGEST_CELL
                )
            index = batch.columns.get(field)
            if index is not None:
                cells += [""] * (index + 1 - len(cells))
                cells[index] = text.strip()
        if _amend(row, cells):
            changed.append(row.number)
    if not changed:
        raise InputError("batch-rows-unchanged", field="table")
    name_rows(session, batch, changed)
    return len(changed)


def _require_finished(batch: PosterBatch) -> None:
    refuse_running(batch)
    if batch.status is BatchStatus.DRAFT:
        raise ConflictError("batch-not-started")


def _amend(row: PosterRow, cells: Sequence[str]) -> bool:
    """Replace the cells of *row* and mark it to be made again; return False if no cell differs."""
    width = max(len(cells), len(row.cells))
    before = [*row.cells, *[""] * (width - len(row.cells))]
    after = [*cells, *[""] * (width - len(cells))]
    if before == after:
        return False
    row.cells, row.status = after, RowStatus.WAITING
    row.pictures, row.remarks = [], []
    return True

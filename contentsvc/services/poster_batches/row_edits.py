"""Mending rows of a batch that was made: in a table, or one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import ConflictError, InputError
from contentsvc.posters import Line
from contentsvc.services.poster_batches.batches import name_rows, rows_of
from contentsvc.services.poster_batches.columns import plain, split_table
from contentsvc.services.poster_batches.running import refuse_running

__all__ = ["ROW_TITLES", "apply_corrected_table", "apply_row_edits"]

#: Titles of the column that says which row a corrected one stands for.
ROW_TITLES = ("行号", "Row")
_LONGEST_NUMBER = 7
_LONGEST_CELL = 2000


def apply_corrected_table(session: Session, batch: PosterBatch, lines: Sequence[Line]) -> int:
    """Take over rows that were mended in a table; return how many differ and are made again.

    A row is known by the column 行号 of the sheet of failed rows, or, in the table that the batch
    was made of, by its place.

    Raises:
        ConflictError: the batch runs, or has not been started.
        InputError: the rows cannot be told, or none of them differs.
    """
    _check(batch)
    titles = {plain(title): place for place, title in enumerate(batch.header)}
    header, found = split_table(lines, {*titles, *map(plain, ROW_TITLES)})
    columns = {place: titles[plain(t)] for place, t in enumerate(header) if plain(t) in titles}
    numbers = _row_numbers(header, found, is_whole=set(columns.values()) == set(titles.values()))
    rows = {row.number: row for row in rows_of(session, batch)}
    changed = []
    for number, line in zip(numbers, found, strict=True):
        row = rows.get(number)
        if row is None:
            raise InputError(f"there is no row {number} in this batch", field="table")
        if _amend(row, _merged(row.cells, line, columns, len(batch.header))):
            changed.append(number)
    if not changed:
        raise InputError("no row differs from what it was", field="table")
    name_rows(session, batch, changed)
    return len(changed)


def _row_numbers(header: Sequence[str], found: Sequence[Line], *, is_whole: bool) -> list[int]:
    marks = {plain(title) for title in ROW_TITLES}
    place = next((at for at, title in enumerate(header) if plain(title) in marks), None)
    if place is None:
        if not is_whole:
            raise InputError(
                "the table has no column 行号; download the failed rows, mend and upload them",
                field="table",
            )
        return [line.number for line in found]
    texts = [line.cells[place] if place < len(line.cells) else "" for line in found]
    for text in texts:
        if not text.isdecimal() or len(text) > _LONGEST_NUMBER:
            raise InputError(f"{text!r} is no row's number", field="table")
    return [int(text) for text in texts]


def _merged(cells: Sequence[str], line: Line, columns: Mapping[int, int], width: int) -> list[str]:
    """Give a row's cells with those that a line of a corrected table has in its columns."""
    found = [*cells, *[""] * (width - len(cells))]
    for place, own in columns.items():
        found[own] = line.cells[place] if place < len(line.cells) else ""
    return found


def apply_row_edits(
    session: Session, batch: PosterBatch, words: Mapping[int, Mapping[str, str]]
) -> int:
    """Take over *words* by row and field; return how many rows differ and are made again.

    Raises:
        ConflictError: the batch runs, or has not been started.
        InputError: a text is too long, or no row differs.
    """
    _check(batch)
    changed = []
    for row in rows_of(session, batch):
        cells = list(row.cells)
        for field, text in words.get(row.number, {}).items():
            if len(text) > _LONGEST_CELL:
                raise InputError(
                    f"the text has {len(text)} characters; {_LONGEST_CELL} are allowed", field=field
                )
            place = batch.columns.get(field)
            if place is not None:
                cells += [""] * (place + 1 - len(cells))
                cells[place] = text.strip()
        if _amend(row, cells):
            changed.append(row.number)
    if not changed:
        raise InputError("no row differs from what it was", field="table")
    name_rows(session, batch, changed)
    return len(changed)


def _check(batch: PosterBatch) -> None:
    refuse_running(batch)
    if batch.status is BatchStatus.DRAFT:
        raise ConflictError("the batch was not started yet")


def _amend(row: PosterRow, cells: Sequence[str]) -> bool:
    """Put mended *cells* into *row*; tell whether it differs now."""
    width = max(len(cells), len(row.cells))
    before = [*row.cells, *[""] * (width - len(row.cells))]
    after = [*cells, *[""] * (width - len(cells))]
    if before == after:
        return False
    row.cells, row.status = after, RowStatus.WAITING
    row.pictures, row.remarks = [], []
    return True

"""Batches of posters: a template and a table, kept until they expire."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func, insert, select
from sqlalchemy.orm import Session

from contentsvc.config import Config
from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import ConflictError, InputError, NotFoundError
from contentsvc.posters import FILE_COLUMN, Line, Template, picture_name, unique_name
from contentsvc.services.poster_batches.columns import guess_columns, known_titles, split_table

__all__ = [
    "MOST_ROWS",
    "RETENTION",
    "BatchOptions",
    "Progress",
    "all_batches",
    "batch_folder",
    "create_batch",
    "delete_batch",
    "drop_expired",
    "get_batch",
    "map_columns",
    "name_rows",
    "picture_name_of",
    "progress_of",
    "rows_of",
    "rows_with_remarks",
]

logger = logging.getLogger(__name__)

MOST_ROWS = 5_000
#: Rows times sizes; of some 300 kB each.
_MOST_POSTERS = 10_000
#: Batches of one person that are kept at once.
_MOST_KEPT = 20
#: How long a table that nobody starts is kept.
_DRAFT_KEPT = timedelta(days=1)
#: Invitations are sent within days, and what is in them is about people.
RETENTION = timedelta(days=7)
_FORMATS = ("jpeg", "png", "webp")
_LONGEST_FIXED = 2000


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """What a person chose before the table was read."""

    name: str
    template: Template
    sizes: Sequence[str]
    format: str
    #: A brand kit's name; None for the assets' own.
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is."""

    total: int
    made: int
    failed: int
    #: Of those made, how many have something that is to be said of them.
    warned: int
    #: Rows a minute since it was last started; None before that can be told.
    pace: float | None = None
    left: timedelta | None = None

    @property
    def settled(self) -> int:
        """Return how many rows need nothing more."""
        return self.made + self.failed


def batch_folder(config: Config, key: str) -> Path:
    """Return where the posters of a batch are."""
    return config.data_dir / "batches" / key


def create_batch(
    session: Session, new: BatchOptions, lines: Sequence[Line], *, by: str, now: datetime
) -> PosterBatch:
    """Keep a table as a draft, its columns guessed.

    Raises:
        InputError: there are no rows or too many, no such size, or too many batches of this person.
    """
    header, rows = split_table(lines, known_titles(new.template))
    _check_new(session, new, len(rows), by)
    batch = PosterBatch(
        key=secrets.token_hex(16),
        owner=by,
        name=new.name[:200],
        template=new.template.id,
        brand=new.brand,
        sizes=[size for size in new.template.sizes if size in new.sizes],
        format=new.format,
        header=list(header),
        columns=guess_columns(new.template, header, rows),
        fixed={},
        status=BatchStatus.DRAFT,
        created_at=now,
        updated_at=now,
        expires_at=now + _DRAFT_KEPT,
    )
    session.add(batch)
    session.flush()
    session.execute(insert(PosterRow), [_row(batch.id, line, len(header)) for line in rows])
    return batch


def _check_new(session: Session, new: BatchOptions, rows: int, by: str) -> None:
    if not rows:
        raise InputError("the table has no row below its titles", field="table")
    if rows > MOST_ROWS:
        raise InputError(
            f"the table has {rows} rows; at most {MOST_ROWS}, so divide it", field="table"
        )
    if not new.sizes or not set(new.sizes) <= set(new.template.sizes):
        raise InputError(
            f"choose at least one size of {', '.join(new.template.sizes)}", field="sizes"
        )
    if rows * len(new.sizes) > _MOST_POSTERS:
        raise InputError(
            f"{rows} rows in {len(new.sizes)} sizes are {rows * len(new.sizes)} posters; at most "
            f"{_MOST_POSTERS}, so choose fewer sizes",
            field="sizes",
        )
    if new.format not in _FORMATS:
        raise InputError(f"choose one of {', '.join(_FORMATS)}", field="format")
    kept = select(func.count()).where(PosterBatch.owner == by)
    if (session.scalar(kept) or 0) >= _MOST_KEPT:
        raise InputError(
            f"{_MOST_KEPT} batches of yours are kept already; delete one first", field="table"
        )


def _row(batch_id: int, line: Line, width: int) -> dict[str, Any]:
    return {
        "batch_id": batch_id,
        "number": line.number,
        "cells": list(line.cells[:width]),
        "status": RowStatus.WAITING,
        "name": "",
        "pictures": [],
        "remarks": [],
    }


def get_batch(session: Session, batch_id: int, *, to_change: bool = False) -> PosterBatch:
    """Return a batch, locked where it is *to_change*; NotFoundError where there is none."""
    batch = session.get(PosterBatch, batch_id, with_for_update=to_change)
    if batch is None:
        raise NotFoundError(f"there is no batch {batch_id}; it may have expired")
    return batch


def all_batches(session: Session, now: datetime) -> list[tuple[PosterBatch, Progress]]:
    """Return every batch that is kept, the newest first, with how far it is."""
    batches = list(session.scalars(select(PosterBatch).order_by(PosterBatch.id.desc())))
    return [(batch, progress_of(session, batch, now)) for batch in batches]


def rows_of(
    session: Session, batch: PosterBatch, *statuses: RowStatus, limit: int | None = None
) -> list[PosterRow]:
    """Return rows of a batch in their order: of some statuses, or all."""
    query = select(PosterRow).where(PosterRow.batch_id == batch.id).order_by(PosterRow.number)
    if statuses:
        query = query.where(PosterRow.status.in_(statuses))
    return list(session.scalars(query.limit(limit)))


def rows_with_remarks(session: Session, batch: PosterBatch, *, limit: int) -> list[PosterRow]:
    """Return rows that were made although something is to be said of them."""
    query = select(PosterRow).where(*_remarked(batch)).order_by(PosterRow.number)
    return list(session.scalars(query.limit(limit)))


def _remarked(batch: PosterBatch) -> tuple[ColumnElement[bool], ...]:
    return (
        PosterRow.batch_id == batch.id,
        PosterRow.status == RowStatus.MADE,
        cast(PosterRow.remarks, Text) != "[]",
    )


def progress_of(session: Session, batch: PosterBatch, now: datetime) -> Progress:
    """Tell how far a batch is, its pace and the time that is left."""
    own = PosterRow.batch_id == batch.id
    query = select(PosterRow.status, func.count()).where(own).group_by(PosterRow.status)
    counts: dict[RowStatus, int] = dict(session.execute(query).all())
    said = select(func.count()).where(*_remarked(batch))
    made, failed = counts.get(RowStatus.MADE, 0), counts.get(RowStatus.FAILED, 0)
    progress = Progress(sum(counts.values()), made, failed, session.scalar(said) or 0)
    return _paced(progress, batch, now) if batch.status is BatchStatus.RUNNING else progress


def _paced(progress: Progress, batch: PosterBatch, now: datetime) -> Progress:
    done = progress.settled - batch.settled_before
    gone = (now - batch.started_at).total_seconds() if batch.started_at else 0.0
    if done < 1 or gone <= 0:
        return progress
    left = timedelta(seconds=(progress.total - progress.settled) * gone / done)
    return Progress(
        progress.total, progress.made, progress.failed, progress.warned, done * 60 / gone, left
    )


def map_columns(
    session: Session,
    batch: PosterBatch,
    template: Template,
    *,
    columns: Mapping[str, int],
    fixed: Mapping[str, str],
    now: datetime,
) -> None:
    """Say which column is which field, and what is the same in every row.

    Raises:
        ConflictError: the batch was started already.
        InputError: there is no such column, or a text is too long.
    """
    if batch.status is not BatchStatus.DRAFT:
        raise ConflictError("the batch was started already; its columns stay as they are")
    known = {*template.fields, FILE_COLUMN}
    for name, place in columns.items():
        if name not in known or not 0 <= place < len(batch.header):
            raise InputError(f"there is no column {place + 1} for {name!r}", field=name)
    for name, text in fixed.items():
        if len(text) > _LONGEST_FIXED:
            raise InputError(
                f"the text has {len(text)} characters; {_LONGEST_FIXED} are allowed", field=name
            )
    batch.columns = dict(columns)
    batch.fixed = {name: text for name, text in fixed.items() if name in known and text}
    batch.updated_at = now
    session.flush()


def name_rows(session: Session, batch: PosterBatch, numbers: Sequence[int] | None = None) -> None:
    """Name the pictures of all rows, or of some beside the names that the others have."""
    rows = rows_of(session, batch)
    chosen = {row.number for row in rows} if numbers is None else set(numbers)
    taken = {row.name.lower() for row in rows if row.number not in chosen}
    for row in rows:
        if row.number in chosen:
            row.name = unique_name(picture_name_of(batch, row), taken)
    session.flush()


def picture_name_of(batch: PosterBatch, row: PosterRow) -> str:
    """Return what a row's picture would be called if no other were called so."""
    place = batch.columns.get(FILE_COLUMN)
    given = row.cells[place] if place is not None and place < len(row.cells) else ""
    return picture_name(given, f"{batch.template}-{row.number:04d}", batch.format)  # type: ignore[arg-type]  # checked when it was made


def delete_batch(session: Session, config: Config, batch: PosterBatch) -> None:
    """Drop a batch, its rows and its posters; a worker that is at it finds it gone."""
    session.delete(batch)
    session.flush()
    shutil.rmtree(batch_folder(config, batch.key), ignore_errors=True)


def drop_expired(session: Session, config: Config, now: datetime) -> None:
    """Drop batches whose time has come, and folders whose batch is gone."""
    for batch in session.scalars(select(PosterBatch).where(PosterBatch.expires_at < now)):
        delete_batch(session, config, batch)
        logger.info("A batch expired", extra={"action": "batch_expired", "batch": batch.id})
    folder = batch_folder(config, "")
    kept = set(session.scalars(select(PosterBatch.key)))
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)

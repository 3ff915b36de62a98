"""Create, find, change and delete poster batches, and measure their progress."""

from __future__ import annotations

import logging
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from contentsvc.config import Config
from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.db.session import Database
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.domain.input_checks import InputChecks
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
    "check_options",
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

#: The most rows of one batch.
MOST_ROWS = 5_000
#: The most posters of one batch (rows times sizes); a poster has about 300 kB.
_MOST_POSTERS = 10_000
#: The most batches that one person may have at the same time.
_MOST_BATCHES = 20
#: How long a batch is stored if it is never started.
_DRAFT_RETENTION = timedelta(days=1)
#: How long a batch is stored after its last run. Invitations are sent within days, and they contain
#: personal data.
RETENTION = timedelta(days=7)
_FORMATS = ("jpeg", "png", "webp")
#: The most characters of a text that is the same in all rows.
_LONGEST_FIXED = 2000


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """The name, template and picture options that a person chooses for a new batch."""

    name: str
    template: Template
    sizes: Sequence[str]
    format: str
    #: The name of a brand kit; None for the default brand.
    brand: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A poster batch's progress: how many rows are made, how many failed, and the time left."""

    total: int
    made: int
    failed: int
    #: How many rows were made with remarks.
    warned: int
    #: Rows per minute since the last start; None until a row is made or has failed.
    pace: float | None = None
    #: The estimated time until no row is waiting; None until a row is made or has failed.
    left: timedelta | None = None

    @property
    def settled(self) -> int:
        """How many rows are finished: those that became posters and those that failed."""
        return self.made + self.failed


def batch_folder(config: Config, key: str) -> Path:
    """Return the folder of the posters of the batch *key*; for "", the folder of all batches."""
    return config.data_dir / "batches" / key


def create_batch(
    session: Session, new: BatchOptions, lines: Sequence[Line], *, by: str, now: datetime
) -> PosterBatch:
    """Store a table as a draft batch of the user *by*; guess which column fills each poster field.

    Raises:
        InputError: the table has no rows or too many, a size or the format does not exist, or
            the owner has too many batches.
        FieldsError: several of these.
    """
    checks = InputChecks()
    with checks.collect():
        header, rows = split_table(lines, known_titles(new.template))
        _check_count(session, new, len(rows), by)
    with checks.collect():
        check_options(new)
    checks.raise_errors()
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
        expires_at=now + _DRAFT_RETENTION,
    )
    session.add(batch)
    session.flush()
    session.execute(insert(PosterRow), [_row(batch.id, line, len(header)) for line in rows])
    return batch


def check_options(new: BatchOptions) -> None:
    """Raise InputError unless the sizes and the format of a new batch exist.

    Raises:
        InputError: a size or the format does not exist.
        FieldsError: both.
    """
    checks = InputChecks()
    with checks.collect():
        if not new.sizes or not set(new.sizes) <= set(new.template.sizes):
            raise InputError("batch-sizes-missing", field="sizes", sizes=tuple(new.template.sizes))
    with checks.collect():
        if new.format not in _FORMATS:
            raise InputError("batch-format-unknown", field="format", formats=_FORMATS)
    checks.raise_errors()


def _check_count(session: Session, new: BatchOptions, rows: int, by: str) -> None:
    if not rows:
        raise InputError("batch-table-empty", field="table")
    if rows > MOST_ROWS:
        raise InputError("batch-rows-too-many", field="table", rows=rows, most=MOST_ROWS)
    if rows * len(new.sizes) > _MOST_POSTERS:
        raise InputError(
            "batch-posters-too-many",
            field="sizes",
            rows=rows,
            sizes=len(new.sizes),
            posters=rows * len(new.sizes),
            most=_MOST_POSTERS,
        )
    count = select(func.count()).where(PosterBatch.owner == by)
    if (session.scalar(count) or 0) >= _MOST_BATCHES:
        raise InputError("batches-too-many", field="table", most=_MOST_BATCHES)


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
    """Return the batch with this id; if *to_change*, lock its database row for the transaction.

    Raises:
        NotFoundError: there is no such batch.
    """
    batch = session.get(PosterBatch, batch_id, with_for_update=to_change)
    if batch is None:
        raise NotFoundError("batch-unknown", id=batch_id)
    return batch


def all_batches(
    session: Session, now: datetime, *, owner: str | None = None
) -> list[tuple[PosterBatch, Progress]]:
    """Return every batch, or those of *owner*, with their progress, the newest first."""
    query = select(PosterBatch).order_by(PosterBatch.id.desc())
    if owner is not None:
        query = query.where(PosterBatch.owner == owner)
    batches = list(session.scalars(query))
    return [(batch, progress_of(session, batch, now)) for batch in batches]


def rows_of(
    session: Session, batch: PosterBatch, *statuses: RowStatus, limit: int | None = None
) -> list[PosterRow]:
    """Return a batch's rows in order of number, at most *limit*; *statuses* selects some of them.

    Without *statuses*, rows in every status are returned.
    """
    query = select(PosterRow).where(PosterRow.batch_id == batch.id).order_by(PosterRow.number)
    if statuses:
        query = query.where(PosterRow.status.in_(statuses))
    return list(session.scalars(query.limit(limit)))


def rows_with_remarks(session: Session, batch: PosterBatch, *, limit: int) -> list[PosterRow]:
    """Return up to *limit* rows of a batch that were painted and have remarks (warnings)."""
    query = select(PosterRow).where(*_remarked(batch)).order_by(PosterRow.number)
    return list(session.scalars(query.limit(limit)))


def _remarked(batch: PosterBatch) -> tuple[ColumnElement[bool], ...]:
    return (
        PosterRow.batch_id == batch.id,
        PosterRow.status == RowStatus.MADE,
        cast(PosterRow.remarks, Text) != "[]",
    )


def progress_of(session: Session, batch: PosterBatch, now: datetime) -> Progress:
    """Return the progress of a batch; if it is running, also its speed and the time left."""
    query = (
        select(PosterRow.status, func.count())
        .where(PosterRow.batch_id == batch.id)
        .group_by(PosterRow.status)
    )
    counts: dict[RowStatus, int] = dict(session.execute(query).all())
    warned = select(func.count()).where(*_remarked(batch))
    made, failed = counts.get(RowStatus.MADE, 0), counts.get(RowStatus.FAILED, 0)
    progress = Progress(sum(counts.values()), made, failed, session.scalar(warned) or 0)
    return _with_pace(progress, batch, now) if batch.status is BatchStatus.RUNNING else progress


def _with_pace(progress: Progress, batch: PosterBatch, now: datetime) -> Progress:
    done = progress.settled - batch.settled_before
    elapsed = (now - batch.started_at).total_seconds() if batch.started_at else 0.0
    if done < 1 or elapsed <= 0:
        return progress
    left = timedelta(seconds=(progress.total - progress.settled) * elapsed / done)
    return replace(progress, pace=done * 60 / elapsed, left=left)


def map_columns(
    session: Session,
    batch: PosterBatch,
    template: Template,
    *,
    columns: Mapping[str, int],
    fixed: Mapping[str, str],
    now: datetime,
) -> None:
    """Store which table column fills which poster field, and the texts that all rows share.

    *columns* maps fields, and `file` for the names of the pictures, to indexes of columns.
    *fixed* maps fields to texts.

    Raises:
        ConflictError: the batch was started.
        InputError: there is no such field or column, or a text is too long.
    """
    if batch.status is not BatchStatus.DRAFT:
        raise ConflictError("batch-columns-fixed")
    known = {*template.fields, FILE_COLUMN}
    for name, index in columns.items():
        if name not in known or not 0 <= index < len(batch.header):
            raise InputError("batch-column-unknown", field=name, number=index + 1, field_name=name)
    for name, text in fixed.items():
        if len(text) > _LONGEST_FIXED:
            raise InputError("batch-text-too-long", field=name, used=len(text), most=_LONGEST_FIXED)
    batch.columns = dict(columns)
    batch.fixed = {name: text for name, text in fixed.items() if name in known and text}
    batch.updated_at = now
    session.flush()


def name_rows(session: Session, batch: PosterBatch, numbers: Sequence[int] | None = None) -> None:
    """Choose a unique poster file name for every row, or only for the rows numbered *numbers*.

    No name is given to two rows; names that differ only in case count as equal.
    """
    rows = rows_of(session, batch)
    chosen = {row.number for row in rows} if numbers is None else set(numbers)
    taken = {row.name.lower() for row in rows if row.number not in chosen}
    for row in rows:
        if row.number in chosen:
            row.name = unique_name(picture_name_of(batch, row), taken)
    session.flush()


def picture_name_of(batch: PosterBatch, row: PosterRow) -> str:
    """Return the preferred file name of a row's poster; two rows may prefer the same one."""
    index = batch.columns.get(FILE_COLUMN)
    cell = row.cells[index] if index is not None and index < len(row.cells) else ""
    return picture_name(cell, f"{batch.template}-{row.number:04d}", batch.format)  # type: ignore[arg-type]  # create_batch has checked it


def delete_batch(database: Database, config: Config, batch_id: int) -> PosterBatch:
    """Delete a batch with its rows and then its poster files; return the deleted batch.

    A worker that makes its posters then stops.

    Raises:
        NotFoundError: there is no such batch.
    """
    with database.write() as session:
        batch = get_batch(session, batch_id, to_change=True)
        session.delete(batch)
    shutil.rmtree(batch_folder(config, batch.key), ignore_errors=True)
    return batch


def drop_expired(database: Database, config: Config, now: datetime) -> None:
    """Delete poster batches that have expired, and poster folders whose batch no longer exists."""
    expired = delete(PosterBatch).where(PosterBatch.expires_at < now).returning(PosterBatch.id)
    with database.write() as session:
        for batch_id in session.scalars(expired):
            logger.info("A batch expired", extra={"action": "batch_expired", "batch": batch_id})
    folder = batch_folder(config, "")
    # The folders are listed first, so that none is deleted whose batch was created meanwhile.
    paths = list(folder.iterdir()) if folder.is_dir() else []
    with database.read() as session:
        keys = set(session.scalars(select(PosterBatch.key)))
    for path in paths:
        if path.name not in keys:
            shutil.rmtree(path, ignore_errors=True)

"""Start, stop, resume and retry batches; replace a worker that died while making a batch."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import ConflictError, InputError
from contentsvc.messages import Message
from contentsvc.posters import RowRemark
from contentsvc.services.ports import QueueDownError
from contentsvc.services.poster_batches.batches import RETENTION, name_rows, rows_of
from contentsvc.services.runtime import Runtime

__all__ = ["LEASE", "enqueue_batch", "refuse_running", "resume_batches", "retry", "run", "stop"]

logger = logging.getLogger(__name__)

#: How long a worker may go without a commit, or a batch may wait for a worker, before the batch is
#: enqueued again. The slowest row, in four sizes with large pictures, takes a few seconds.
LEASE = timedelta(seconds=30)
#: The most batches of one person that may run at the same time.
_MOST_RUNNING = 2
#: Deaths of workers at the same row after which that row fails.
_MOST_DEATHS = 3


def run(session: Session, batch: PosterBatch, now: datetime) -> int:
    """Mark a batch as running; return its new fence, a number to pass to `enqueue_batch`.

    The caller calls `enqueue_batch` after the commit.

    Raises:
        ConflictError: the batch is running, or two others of its owner are.
        InputError: no row is waiting to be made.
    """
    # All batches of the owner are locked, so that two simultaneous starts are both counted.
    query = select(PosterBatch).where(PosterBatch.owner == batch.owner).with_for_update()
    others = list(session.scalars(query))
    if batch.status is BatchStatus.RUNNING:
        raise ConflictError("batch-is-running")
    running = sum(other.status is BatchStatus.RUNNING for other in others)
    if running >= _MOST_RUNNING:
        raise ConflictError("batches-running", count=running, owner=batch.owner)
    if not rows_of(session, batch, RowStatus.WAITING, limit=1):
        raise InputError("batch-has-no-waiting-row")
    if batch.status is BatchStatus.DRAFT:
        name_rows(session, batch)
    batch.status, batch.error, batch.stumbles = BatchStatus.RUNNING, Message.plain(""), 0
    batch.started_at, batch.finished_at, batch.updated_at = now, None, now
    batch.settled_before = _settled(session, batch)
    batch.expires_at = now + RETENTION
    return _next_fence(batch, now)


def _settled(session: Session, batch: PosterBatch) -> int:
    query = select(func.count()).where(
        PosterRow.batch_id == batch.id, PosterRow.status != RowStatus.WAITING
    )
    return session.scalar(query) or 0


def _next_fence(batch: PosterBatch, now: datetime) -> int:
    batch.fence = batch.fence + 1
    batch.held_by, batch.lease_until = None, now + LEASE
    return batch.fence


def enqueue_batch(runtime: Runtime, batch_id: int, fence: int) -> None:
    """Enqueue a job that makes posters of a batch; *fence* is the number of its newest job.

    A job with an older number does nothing.

    If the queue is down, the batch stays in the database, and the dispatcher enqueues it later.
    """
    try:
        runtime.queue.batch(batch_id, fence)
    except QueueDownError as error:
        logger.warning("A batch waits: %s", error, extra={"action": "batch_waits"})


def stop(batch: PosterBatch, now: datetime) -> None:
    """Stop a running batch but keep its posters; do nothing if the batch is not running."""
    if batch.status is BatchStatus.RUNNING:
        _next_fence(batch, now)
        batch.status, batch.lease_until = BatchStatus.STOPPED, None
        batch.updated_at = batch.finished_at = now
        batch.expires_at = now + RETENTION


def retry(session: Session, batch: PosterBatch) -> None:
    """Mark the failed rows as waiting, so that the next run makes them again.

    Raises:
        ConflictError: the batch is running.
    """
    refuse_running(batch)
    session.execute(
        update(PosterRow)
        .where(PosterRow.batch_id == batch.id, PosterRow.status == RowStatus.FAILED)
        .values(status=RowStatus.WAITING, remarks=[])
    )


def refuse_running(batch: PosterBatch) -> None:
    """Raise ConflictError if a batch is running.

    Raises:
        ConflictError: the batch is running.
    """
    if batch.status is BatchStatus.RUNNING:
        raise ConflictError("batch-must-not-run")


def resume_batches(runtime: Runtime, now: datetime) -> None:
    """Enqueue each running batch again if no worker has reported progress on it in time."""
    expired: list[tuple[int, int]] = []
    query = select(PosterBatch).where(
        PosterBatch.status == BatchStatus.RUNNING,
        PosterBatch.lease_until.is_(None) | (PosterBatch.lease_until < now),
    )
    with runtime.database.read() as session:
        # Usually no lease has expired; then no write transaction is opened.
        if session.scalar(query.with_only_columns(PosterBatch.id).limit(1)) is None:
            return
    with runtime.database.write() as session:
        for batch in session.scalars(query.with_for_update(skip_locked=True)):
            if batch.held_by is not None:
                _record_death(session, batch)
            expired.append((batch.id, _next_fence(batch, now)))
    for batch_id, fence in expired:
        enqueue_batch(runtime, batch_id, fence)


def _record_death(session: Session, batch: PosterBatch) -> None:
    """Count a worker's death while it made the batch; at the third, mark the next row as failed."""
    batch.stumbles += 1
    logger.warning(
        "A worker died while making a batch",
        extra={"action": "batch_stumbled", "batch": batch.id, "worker": batch.held_by},
    )
    if batch.stumbles < _MOST_DEATHS:
        return
    batch.stumbles = 0
    for row in rows_of(session, batch, RowStatus.WAITING, limit=1):
        message = Message("row-ended-worker", count=_MOST_DEATHS)
        remark = RowRemark(None, "deadly", message, is_fault=True)
        row.status, row.remarks = RowStatus.FAILED, [remark.to_data()]

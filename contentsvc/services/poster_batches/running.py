"""Starting, stopping and going on with batches of posters; who dies at one is replaced."""

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

#: How long a worker may be silent, or a batch wait for one, before it is handed out again. The
#: slowest row, in four sizes with large pictures, takes some seconds.
LEASE = timedelta(seconds=30)
#: Batches of one person that run at once.
_MOST_RUNNING = 2
#: Deaths of a worker at the same row after which that row is called failed.
_MOST_STUMBLES = 3


def run(session: Session, batch: PosterBatch, now: datetime) -> int:
    """Have what waits of a batch made; return the number to hand it out with, after the commit.

    Raises:
        ConflictError: it runs already, or as many batches of its owner do as may.
        InputError: every row of it is settled.
    """
    # Locked together, so that two at once are counted.
    query = select(PosterBatch).where(PosterBatch.owner == batch.owner).with_for_update()
    others = list(session.scalars(query))
    if batch.status is BatchStatus.RUNNING:
        raise ConflictError("the batch runs already")
    running = sum(other.status is BatchStatus.RUNNING for other in others)
    if running >= _MOST_RUNNING:
        raise ConflictError(
            f"{running} batches of {batch.owner} run already; wait for one to end, or stop it"
        )
    if not rows_of(session, batch, RowStatus.WAITING, limit=1):
        raise InputError("every row of the batch is settled")
    if batch.status is BatchStatus.DRAFT:
        name_rows(session, batch)
    batch.status, batch.error, batch.stumbles = BatchStatus.RUNNING, "", 0
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
    """Tell the workers of a batch; where the queue is away, the dispatcher tells them later."""
    try:
        runtime.queue.batch(batch_id, fence)
    except QueueDownError as error:
        logger.warning("A batch waits: %s", error, extra={"action": "batch_waits"})


def stop(batch: PosterBatch, now: datetime) -> None:
    """Let nothing more of a batch be made; what was made stays. Does nothing unless it runs."""
    if batch.status is BatchStatus.RUNNING:
        _next_fence(batch, now)
        batch.status, batch.lease_until = BatchStatus.STOPPED, None
        batch.updated_at = batch.finished_at = now
        batch.expires_at = now + RETENTION


def retry(session: Session, batch: PosterBatch) -> None:
    """Have the failed rows wait again; ConflictError while it runs."""
    refuse_running(batch)
    session.execute(
        update(PosterRow)
        .where(PosterRow.batch_id == batch.id, PosterRow.status == RowStatus.FAILED)
        .values(status=RowStatus.WAITING, remarks=[])
    )


def refuse_running(batch: PosterBatch) -> None:
    """Raise ConflictError while a batch runs."""
    if batch.status is BatchStatus.RUNNING:
        raise ConflictError("the batch is running; wait until it ends, or stop it first")


def resume_batches(runtime: Runtime, now: datetime) -> None:
    """Hand out again what nobody has been at for a while; for the dispatcher."""
    late: list[tuple[int, int]] = []
    query = select(PosterBatch).where(
        PosterBatch.status == BatchStatus.RUNNING,
        PosterBatch.lease_until.is_(None) | (PosterBatch.lease_until < now),
    )
    with runtime.database.read() as session:
        # Mostly there is none, and then nobody is kept from writing.
        if session.scalar(query.with_only_columns(PosterBatch.id).limit(1)) is None:
            return
    with runtime.database.write() as session:
        for batch in session.scalars(query.with_for_update(skip_locked=True)):
            if batch.held_by is not None:
                _stumble(session, batch)
            late.append((batch.id, _next_fence(batch, now)))
    for batch_id, fence in late:
        enqueue_batch(runtime, batch_id, fence)


def _stumble(session: Session, batch: PosterBatch) -> None:
    """Note that a worker died; a row at which one always does is taken out of the way."""
    batch.stumbles += 1
    logger.warning(
        "A worker died at a batch",
        extra={"action": "batch_stumbled", "batch": batch.id, "worker": batch.held_by},
    )
    if batch.stumbles < _MOST_STUMBLES:
        return
    batch.stumbles = 0
    words = f"making this poster ended the worker {_MOST_STUMBLES} times"
    for row in rows_of(session, batch, RowStatus.WAITING, limit=1):
        remark = RowRemark(None, "deadly", Message.plain(words), is_fault=True)
        row.status, row.remarks = RowStatus.FAILED, [remark.to_data()]

"""Make a batch's posters in jobs of a few seconds each; urgent jobs can run in between."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from contentsvc.db.models import PosterBatch, PosterRow
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters import PosterSetup, RowRemark, Template
from contentsvc.services.operations.heartbeats import process_name
from contentsvc.services.poster_batches.batches import RETENTION, batch_folder, get_batch, rows_of
from contentsvc.services.poster_batches.columns import fields_of
from contentsvc.services.poster_batches.painting import BatchPainter, paint_row
from contentsvc.services.poster_batches.running import LEASE, enqueue_batch
from contentsvc.services.poster_batches.table_checking import faulty_cells
from contentsvc.services.runtime import Runtime
from contentsvc.storage import FileStorage

__all__ = ["BatchMaker"]

logger = logging.getLogger(__name__)

#: Seconds after which a worker enqueues the rest of a batch again. Shorter slices waste time,
#: because the first poster takes a new process 0.5 s longer; longer slices delay the stop of a
#: worker, which finishes its slice first.
_SLICE = 8.0
#: Rows and seconds after which finished rows are committed. If the worker dies, the rows since
#: the last commit are made twice.
_COMMIT_ROWS, _COMMIT_SECONDS = 20, 1.0


class BatchMaker:
    """Makes the posters of batches in one worker process."""

    def __init__(self, runtime: Runtime, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Create a maker; *monotonic* returns the seconds of a clock that never goes back."""
        self._runtime = runtime
        self._monotonic = monotonic
        self._painter = BatchPainter(runtime)

    def make(self, batch_id: int, fence: int) -> None:
        """Make posters of a batch for a few seconds; stop early if a delivery waits for rendering.

        If rows are left, enqueue another job for them. Do nothing if *fence* is outdated
        because the batch was enqueued again, stopped or deleted.
        """
        if not self._claim(batch_id, fence):
            return
        try:
            has_more = self._make_slice(batch_id, fence)
        except (RenderError, OSError) as error:
            # Every row needs the template, the brand and disk space, so all rows would fail.
            self._stop(batch_id, fence, _message_of(error))
            return
        if has_more:
            self._enqueue_rest(batch_id, fence)

    def _claim(self, batch_id: int, fence: int) -> bool:
        """Reserve the batch for this process; return False if a newer job than *fence* has it.

        The batch gets a new fence each time it is enqueued or stopped.
        """
        with self._runtime.database.write() as session:
            return self._write(session, batch_id, fence, held_by=process_name())

    def _write(self, session: Session, batch_id: int, number: int, /, **values: Any) -> bool:
        """Update a running batch with *values* if *number* is still its newest job number (fence).

        Also renew its lease. Return whether the batch was updated. *values* may contain
        another end of the lease.
        """
        now = self._runtime.clock()
        is_current = (
            PosterBatch.id == batch_id,
            PosterBatch.fence == number,
            PosterBatch.status == BatchStatus.RUNNING,
        )
        columns = {"lease_until": now + LEASE, "updated_at": now} | values
        changed = session.execute(
            update(PosterBatch)
            .where(*is_current)
            .values(**columns)
            .returning(PosterBatch.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar() is not None

    def _make_slice(self, batch_id: int, fence: int) -> bool:
        """Make and store posters for up to _SLICE seconds; return True if rows are left to make."""
        until = self._monotonic() + _SLICE
        with self._runtime.database.read() as session:
            batch = get_batch(session, batch_id)
        setups = [self._painter.setup(batch, size) for size in batch.sizes]
        files = FileStorage(batch_folder(self._runtime.config, batch.key))
        while True:
            with self._runtime.database.read() as session:
                most = 1 if batch.stumbles else _COMMIT_ROWS
                rows = rows_of(session, batch, RowStatus.WAITING, limit=most)
            if not rows:
                self._finish(batch_id, fence)
                return False
            settled, must_yield = self._make_rows(batch, setups, rows, files, until)
            if not self._commit(batch_id, fence, settled):
                return False
            if must_yield:
                return True

    def _make_rows(
        self,
        batch: PosterBatch,
        setups: Sequence[PosterSetup],
        rows: Sequence[PosterRow],
        files: FileStorage,
        until: float,
    ) -> tuple[list[dict[str, Any]], bool]:
        """Make the posters of *rows*, until it is time to store the results in the database.

        Return the new values of the rows, and whether the worker must yield to other work.
        """
        commit_at = self._monotonic() + _COMMIT_SECONDS
        settled: list[dict[str, Any]] = []
        template = setups[0].template
        for row in rows:
            faults = faulty_cells(batch, template, row)
            fields = _fields(batch, template, row)
            settled.append(_settled(row, fields, faults, setups, files))
            if self._monotonic() > until or self._runtime.queue.has_renderings():
                return settled, True
            if self._monotonic() > commit_at:
                break
        return settled, False

    def _commit(self, batch_id: int, fence: int, settled: Sequence[dict[str, Any]]) -> bool:
        """Store the results of rows; return False if *fence*, a job number, is outdated.

        *fence* is outdated if the batch has a newer number. Nothing is stored then.
        """
        with self._runtime.database.write() as session:
            if not self._write(session, batch_id, fence, stumbles=0):
                return False
            session.execute(update(PosterRow), settled)
        return True

    def _finish(self, batch_id: int, fence: int) -> None:
        now = self._runtime.clock()
        with self._runtime.database.write() as session:
            self._write(
                session,
                batch_id,
                fence,
                status=BatchStatus.DONE,
                held_by=None,
                lease_until=None,
                finished_at=now,
                expires_at=now + RETENTION,
            )

    def _stop(self, batch_id: int, fence: int, reason: Message) -> None:
        logger.warning("A batch stopped: %s", reason, extra={"action": "batch_stopped"})
        with self._runtime.database.write() as session:
            self._write(
                session,
                batch_id,
                fence,
                status=BatchStatus.STOPPED,
                error=reason,
                held_by=None,
                lease_until=None,
                finished_at=self._runtime.clock(),
            )

    def _enqueue_rest(self, batch_id: int, fence: int) -> None:
        """Put the rest of the batch at the end of the queue, behind newer jobs."""
        with self._runtime.database.write() as session:
            is_current = self._write(session, batch_id, fence, fence=fence + 1, held_by=None)
        if is_current:
            enqueue_batch(self._runtime, batch_id, fence + 1)


def _message_of(error: RenderError | OSError) -> Message:
    return error.message if isinstance(error, RenderError) else Message.plain(str(error))


def _fields(batch: PosterBatch, template: Template, row: PosterRow) -> dict[str, str]:
    return fields_of(template, batch.columns, batch.fixed, row.cells)


def _settled(
    row: PosterRow,
    fields: dict[str, str],
    faults: list[RowRemark],
    setups: Sequence[PosterSetup],
    files: FileStorage,
) -> dict[str, Any]:
    """Make a row's posters, store the files, and return new values for its database columns.

    A row with *faults* becomes no poster.
    """
    try:
        pictures, remarks = ([], faults) if faults else paint_row(setups, fields)
    except Exception as error:
        # An unexpected error in one row must not stop the others.
        logger.exception("A row failed", extra={"action": "batch_row_failed", "row": row.number})
        message = Message("row-not-painted", reason=type(error).__name__)
        pictures, remarks = [], [RowRemark(None, "unforeseen", message, is_fault=True)]
    return {
        "batch_id": row.batch_id,
        "number": row.number,
        "status": RowStatus.MADE if pictures else RowStatus.FAILED,
        "pictures": [
            {"size": size, "hash": files.put(encoded.data), "bytes": len(encoded.data)}
            for size, encoded in pictures
        ],
        "remarks": [remark.to_data() for remark in remarks],
    }

"""Making the posters of a batch: a bounded piece at a time, so that other work comes between."""

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
from contentsvc.services.runtime import Runtime
from contentsvc.storage import FileStorage

__all__ = ["BatchMaker"]

logger = logging.getLogger(__name__)

#: Seconds after which a worker passes a batch on: the first poster takes a fresh process 0.5 s
#: longer than the others, and a worker that is told to stop ends its piece first.
_PIECE = 8.0
#: Rows, and seconds, after which what was made is noted: so much at most is made twice.
_NOTED_ROWS, _NOTED_SECONDS = 20, 1.0


class BatchMaker:
    """Makes pieces of batches within one process."""

    def __init__(self, runtime: Runtime, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Work with the parts of *runtime*; *monotonic* counts seconds."""
        self._runtime = runtime
        self._monotonic = monotonic
        self._painter = BatchPainter(runtime)

    def make(self, batch_id: int, fence: int) -> None:
        """Make rows until the piece is over, a delivery waits to be rendered, or all are settled.

        A batch that was handed out anew since, stopped or deleted is left alone.
        """
        if not self._hold(batch_id, fence):
            return
        try:
            goes_on = self._make_piece(batch_id, fence)
        except (RenderError, OSError) as error:
            # What every row needs is missing: the template, the brand, room on the disk.
            self._give_up(batch_id, fence, str(error))
            return
        if goes_on:
            self._pass_on(batch_id, fence)

    def _hold(self, batch_id: int, fence: int) -> bool:
        """Note who is at it; False where it is not for us."""
        with self._runtime.database.write() as session:
            return self._write(session, batch_id, fence, held_by=process_name())

    def _write(self, session: Session, batch_id: int, number: int, /, **values: Any) -> bool:
        """Change a batch that is ours; the lease begins anew unless *values* ends it."""
        now = self._runtime.clock()
        ours = (
            PosterBatch.id == batch_id,
            PosterBatch.fence == number,
            PosterBatch.status == BatchStatus.RUNNING,
        )
        given = {"lease_until": now + LEASE, "updated_at": now} | values
        changed = session.execute(
            update(PosterBatch)
            .where(*ours)
            .values(**given)
            .returning(PosterBatch.id)
            .execution_options(synchronize_session=False)
        )
        return changed.scalar() is not None

    def _make_piece(self, batch_id: int, fence: int) -> bool:
        """Make rows and note them; tell whether the batch is to be passed on."""
        until = self._monotonic() + _PIECE
        with self._runtime.database.read() as session:
            batch = get_batch(session, batch_id)
        setups = [self._painter.setup(batch, size) for size in batch.sizes]
        files = FileStorage(batch_folder(self._runtime.config, batch.key))
        while True:
            with self._runtime.database.read() as session:
                most = 1 if batch.stumbles else _NOTED_ROWS
                rows = rows_of(session, batch, RowStatus.WAITING, limit=most)
            if not rows:
                self._finish(batch_id, fence)
                return False
            made, must_pass = self._make_rows(batch, setups, rows, files, until)
            if not self._note(batch_id, fence, made):
                return False
            if must_pass:
                return True

    def _make_rows(
        self,
        batch: PosterBatch,
        setups: Sequence[PosterSetup],
        rows: Sequence[PosterRow],
        files: FileStorage,
        until: float,
    ) -> tuple[list[dict[str, Any]], bool]:
        """Make rows until they are to be noted; tell too whether others wait for this worker."""
        noted_at = self._monotonic() + _NOTED_SECONDS
        made: list[dict[str, Any]] = []
        template = setups[0].template
        for row in rows:
            made.append(_made(row, _fields(batch, template, row), setups, files))
            if self._monotonic() > until or self._runtime.queue.has_renderings():
                return made, True
            if self._monotonic() > noted_at:
                break
        return made, False

    def _note(self, batch_id: int, fence: int, made: Sequence[dict[str, Any]]) -> bool:
        """Commit rows that are settled; False where the batch is no longer ours."""
        with self._runtime.database.write() as session:
            if not self._write(session, batch_id, fence, stumbles=0):
                return False
            session.execute(update(PosterRow), made)
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

    def _give_up(self, batch_id: int, fence: int, words: str) -> None:
        logger.warning("A batch stopped: %s", words, extra={"action": "batch_stopped"})
        with self._runtime.database.write() as session:
            self._write(
                session,
                batch_id,
                fence,
                status=BatchStatus.STOPPED,
                error=words,
                held_by=None,
                lease_until=None,
                finished_at=self._runtime.clock(),
            )

    def _pass_on(self, batch_id: int, fence: int) -> None:
        """Go to the end of the queue, behind what came meanwhile."""
        with self._runtime.database.write() as session:
            ours = self._write(session, batch_id, fence, fence=fence + 1, held_by=None)
        if ours:
            enqueue_batch(self._runtime, batch_id, fence + 1)


def _fields(batch: PosterBatch, template: Template, row: PosterRow) -> dict[str, str]:
    return fields_of(template, batch.columns, batch.fixed, row.cells)


def _made(
    row: PosterRow, fields: dict[str, str], setups: Sequence[PosterSetup], files: FileStorage
) -> dict[str, Any]:
    """Make one row's posters; return what is written to it."""
    try:
        pictures, remarks = paint_row(setups, fields)
    except Exception as error:
        # One row that nobody foresaw must not hold up the others.
        logger.exception("A row failed", extra={"action": "batch_row_failed", "row": row.number})
        words = f"the poster could not be painted: {type(error).__name__}"
        pictures, remarks = [], [RowRemark(None, "unforeseen", Message.plain(words), is_fault=True)]
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

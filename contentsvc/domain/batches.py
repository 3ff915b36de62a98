"""The statuses of a poster batch, and of the rows of its table."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BatchStatus", "RowStatus"]


class BatchStatus(StrEnum):
    """The status of a poster batch, which makes a poster for each row of an uploaded table."""

    #: The table is uploaded; a person has not yet assigned its columns to poster fields.
    DRAFT = "draft"
    RUNNING = "running"
    #: Stopped by a person, or because a file that every row needs is missing; can be resumed.
    STOPPED = "stopped"
    DONE = "done"


class RowStatus(StrEnum):
    """Whether the poster for one row of a batch's table is waiting, made or failed."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"

"""The statuses of a batch of posters and of its rows."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BatchStatus", "RowStatus"]


class BatchStatus(StrEnum):
    """The status of a batch of posters, from the uploaded table to the finished posters."""

    #: The table is uploaded; a person has not yet assigned its columns to poster fields.
    DRAFT = "draft"
    RUNNING = "running"
    #: Stopped by a person, or because a file that every row needs is missing; can be resumed.
    STOPPED = "stopped"
    DONE = "done"


class RowStatus(StrEnum):
    """The status of the poster of one row of a batch."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"

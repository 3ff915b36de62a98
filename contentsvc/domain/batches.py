"""The statuses of a batch of posters and of its rows."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BatchStatus", "RowStatus"]


class BatchStatus(StrEnum):
    """The status of a batch."""

    #: The table is uploaded; a person has yet to assign its columns to fields.
    DRAFT = "draft"
    RUNNING = "running"
    #: Stopped by a person, or because something that every row needs is missing; can be resumed.
    STOPPED = "stopped"
    DONE = "done"


class RowStatus(StrEnum):
    """The status of one row of a batch."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"

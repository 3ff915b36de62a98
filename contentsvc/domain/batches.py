"""How a batch of posters, and each of its rows, stands."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["BatchStatus", "RowStatus"]


class BatchStatus(StrEnum):
    """How a batch stands."""

    #: Its table is there; a person still says which column is what.
    DRAFT = "draft"
    RUNNING = "running"
    #: By a person, or because something that all rows need is missing; it can go on.
    STOPPED = "stopped"
    DONE = "done"


class RowStatus(StrEnum):
    """How one row of a batch stands."""

    WAITING = "waiting"
    MADE = "made"
    FAILED = "failed"

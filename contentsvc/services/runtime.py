"""The parts that the web server, the dispatcher, the workers and the commands share."""

from __future__ import annotations

from dataclasses import dataclass

from contentsvc.channels import Registry
from contentsvc.config import Config
from contentsvc.db.session import Database
from contentsvc.services.ports import Clock, Queue, RateWindows
from contentsvc.storage import FileStorage

__all__ = ["Runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The parts that `contentsvc.assembly.assemble` creates once per process."""

    config: Config
    database: Database
    storage: FileStorage
    registry: Registry
    queue: Queue
    rates: RateWindows
    clock: Clock

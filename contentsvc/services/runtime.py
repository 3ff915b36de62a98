"""The parts that the web server, the dispatcher, the workers and the commands share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from contentsvc.channels import Registry
from contentsvc.config import Config
from contentsvc.db.session import Database
from contentsvc.services.ports import Queue
from contentsvc.storage import FileStorage

__all__ = ["Runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What `contentsvc.assembly.assemble` put together, once a process."""

    config: Config
    database: Database
    storage: FileStorage
    registry: Registry
    queue: Queue
    clock: Callable[[], datetime]

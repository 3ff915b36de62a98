"""The runtime: the services that the web server, dispatchers, workers and commands share."""

from __future__ import annotations

from dataclasses import dataclass, field

from contentsvc.channels.hosting import Registry
from contentsvc.config import Config
from contentsvc.db.session import Database
from contentsvc.services.plugin_calls import PluginCalls
from contentsvc.services.ports import Clock, Queue, RateWindows
from contentsvc.storage import FileStorage

__all__ = ["Runtime"]


@dataclass(frozen=True, slots=True)
class Runtime:
    """The database, queue, storage and other services of one process.

    `contentsvc.assembly.assemble` creates it once per process.
    """

    config: Config
    database: Database
    storage: FileStorage
    registry: Registry
    queue: Queue
    rates: RateWindows
    clock: Clock
    #: For calls to plugins from threads that a plugin must not keep.
    calls: PluginCalls = field(default_factory=PluginCalls)

"""Create the runtime of a process: its plugins, database, storage and queue.

Only this module imports the implementations of all of them.
"""

from __future__ import annotations

from contentsvc.channels.hosting import load_plugins
from contentsvc.config import Config
from contentsvc.db.session import Database
from contentsvc.services.plugin_calls import PluginCalls
from contentsvc.services.ports import system_clock
from contentsvc.services.runtime import Runtime
from contentsvc.storage import FileStorage
from contentsvc.worker.queue import RqQueue, embedded_url
from contentsvc.worker.rates import RedisRateWindows

__all__ = ["assemble"]


def assemble(config: Config) -> Runtime:
    """Load the plugins and return the runtime (database, queue and so on) for *config*.

    The database and the queue are connected when they are first used.
    """
    url = config.redis_url or embedded_url(config.data_dir)
    return Runtime(
        config=config,
        database=Database(config.database_url),
        storage=FileStorage(config.data_dir / "files"),
        registry=load_plugins(config.plugin_folders()),
        queue=RqQueue(url),
        rates=RedisRateWindows(url),
        clock=system_clock,
        # Two threads of the web server always remain for requests that need no plugin.
        calls=PluginCalls(max(1, config.web_threads - 2)),
    )

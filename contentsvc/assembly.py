"""Puts the parts of a process together: the one place that knows them all."""

from __future__ import annotations

from contentsvc.channels import load_plugins
from contentsvc.config import Config
from contentsvc.db.session import Database
from contentsvc.services.ports import system_clock
from contentsvc.services.runtime import Runtime
from contentsvc.storage import FileStorage
from contentsvc.worker.queue import RqQueue, embedded_url
from contentsvc.worker.rates import RedisRateWindows

__all__ = ["assemble"]


def assemble(config: Config) -> Runtime:
    """Return the parts for *config*; nothing is connected yet, plugins are loaded."""
    url = config.redis_url or embedded_url(config.data_dir)
    return Runtime(
        config=config,
        database=Database(config.database_url),
        storage=FileStorage(config.data_dir / "files"),
        registry=load_plugins(config.plugin_folders()),
        queue=RqQueue(url),
        rates=RedisRateWindows(url),
        clock=system_clock,
    )

"""Open the service's runtime (plugins, database, storage, queue) for a command."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from contentsvc.config import Config

if TYPE_CHECKING:
    from contentsvc.services.runtime import Runtime

__all__ = ["open_runtime", "operator"]


@contextmanager
def open_runtime(config: Config | None = None) -> Iterator[Runtime]:
    """Yield a runtime (database, queue and so on), and close its database after the block.

    Without *config*, the settings are read from the environment.

    Raises:
        ConfigError: a setting cannot be used, or the database was not migrated to this version.
    """
    # Read the settings before the slow imports, so that an invalid setting is reported quickly.
    config = config or Config.from_env()
    from contentsvc.assembly import assemble
    from contentsvc.db import migrate
    from contentsvc.private_files import tighten

    tighten(config)
    runtime = assemble(config)
    try:
        migrate.check(runtime.database)
        yield runtime
    finally:
        runtime.database.close()


def operator() -> str:
    """Return the system's user name, which commands record as the author of their changes."""
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):
        # In a container the user id may have no name.
        return "operator"

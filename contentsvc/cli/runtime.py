"""The parts that a command works with."""

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
    """Give the parts of a process whose database has this version's tables; ConfigError."""
    # A wrong setting is told before the rest is imported, which takes a second.
    config = config or Config.from_env()
    from contentsvc.assembly import assemble
    from contentsvc.db import migrate

    runtime = assemble(config)
    try:
        migrate.check(runtime.database)
        yield runtime
    finally:
        runtime.database.close()


def operator() -> str:
    """Return the name under which changes made by a command are kept."""
    try:
        return getpass.getuser()[:64]
    except (KeyError, OSError):
        # A container's user may have a number only.
        return "operator"

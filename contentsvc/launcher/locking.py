"""A lock that allows only one `contentsvc up` per data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contentsvc.errors import ConfigError

__all__ = ["lock_data_dir", "lock_holder"]


def _lock_file(data_dir: Path) -> Path:
    return data_dir / "run" / "up.lock"


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Hold the lock on the folder *data_dir* during the `with` block.

    The kernel releases the lock when this process ends, whatever ended it.

    Raises:
        ConfigError: another process holds the lock; the error gives its process id.
    """
    path = _lock_file(data_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                "CONTENTSVC_DATA_DIR",
                "data-dir-in-use",
                folder=str(data_dir),
                process=lock_holder(data_dir) or 0,
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def lock_holder(data_dir: Path) -> int | None:
    """Return the id of the process that runs `contentsvc up` on *data_dir*, or None."""
    try:
        with _lock_file(data_dir).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0)
    except (OSError, ValueError):
        pass
    return None

"""One `contentsvc up` a data folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contentsvc.errors import ConfigError

__all__ = ["lock_data_dir", "lock_holder"]


def _file(data_dir: Path) -> Path:
    return data_dir / "run" / "up.lock"


@contextmanager
def lock_data_dir(data_dir: Path) -> Iterator[None]:
    """Keep a second `up` off the folder; the kernel frees the lock however this one ends.

    Raises:
        ConfigError: another process has it; the message names it.
    """
    path = _file(data_dir)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ConfigError(
                "CONTENTSVC_DATA_DIR",
                f"`contentsvc up` runs on {data_dir} already (process {lock_holder(data_dir)}); "
                "stop that one, or give another folder",
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def lock_holder(data_dir: Path) -> int | None:
    """Return the process that runs `up` on the folder; None where none does."""
    try:
        with _file(data_dir).open(encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read().strip() or 0)
    except (OSError, ValueError):
        pass
    return None

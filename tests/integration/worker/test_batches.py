"""Poster batches in the real render worker on a real Valkey, with a kill and with deliveries."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from contentsvc.config import shipped
from contentsvc.db.models import Delivery, PosterBatch, PosterRow
from contentsvc.db.session import Database
from contentsvc.domain.batches import BatchStatus, RowStatus
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.posters import Line, load_template
from contentsvc.services.ports import system_clock
from contentsvc.services.poster_batches.batches import BatchOptions, create_batch, get_batch
from contentsvc.services.poster_batches.results import members_of
from contentsvc.services.poster_batches.running import LEASE, enqueue_batch, resume_batches, run
from contentsvc.services.runtime import Runtime
from contentsvc.storage import stream_archive
from contentsvc.worker.queue import RqQueue
from tests.factories import make_calendar, make_channel, make_entry, make_runtime


@pytest.fixture
def runtime(sqlite_url: str, redis_url: str, tmp_path: Path) -> Iterator[Runtime]:
    """Yield a runtime with the database and the queue of the worker."""
    with closing(Database(sqlite_url)) as database, closing(RqQueue(redis_url)) as queue:
        yield replace(make_runtime(database, tmp_path), queue=queue, clock=system_clock)


@contextmanager
def _worker(runtime: Runtime, redis_url: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a real render worker in its own process group, and kill it at the end."""
    own = {
        "DATA_DIR": str(runtime.config.data_dir),
        "DATABASE_URL": runtime.database.url,
        "REDIS_URL": redis_url,
    }
    environ = os.environ | {f"CONTENTSVC_{name}": value for name, value in own.items()}
    command = [sys.executable, "-m", "contentsvc", "worker", "--queue", "render"]
    with subprocess.Popen(command, env=environ, start_new_session=True) as process:
        try:
            yield process
        finally:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the worker and its child processes with SIGKILL."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _until(what: str, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def _started(runtime: Runtime, rows: int) -> int:
    template = load_template("invite", [shipped("assets") / "posters"])
    cells = [(f"会员{number}", f"https://e.com/i/{number}", "来") for number in range(rows)]
    head = ("昵称", "链接", "主标题")
    lines = [Line(number, row) for number, row in enumerate([head, *cells], 1)]
    now = runtime.clock()
    with runtime.database.write() as session:
        new = BatchOptions("会员.csv", template, ("1x1",), "jpeg")
        batch = create_batch(session, new, lines, by="mei", now=now)
        fence = run(session, batch, now)
    enqueue_batch(runtime, batch.id, fence)
    return batch.id


def _made(runtime: Runtime) -> list[PosterRow]:
    with runtime.database.read() as session:
        return list(session.scalars(select(PosterRow).where(PosterRow.status == RowStatus.MADE)))


def _batch(runtime: Runtime) -> PosterBatch:
    with runtime.database.read() as session:
        return session.scalars(select(PosterBatch)).one()


def test_a_batch_goes_on_where_a_killed_worker_stopped(runtime: Runtime, redis_url: str) -> None:
    """After `kill -9` the next worker makes the remaining rows, and the ZIP has each row once."""
    batch_id = _started(runtime, 120)
    with _worker(runtime, redis_url) as first:
        _until("nothing was made", lambda: bool(_made(runtime)))
        _kill(first)
    before = {row.number: row.pictures for row in _made(runtime)}
    assert 0 < len(before) < 120

    resume_batches(runtime, runtime.clock() + LEASE + timedelta(seconds=1))
    with _worker(runtime, redis_url):
        _until("not finished", lambda: _batch(runtime).status is BatchStatus.DONE)

    after = {row.number: row.pictures for row in _made(runtime)}
    assert {number: after[number] for number in before} == before
    with runtime.database.read() as session:
        members = members_of(runtime.config, session, get_batch(session, batch_id), b"")
    with zipfile.ZipFile(io.BytesIO(b"".join(stream_archive(members)))) as archive:
        names = archive.namelist()
    assert names == [*(f"会员{number}.jpg" for number in range(120)), "report.csv"]


def test_a_delivery_is_rendered_while_a_batch_runs(runtime: Runtime, redis_url: str) -> None:
    """A delivery is rendered before the remaining rows of a batch, which then continues."""
    make_channel(runtime)
    make_entry(runtime, make_calendar(runtime))
    with runtime.database.read() as session:
        delivery_id = session.scalars(select(Delivery.id)).one()
    _started(runtime, 400)
    with _worker(runtime, redis_url):
        _until("nothing was made", lambda: bool(_made(runtime)))

        runtime.queue.render("site", [delivery_id])
        _until("not rendered", lambda: _status(runtime) is DeliveryStatus.SCHEDULED)
        then = len(_made(runtime))

        assert _batch(runtime).status is BatchStatus.RUNNING
        assert then < 400
        _until("the batch does not go on", lambda: len(_made(runtime)) > then)


def _status(runtime: Runtime) -> DeliveryStatus:
    with runtime.database.read() as session:
        return session.scalars(select(Delivery.status)).one()


def test_without_a_queue_nothing_is_said_to_wait(tmp_path: Path) -> None:
    """If Redis is down, `has_renderings` is False, so that a worker continues with its batch."""
    with closing(RqQueue(f"unix://{tmp_path}/none.sock")) as queue:
        assert queue.has_renderings() is False

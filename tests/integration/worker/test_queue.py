"""The queue on a real Valkey server, and without a server."""

from __future__ import annotations

import json
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis

from contentsvc.services.ports import Claim, QueueDownError
from contentsvc.worker import queue as queue_module
from contentsvc.worker.connections import embedded_url, socket_path
from contentsvc.worker.queue import RqQueue


def test_a_wake_up_ends_the_wait(redis_url: str) -> None:
    """A dispatcher that waits is woken by a process that wrote something due.

    `wait` returns True only if a wake-up ended it, so its duration needs no limit.
    """
    with closing(RqQueue(redis_url)) as queue, closing(RqQueue(redis_url)) as web:
        timer = threading.Timer(0.05, web.wake)
        timer.start()

        woken = queue.wait(60)

        assert woken
        timer.join()


def test_a_wake_up_is_stored_for_a_busy_dispatcher(redis_url: str) -> None:
    """Any number of wake-ups during a turn cause exactly one more turn."""
    with closing(RqQueue(redis_url)) as queue:
        for _ in range(3):
            queue.wake()

        assert [queue.wait(0.01), queue.wait(0.01)] == [True, False]


def test_the_wait_is_as_long_as_asked(redis_url: str) -> None:
    """Without a wake-up the dispatcher sleeps until the next due instant, not less.

    The upper limit only excludes a wait that never ends.
    """
    with closing(RqQueue(redis_url)) as queue:
        queue.wait(0.001)
        began = time.monotonic()

        woken = queue.wait(0.12)

        assert not woken
        assert 0.12 <= time.monotonic() - began < 60


def test_a_batch_is_one_job_of_plain_data(redis_url: str) -> None:
    """A batch is one JSON job without a stored result and without RQ's retries."""
    with closing(RqQueue(redis_url)) as queue, closing(redis.Redis.from_url(redis_url)) as raw:
        queue.publish("webhook", [Claim(7, 2), Claim(9, 1)])

        (job_id,) = raw.lrange("rq:queue:publish", 0, -1)
        assert isinstance(job_id, bytes)
        job = raw.hgetall(b"rq:job:" + job_id)
        data = job[b"data"]
        assert isinstance(data, bytes)
        assert json.loads(_inflated(data)) == [
            "contentsvc.worker.jobs.publish_batch",
            None,
            ["webhook", [[7, 2], [9, 1]]],
            {},
        ]
        assert job[b"result_ttl"] == b"0"
        assert b"retries_left" not in job


def _inflated(data: bytes) -> bytes:
    import zlib

    return zlib.decompress(data)


def test_the_figures_count_the_waiting_jobs(redis_url: str) -> None:
    """The figures name the server and count the jobs that wait in each queue."""
    with closing(RqQueue(redis_url)) as queue:
        queue.render("site", [1, 2])
        queue.publish("site", [Claim(1, 1)])
        queue.publish("site", [Claim(2, 1)])
        queue.follow_up("site", [Claim(3, 1)])

        stats = queue.stats()

        assert stats.reachable
        assert stats.server.startswith("valkey 9")
        assert dict(stats.waiting) == {
            "publish": 2,
            "follow-up": 1,
            "render": 1,
            "batch": 0,
        }


def test_without_a_server_nothing_hangs_and_batches_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without Redis a wait sleeps as long as asked, and enqueueing raises QueueDownError.

    The queue's clock only advances when the queue sleeps, so that a busy machine changes nothing.
    """
    now, sleeps = 100.0, list[float]()

    def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds
        sleeps.append(seconds)

    clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep)
    monkeypatch.setattr(queue_module, "time", clock)
    with closing(RqQueue(f"unix://{tmp_path}/none.sock")) as queue:
        queue.wake()
        woken = queue.wait(0.1)

        assert not woken
        assert sleeps == [pytest.approx(0.1)]
        assert not queue.stats().reachable
        with pytest.raises(QueueDownError, match="does not answer"):
            queue.publish("site", [Claim(1, 1)])
        with pytest.raises(QueueDownError):
            queue.render("site", [1])


def test_a_server_that_accepts_and_never_responds_is_given_up(tmp_path: Path) -> None:
    """A hanging Redis does not block the dispatcher; without a timeout, `wait` would never end."""
    import socket

    path = tmp_path / "deaf.sock"
    with socket.socket(socket.AF_UNIX) as deaf, closing(RqQueue(f"unix://{path}")) as queue:
        deaf.bind(str(path))
        deaf.listen(8)
        began = time.monotonic()

        woken = queue.wait(0.1)

        assert not woken
        assert time.monotonic() - began < 60


def test_the_embedded_socket_is_in_the_data_folder(tmp_path: Path) -> None:
    """Every process derives the same socket from the data folder alone."""
    short = Path("/tmp") / f"c{time.monotonic_ns() % 10**9}"
    try:
        assert embedded_url(short) == f"unix://{short}/run/valkey.sock"
        assert (short / "run").stat().st_mode & 0o777 == 0o700
    finally:
        (short / "run").rmdir()
        short.rmdir()


def test_a_long_data_folder_has_its_socket_in_a_short_private_one(tmp_path: Path) -> None:
    """If the path is too long for a socket, the address is stored for the other processes."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)

    url = embedded_url(deep)

    folder = socket_path(url).parent
    try:
        assert len(str(socket_path(url))) < 100
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (deep / "run/redis.url").stat().st_mode & 0o777 == 0o600
        assert embedded_url(deep) == url
    finally:
        folder.rmdir()


def test_a_socket_folder_that_others_may_enter_is_not_taken_again(tmp_path: Path) -> None:
    """A stored socket folder that other users can enter is replaced by a new folder."""
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    first = socket_path(embedded_url(deep)).parent
    first.chmod(0o777)

    second = socket_path(embedded_url(deep)).parent

    try:
        assert second != first
    finally:
        first.rmdir()
        second.rmdir()

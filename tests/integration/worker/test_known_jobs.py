"""Jobs that somebody else has written to Redis run no code."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job, JobStatus

from contentsvc.worker.connections import connect
from contentsvc.worker.known_jobs import KnownJob
from contentsvc.worker.process import PublishWorker
from contentsvc.worker.queue import PUBLISH, SERIALIZER

#: Jobs that would create the file, by what they abuse.
_ATTACKS: dict[str, Callable[[Queue, str], Job]] = {
    "a function of Python": lambda queue, file: queue.enqueue("os.mkdir", file),
    "a shell command": lambda queue, file: queue.enqueue("os.system", f"mkdir {file}"),
    "code": lambda queue, file: queue.enqueue("builtins.exec", f"import os; os.mkdir({file!r})"),
    "a module of the service": lambda queue, file: queue.enqueue(
        "contentsvc.worker.jobs.os.mkdir", file
    ),
    "a private function of the jobs": lambda queue, _file: queue.enqueue(
        "contentsvc.worker.jobs._end_process"
    ),
    "a callback": lambda queue, file: queue.enqueue(
        "contentsvc.worker.jobs.render_deliveries",
        args=(file, []),
        on_success=Callback("os.mkdir"),
        on_failure=Callback("tests.integration.worker.test_known_jobs.callback"),
    ),
}


def callback(job: Job, *_others: object) -> None:
    """Create the folder that the job's first argument names."""
    Path(job.args[0]).mkdir()


class _Heart:
    def note_activity(self) -> None:
        """Do nothing; a worker calls this after each job."""


def _work_off(redis: Redis) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        worker = PublishWorker(
            [PUBLISH], connection=redis, serializer=SERIALIZER, job_class=KnownJob
        )
        worker.heart = _Heart()  # type: ignore[assignment]  # what it uses of the thread
        worker.work(burst=True, logging_level="CRITICAL")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("name", _ATTACKS)
def test_a_job_of_somebody_else_runs_no_code(redis_url: str, tmp_path: Path, name: str) -> None:
    """A job with another function, or with a callback, fails and does nothing."""
    file = tmp_path / "made"
    with closing(connect(redis_url)) as redis:
        job = _ATTACKS[name](Queue(PUBLISH, connection=redis, serializer=SERIALIZER), str(file))

        _work_off(redis)

        assert job.get_status() is JobStatus.FAILED
    assert not file.exists()

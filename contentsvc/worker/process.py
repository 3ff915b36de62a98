"""Worker processes: RQ workers that survive outages of Redis, and stop without losing work."""

from __future__ import annotations

import faulthandler
import gc
import logging
import random
import signal
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker, Worker
from rq.exceptions import StopRequested
from rq.worker import BaseWorker
from rq.worker.base import WorkerStatus

from contentsvc.posters import warm_up
from contentsvc.processes import die_with_parent
from contentsvc.services.operations.heartbeats import HeartbeatThread
from contentsvc.services.runtime import Runtime
from contentsvc.worker.connections import connect, embedded_url
from contentsvc.worker.jobs import ask_to_stop, reconnect, serve_with
from contentsvc.worker.known_jobs import KnownJob
from contentsvc.worker.queue import BATCH, FOLLOW_UP, PUBLISH, RENDER, SERIALIZER
from contentsvc.worker.render_runs import RenderRuns

__all__ = ["run_follow_up_worker", "run_publish_worker", "run_render_worker"]

logger = logging.getLogger(__name__)

#: Intervals in seconds. With RQ's defaults (420 and 600) an idle worker checks for abandoned jobs
#: only after thirteen minutes.
_WORKER_TTL = 30
_MAINTENANCE_INTERVAL = 15
#: Seconds between two looks at a child process.
_MONITORING_INTERVAL = 1
#: Seconds for which no Python code can run until the process is killed, as by a regular expression
#: that never ends, which keeps the interpreter's lock; and seconds between two signs of life.
_FROZEN_AFTER, _LIFE_SIGN_EVERY = 60.0, 15.0


class _Steady(BaseWorker):
    """An RQ worker that can be stopped while Redis is down, and resumes soon after an outage."""

    #: The thread that records heartbeats; set before the first job.
    heart: HeartbeatThread
    max_connection_wait_time = 2.0
    stop_asked = False

    def execute_job(self, job: Any, queue: Any) -> None:
        super().execute_job(job, queue)
        self.heart.note_activity()

    def procline(self, message: str) -> None:
        """Do nothing, so that the process title still names the command.

        RQ would set a title with a random id.
        """

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.stop_asked = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]  # RQ's

    def _shutdown(self) -> None:
        # RQ's method also writes to Redis from the signal handler; without Redis that would abort
        # the current batch.
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        self._stop_requested = True


class PublishWorker(_Steady, SimpleWorker):
    """An RQ worker that runs jobs in its own process, since forking takes longer than sending.

    It publishes deliveries, or asks about deliveries that were sent before.
    """


class _SlowRunError(Exception):
    """Raised to stop waiting for a child process whose rendering takes too long."""


class RenderWorker(_Steady, Worker):
    """An RQ worker that runs each job in a fork, so that pictures and plugins cannot harm it.

    A rendering that takes long goes on in its fork while the worker takes the next job.
    """

    #: The forks; set before the first job.
    runs: RenderRuns

    def fork_work_horse(self, job: Any, queue: Any) -> None:
        self.runs.begin(str(job.args[0]) if queue.name == RENDER else "")
        with self.heart.paused():
            super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Any, queue: Any) -> None:
        die_with_parent(self.pid or 0)
        reconnect(self.runs.current)
        super().main_work_horse(job, queue)

    def monitor_work_horse(self, job: Any, queue: Any, execution: Any) -> None:
        try:
            super().monitor_work_horse(job, queue, execution)
        except _SlowRunError:
            self.runs.set_aside(self.horse_pid)
            # As at the end of RQ's own method.
            self._horse_pid = 0
            self.executions.pop(execution.id, None)
        else:
            self.runs.ended()

    def maintain_heartbeats(self, job: Any, execution: Any) -> None:
        super().maintain_heartbeats(job, execution)
        if self.runs.should_go_on:
            raise _SlowRunError

    def run_maintenance_tasks(self) -> None:
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ's
        self.runs.collect()


def run_publish_worker(runtime: Runtime) -> None:
    """Run publishing jobs until SIGTERM or SIGINT, then finish the current job and return."""
    _end_if_frozen()
    _run(runtime, PublishWorker, PUBLISH)


def run_follow_up_worker(runtime: Runtime) -> None:
    """Run jobs that ask about sent deliveries, until SIGTERM or SIGINT.

    Then finish the current job and return.
    """
    _end_if_frozen()
    _run(runtime, PublishWorker, FOLLOW_UP)


def run_render_worker(runtime: Runtime) -> None:
    """Run rendering jobs until SIGTERM or SIGINT, then finish the current job and return.

    Renditions for deliveries come before poster batches. With more than one queue, RQ loses a job
    if its worker dies just as it takes the job. The lease in the database then expires, and the
    work is enqueued again.
    """
    warm_up()
    RenderWorker.runs = RenderRuns(runtime)
    _run(runtime, RenderWorker, RENDER, BATCH)


def _end_if_frozen() -> None:
    """Start a watchdog that ends this process if a plugin blocks all of its threads.

    The process ends with a traceback.
    """

    def give_signs_of_life() -> None:
        while True:
            # The library's own thread counts down; it does not need the interpreter.
            faulthandler.dump_traceback_later(_FROZEN_AFTER, exit=True)
            time.sleep(_LIFE_SIGN_EVERY)

    threading.Thread(target=give_signs_of_life, name="life-signs", daemon=True).start()


def _run(runtime: Runtime, kind: type[_Steady], *queues: str) -> None:
    queue = queues[0]
    publisher = serve_with(runtime)
    runtime.calls.on_stuck = ask_to_stop
    redis = connect(runtime.config.redis_url or embedded_url(runtime.config.data_dir))
    # Imported modules are never freed, so the garbage collector need not scan them.
    gc.freeze()
    with HeartbeatThread(runtime, "worker", detail=lambda: {"queue": queue}) as heart:
        try:
            while _work(kind, queues, redis, heart):
                # The pause is random, so that many workers do not reconnect at the same time.
                time.sleep(random.uniform(0.2, 1.0))  # noqa: S311 - no secret
        except StopRequested:
            pass
        finally:
            publisher.close()
    logger.info("Stopped", extra={"action": "worker_stopped", "queue": queue})


def _work(kind: type[_Steady], queues: Sequence[str], redis: Redis, heart: HeartbeatThread) -> bool:
    """Run jobs until a signal to stop or an outage of Redis. Return True only after an outage.

    An outage is longer than RQ retries.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_between)
    worker: _Steady | None = None
    try:
        worker = kind(
            list(queues),
            connection=redis,
            serializer=SERIALIZER,
            job_class=KnownJob,
            worker_ttl=_WORKER_TTL,
            maintenance_interval=_MAINTENANCE_INTERVAL,
            job_monitoring_interval=_MONITORING_INTERVAL,
        )
        worker.heart = heart
        worker.work(logging_level=None)
    except RedisError as error:
        logger.warning(
            "Redis is away: %s", error, extra={"action": "worker_waits", "queue": queues[0]}
        )
    finally:
        if worker is not None and worker.pubsub_thread is not None:
            worker.pubsub_thread.stop()
    return worker is None or not worker.stop_asked


def _stop_between(_signum: int, _frame: FrameType | None) -> None:
    raise StopRequested

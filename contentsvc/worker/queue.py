"""The job queue between dispatchers and workers, which uses RQ and Redis."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from redis.exceptions import RedisError
from rq import Queue as RedisQueue
from rq.worker_registration import get_keys

from contentsvc.services.ports import Claim, QueueDownError, QueueStats
from contentsvc.worker.connections import connect, embedded_url
from contentsvc.worker.waking import Listener, call

__all__ = ["BATCH", "FOLLOW_UP", "PUBLISH", "RENDER", "SERIALIZER", "RqQueue", "embedded_url"]

logger = logging.getLogger(__name__)

#: Names of the RQ queues.
PUBLISH = "publish"
#: Questions about deliveries that were sent before. A worker of its own takes them, so that a
#: platform that answers them slowly delays no publishing.
FOLLOW_UP = "follow-up"
RENDER = "render"
#: The queue of poster batches. A render worker takes jobs from it only if RENDER is empty.
BATCH = "batch"

#: Format of the jobs. With pickle, a worker would run any code that somebody puts into Redis;
#: `KnownJob` refuses functions that are not this service's.
SERIALIZER = "json"

_PUBLISH_JOB = "contentsvc.worker.jobs.publish_batch"
_FOLLOW_UP_JOB = "contentsvc.worker.jobs.follow_up_batch"
_RENDER_JOB = "contentsvc.worker.jobs.render_deliveries"
_BATCH_JOB = "contentsvc.worker.jobs.make_batch"

#: Seconds after which RQ aborts a job, to free a worker that is stuck. The leases in the database
#: expire long before. A part of a poster batch takes up to 10 seconds; each of the 20 renderings
#: of a job has a deadline of its own.
_JOB_TIMEOUTS = {PUBLISH: 7200, FOLLOW_UP: 7200, RENDER: 1800, BATCH: 240}
_FAILURE_TTL = 3600
_QUEUES = (PUBLISH, FOLLOW_UP, RENDER, BATCH)

#: Seconds without requests to a server that did not respond.
_REST = 2.0


class RqQueue:
    """The queue of jobs for the workers. It is stored in Redis, where all jobs may be lost.

    The service can create the jobs again from the database.
    """

    def __init__(self, url: str) -> None:
        """Create a queue on the Redis server at *url*, without connecting to the server."""
        self.url = url
        self._redis = connect(url)
        self._listener = Listener(self._redis)
        self._asked_again_at = 0.0

    def wake(self) -> None:
        """Wake a sleeping dispatcher, so that it looks for due deliveries. Never raises."""
        if time.monotonic() < self._asked_again_at:
            return
        try:
            call(self._redis)
        except RedisError as error:
            # The dispatchers poll within seconds anyway.
            self._rest("queue_wake_lost", error)

    def wait(self, seconds: float) -> bool:
        """Sleep for *seconds* or until a process calls `wake`. Return True if one did.

        Never raises. The sleep is shorter while the server does not respond, since no wake-up could
        arrive.
        """
        until = time.monotonic() + seconds
        woken = False
        if time.monotonic() >= self._asked_again_at:
            try:
                woken = self._listener.wait(seconds)
            except RedisError as error:
                self._rest("queue_wait_failed", error)
        if not woken:
            now = time.monotonic()
            rest = self._asked_again_at if self._asked_again_at > now else until
            time.sleep(max(0.0, min(until, rest) - now))
        return woken

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue a job that publishes claimed deliveries, all on channels of the type *lane*.

        Raises:
            QueueDownError: Redis cannot be reached.
        """
        self._enqueue(PUBLISH, _PUBLISH_JOB, (lane, _pairs(claims)), f"{len(claims)} of {lane}")

    def follow_up(self, lane: str, claims: Sequence[Claim]) -> None:
        """Enqueue a job that asks the platforms about deliveries on channels of the type *lane*.

        Raises:
            QueueDownError: Redis cannot be reached.
        """
        self._enqueue(FOLLOW_UP, _FOLLOW_UP_JOB, (lane, _pairs(claims)), f"{len(claims)} of {lane}")

    def render(self, lane: str, delivery_ids: Sequence[int]) -> None:
        """Enqueue a job that renders planned deliveries on channels of the type *lane*.

        Raises:
            QueueDownError: Redis cannot be reached.
        """
        self._enqueue(
            RENDER, _RENDER_JOB, (lane, list(delivery_ids)), f"{len(delivery_ids)} of {lane}"
        )

    def batch(self, batch_id: int, fence: int) -> None:
        """Enqueue a job that makes some posters of a batch. Jobs that render deliveries run first.

        The job does nothing if *fence* is no longer the batch's current number.

        Raises:
            QueueDownError: Redis cannot be reached.
        """
        self._enqueue(BATCH, _BATCH_JOB, (batch_id, fence), f"batch {batch_id}")

    def has_renderings(self) -> bool:
        """Return True if jobs that render deliveries are queued, False if Redis is unreachable."""
        try:
            return bool(RedisQueue(RENDER, connection=self._redis).count)
        except RedisError:
            return False

    def stats(self) -> QueueStats:
        """Return the numbers of jobs and workers, and whether Redis responds. Never raises."""
        try:
            info = self._redis.info("server")
            queues = [RedisQueue(name, connection=self._redis) for name in _QUEUES]
            return QueueStats(
                reachable=True,
                server=_server(info),
                waiting=tuple((queue.name, queue.count) for queue in queues),
                workers=tuple((queue.name, len(get_keys(queue=queue))) for queue in queues),
            )
        except RedisError:
            return QueueStats(reachable=False)

    def close(self) -> None:
        """Close the pooled connections to Redis."""
        self._listener.close()
        self._redis.close()

    def _enqueue(self, queue: str, job: str, args: tuple[object, ...], description: str) -> None:
        try:
            RedisQueue(queue, connection=self._redis, serializer=SERIALIZER).enqueue_call(
                job,
                args=args,
                description=description,
                timeout=_JOB_TIMEOUTS[queue],
                result_ttl=0,
                failure_ttl=_FAILURE_TTL,
            )
        except RedisError as error:
            raise QueueDownError(f"the queue does not answer: {error}") from error

    def _rest(self, action: str, error: RedisError) -> None:
        self._asked_again_at = time.monotonic() + _REST
        logger.warning("The queue does not answer: %s", error, extra={"action": action})


def _pairs(claims: Sequence[Claim]) -> list[list[int]]:
    return [[claim.delivery_id, claim.fence] for claim in claims]


def _server(info: dict[str, object]) -> str:
    # Valkey reports as `redis_version` the Redis version that it is compatible with.
    if "valkey_version" in info:
        return f"valkey {info['valkey_version']}"
    return f"redis {info.get('redis_version', '')}"

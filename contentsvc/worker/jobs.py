"""The functions that RQ jobs call. RQ finds each function by its import path."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Sequence
from dataclasses import replace

from contentsvc.db.session import Database
from contentsvc.services.delivery.publishing import Publisher
from contentsvc.services.operations.heartbeats import process_name
from contentsvc.services.ports import Claim
from contentsvc.services.poster_batches.making import BatchMaker
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from contentsvc.worker.render_runs import RenderRun

__all__ = [
    "ask_to_stop",
    "follow_up_batch",
    "make_batch",
    "publish_batch",
    "reconnect",
    "render_deliveries",
    "serve_with",
]

#: The exit status of a worker whose sender thread has failed (`EX_SOFTWARE` of sysexits.h).
_FAILED = 70
#: The runtime and publisher of this process. They are global, since RQ calls a function only with
#: the arguments of the job. `serve_with` sets them before the first job.
_served: list[tuple[Runtime, Publisher]] = []
#: In a child process of the render worker, the run that it belongs to.
_run: list[RenderRun] = []


def serve_with(runtime: Runtime) -> Publisher:
    """Use *runtime* for all later jobs of this process. Return the Publisher for these jobs."""
    publisher = Publisher(runtime, process_name(), on_failure=_end_process, on_stuck=ask_to_stop)
    _served[:] = [(runtime, publisher)]
    return publisher


def _end_process() -> None:
    """End this worker process at once.

    The supervisor starts a new one, and the claims end when their leases expire.
    """
    logging.shutdown()
    os._exit(_FAILED)


def ask_to_stop() -> None:
    """Stop this worker in the way that SIGTERM does. The supervisor starts another.

    Calls that never return end only with the process.
    """
    os.kill(os.getpid(), signal.SIGTERM)


def reconnect(run: RenderRun) -> None:
    """Replace the database connections after a fork, since processes cannot share a connection.

    From now on, record in *run* what this process renders.
    """
    _run[:] = [run]
    ((runtime, _),) = _served
    serve_with(replace(runtime, database=Database(runtime.config.database_url)))


def publish_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Publish the deliveries of *claims*, all on channels of the type *lane*.

    A claim is a pair of delivery id and claim number. If a delivery has been claimed again, the
    older claim is ignored. Return once all calls to the platforms have begun.
    """
    ((_, publisher),) = _served
    # When the worker stops, the publisher's `close` waits for the calls under way.
    publisher.begin_batch(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def follow_up_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Ask the platforms about the deliveries of *claims*, all on channels of the type *lane*.

    Return at once, so that a channel that does not respond does not delay questions about others.
    """
    ((_, publisher),) = _served
    publisher.submit(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def render_deliveries(lane: str, delivery_ids: Sequence[int]) -> None:
    """Render planned deliveries on channels of the type *lane*, and store the results.

    Do nothing if the plugin for that type hangs in another process: the dispatcher enqueues these
    deliveries again.
    """
    ((runtime, _),) = _served
    run = _run[0] if _run else None
    if run is None:
        Renderer(runtime).render_planned(delivery_ids)
    elif lane not in run.blocked_lanes:
        Renderer(runtime).render_planned(delivery_ids, run.note)


def make_batch(batch_id: int, fence: int) -> None:
    """Make some posters of a batch. Do nothing if *fence* is not the batch's current number."""
    ((runtime, _),) = _served
    BatchMaker(runtime).make(batch_id, fence)

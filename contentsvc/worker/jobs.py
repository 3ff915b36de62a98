"""The functions that RQ jobs call; RQ finds each function by its import path."""

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
    """Use *runtime* for all later jobs of this process; return the Publisher that the jobs use."""
    publisher = Publisher(runtime, process_name(), on_failure=_end_process, on_stuck=ask_to_stop)
    _served[:] = [(runtime, publisher)]
    return publisher


def _end_process() -> None:
    """End this worker at once; the supervisor starts another, and the leases end its claims."""
    logging.shutdown()
    os._exit(_FAILED)


def ask_to_stop() -> None:
    """Stop this worker as a signal to stop does; the supervisor starts another.

    Only the end of the process ends calls that never return.
    """
    os.kill(os.getpid(), signal.SIGTERM)


def reconnect(run: RenderRun) -> None:
    """Replace the database connections after a fork, since processes cannot share a connection.

    Note in *run* what this process renders from now on.
    """
    _run[:] = [run]
    ((runtime, _),) = _served
    serve_with(replace(runtime, database=Database(runtime.config.database_url)))


def publish_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Publish the deliveries in *claims*, pairs of id and claim number, of channel type *lane*.

    If a delivery was claimed again since then, the older claim is ignored. Return when all calls
    to the platforms have begun.
    """
    ((_, publisher),) = _served
    # When the worker stops, the publisher's `close` waits for the calls under way.
    publisher.begin_batch(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def follow_up_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Ask the platforms about the deliveries in *claims*, all on channels of the type *lane*.

    Return at once: a channel that does not respond delays no question about another channel.
    """
    ((_, publisher),) = _served
    publisher.submit(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def render_deliveries(lane: str, delivery_ids: Sequence[int]) -> None:
    """Render planned deliveries of the channel type *lane*, and store the results.

    Do nothing while the plugin of that type does not return in another process: the dispatcher
    enqueues these deliveries again.
    """
    ((runtime, _),) = _served
    run = _run[0] if _run else None
    if run is None:
        Renderer(runtime).render_planned(delivery_ids)
    elif lane not in run.blocked_lanes:
        Renderer(runtime).render_planned(delivery_ids, run.note)


def make_batch(batch_id: int, fence: int) -> None:
    """Make some posters of a batch; do nothing if *fence* is not the batch's present number."""
    ((runtime, _),) = _served
    BatchMaker(runtime).make(batch_id, fence)

"""The functions of RQ's jobs; RQ finds them by their import path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from contentsvc.db.session import Database
from contentsvc.services.delivery.publishing import Publisher
from contentsvc.services.operations.heartbeats import process_name
from contentsvc.services.ports import Claim
from contentsvc.services.poster_batches.making import BatchMaker
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime

__all__ = ["make_batch", "publish_batch", "reconnect", "render_deliveries", "serve_with"]

#: RQ calls a function only with the arguments of the job, so the process stores its parts here.
#: `serve_with` is called once, before the first job.
_served: list[tuple[Runtime, Publisher]] = []


def serve_with(runtime: Runtime) -> Publisher:
    """Use *runtime* for every later job of this process; return the publisher."""
    publisher = Publisher(runtime, process_name())
    _served[:] = [(runtime, publisher)]
    return publisher


def reconnect() -> None:
    """Open new database connections after a fork; two processes cannot share a connection."""
    ((runtime, _),) = _served
    serve_with(replace(runtime, database=Database(runtime.config.database_url)))


def publish_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Publish claimed deliveries of one *lane*; *claims* are pairs of id and fence."""
    ((_, publisher),) = _served
    # Calls that are under way when the worker stops are finished by the publisher's `close`.
    publisher.begin_batch(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def render_deliveries(delivery_ids: Sequence[int]) -> None:
    """Render planned deliveries and store their renditions."""
    ((runtime, _),) = _served
    Renderer(runtime).render_planned(delivery_ids)


def make_batch(batch_id: int, fence: int) -> None:
    """Make a part of a poster batch, as long as the batch has the fence *fence*."""
    ((runtime, _),) = _served
    BatchMaker(runtime).make(batch_id, fence)

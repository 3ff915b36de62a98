"""What RQ's jobs run; RQ finds these functions by their import path."""

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

#: RQ calls a function with what stands in the job and nothing else, so the process keeps its parts
#: here; `serve_with` is called once, before the first job.
_served: list[tuple[Runtime, Publisher]] = []


def serve_with(runtime: Runtime) -> Publisher:
    """Have every later job of this process work with *runtime*; return its publisher."""
    publisher = Publisher(runtime, process_name())
    _served[:] = [(runtime, publisher)]
    return publisher


def reconnect() -> None:
    """Open connections of our own after a fork; a connection cannot be shared by two processes."""
    ((runtime, _),) = _served
    serve_with(replace(runtime, database=Database(runtime.config.database_url)))


def publish_batch(lane: str, claims: Sequence[tuple[int, int]]) -> None:
    """Publish claimed deliveries, given as pairs of id and fence, of one channel type."""
    ((_, publisher),) = _served
    # What is under way when the worker is told to stop is finished by the publisher's `close`.
    publisher.begin_batch(lane, [Claim(delivery_id, fence) for delivery_id, fence in claims])


def render_deliveries(delivery_ids: Sequence[int]) -> None:
    """Render planned deliveries and store what was made."""
    ((runtime, _),) = _served
    Renderer(runtime).render_planned(delivery_ids)


def make_batch(batch_id: int, fence: int) -> None:
    """Make a piece of a poster batch that was handed out under the number *fence*."""
    ((runtime, _),) = _served
    BatchMaker(runtime).make(batch_id, fence)

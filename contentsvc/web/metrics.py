"""Figures for Prometheus."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime

from flask import Blueprint, Response, abort, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from contentsvc import __version__
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.operations.health import SystemStatus, system_status
from contentsvc.web.access import open_to_all
from contentsvc.web.current import now, reading, runtime

__all__ = ["blueprint"]

blueprint = Blueprint("metrics", __name__)

_LOCAL = frozenset({"127.0.0.1", "::1"})


@blueprint.get("/metrics")
@open_to_all
def metrics() -> Response:
    """Answer with the figures, to whoever has the token, or to this machine where none is set."""
    if not _may_see():
        abort(403)
    with reading() as database:
        status = system_status(runtime(), database, now())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(status))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_see() -> bool:
    token = runtime().config.metrics_token
    if not token:
        return request.remote_addr in _LOCAL
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), token.encode())


class _Figures(Collector):
    """A system status as metrics; all are gauges in seconds or counts."""

    def __init__(self, status: SystemStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Give every figure."""
        status = self._status
        yield _one("contentsvc_up", "1, with the version.", 1, version=__version__)
        deliveries = _many("contentsvc_deliveries", "Deliveries of the last week.", "status")
        for name in DeliveryStatus:
            deliveries.add_metric([name.value], status.counts.get(name, 0))
        yield deliveries
        oldest = (now() - status.oldest_due_at).total_seconds() if status.oldest_due_at else 0.0
        yield _one("contentsvc_oldest_due_seconds", "Age of the oldest that should be out.", oldest)
        yield from self._lateness()
        yield from self._processes()
        yield from self._queue()
        paused = len(status.paused_channels)
        yield _one("contentsvc_paused_channels", "Channels that pause.", paused)
        yield _one("contentsvc_switch", "1 while everything is held.", status.switch is not None)

    def _lateness(self) -> Iterator[Metric]:
        seen = self._status.lateness
        late = _many("contentsvc_lateness_seconds", "Of the last hour's deliveries.", "quantile")
        for quantile, seconds in (("0.5", seen.p50), ("0.99", seen.p99), ("1", seen.worst)):
            if seconds is not None:
                late.add_metric([quantile], seconds)
        yield late

    def _processes(self) -> Iterator[Metric]:
        """Give the silence of each role's latest process."""
        silence = _many("contentsvc_silence_seconds", "Since a role was last seen.", "role")
        latest: dict[str, datetime] = {}
        for beat in self._status.heartbeats:
            role = str(beat.detail.get("queue") or beat.role)
            latest[role] = max(beat.seen_at, latest.get(role, beat.seen_at))
        for role, seen_at in sorted(latest.items()):
            silence.add_metric([role], max(0.0, (now() - seen_at).total_seconds()))
        yield silence

    def _queue(self) -> Iterator[Metric]:
        queue = self._status.queue
        yield _one("contentsvc_queue_reachable", "1 where the queue answers.", queue.reachable)
        waiting = _many("contentsvc_queue_jobs", "Jobs that wait.", "queue")
        for name, count in queue.waiting:
            waiting.add_metric([name], count)
        yield waiting


def _one(name: str, words: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family


def _many(name: str, words: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, labels=[label])

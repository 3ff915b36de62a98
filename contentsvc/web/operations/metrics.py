"""The view that returns the service's metrics to Prometheus."""

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
from contentsvc.services.operations.health import SystemStatus, role_of, system_status
from contentsvc.web.current import now, reading, runtime

__all__ = ["blueprint"]

blueprint = Blueprint("metrics", __name__)

_LOCAL = frozenset({"127.0.0.1", "::1"})


@blueprint.get("/metrics")
def metrics() -> Response:
    """Return the service's metrics in the text format of Prometheus.

    The request needs the token of the settings. Without such a token, only requests from this
    machine are allowed, and only if the service has no public address and listens on loopback
    alone: otherwise a proxy on this machine may pass on the request of anybody.
    """
    if not _is_allowed():
        abort(403)
    with reading() as database:
        status = system_status(runtime(), database, now())
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_StatusCollector(status))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _is_allowed() -> bool:
    config = runtime().config
    token = config.metrics_token
    if not token:
        is_private = config.host in {"localhost", *_LOCAL} and not config.has_public_url
        return is_private and request.remote_addr in _LOCAL
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(sent.encode(), token.encode())


class _StatusCollector(Collector):
    """A collector that converts the system status to Prometheus gauges (counts or seconds)."""

    def __init__(self, status: SystemStatus) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Yield every metric of the system status."""
        status = self._status
        yield _gauge("contentsvc_up", "1, labelled with the version.", 1, version=__version__)
        deliveries = _labelled_gauge(
            "contentsvc_deliveries", "Deliveries of the last week.", "status"
        )
        for name in DeliveryStatus:
            deliveries.add_metric([name.value], status.counts.get(name, 0))
        yield deliveries
        oldest = (now() - status.oldest_due_at).total_seconds() if status.oldest_due_at else 0.0
        yield _gauge("contentsvc_oldest_due_seconds", "Age of the oldest overdue delivery.", oldest)
        yield from self._lateness()
        yield from self._processes()
        yield from self._queue()
        paused = len(status.paused_channels)
        yield _gauge("contentsvc_paused_channels", "Paused channels.", paused)
        yield _gauge(
            "contentsvc_switch", "1 while everything is paused.", status.switch is not None
        )

    def _lateness(self) -> Iterator[Metric]:
        seen = self._status.lateness
        late = _labelled_gauge(
            "contentsvc_lateness_seconds",
            "Lateness of the deliveries of the last hour.",
            "quantile",
        )
        for quantile, seconds in (("0.5", seen.p50), ("0.99", seen.p99), ("1", seen.worst)):
            if seconds is not None:
                late.add_metric([quantile], seconds)
        yield late

    def _processes(self) -> Iterator[Metric]:
        """Yield, for each role, its processes and the seconds since one was seen or worked."""
        alive = _labelled_gauge("contentsvc_processes", "Running processes of a role.", "role")
        for role, count in sorted(self._status.alive.items()):
            alive.add_metric([role], count)
        yield alive
        silence = _labelled_gauge(
            "contentsvc_silence_seconds", "Seconds since the last heartbeat of a role.", "role"
        )
        idle = _labelled_gauge(
            "contentsvc_idle_seconds", "Seconds since a worker of a role ended a job.", "role"
        )
        seen: dict[str, datetime] = {}
        active: dict[str, datetime] = {}
        for beat in self._status.heartbeats:
            role = role_of(beat)
            seen[role] = max(beat.seen_at, seen.get(role, beat.seen_at))
            if stored := beat.detail.get("active_at"):
                at = datetime.fromisoformat(stored)
                active[role] = max(at, active.get(role, at))
        for family, latest in ((silence, seen), (idle, active)):
            for role, at in sorted(latest.items()):
                family.add_metric([role], max(0.0, (now() - at).total_seconds()))
            yield family

    def _queue(self) -> Iterator[Metric]:
        queue = self._status.queue
        yield _gauge(
            "contentsvc_queue_reachable", "1 if the queue can be reached.", queue.reachable
        )
        waiting = _labelled_gauge("contentsvc_queue_jobs", "Waiting jobs.", "queue")
        for name, count in queue.waiting:
            waiting.add_metric([name], count)
        yield waiting


def _gauge(name: str, help_text: str, value: float, **labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family


def _labelled_gauge(name: str, help_text: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, labels=[label])

"""Announcing: plugins that listen are told of finished deliveries, beside the publishing."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select

from contentsvc.channels import DeliveryListener, FinishedDelivery
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.tasks import Verdict
from contentsvc.services.runtime import Runtime

__all__ = ["Announcer"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus
_FINISHED = frozenset({_S.PUBLISHED, _S.FAILED, _S.UNKNOWN, _S.HANDED_OFF})
#: Deliveries that may wait for one plugin; newer ones are dropped.
_MOST_WAITING = 10_000
#: Deliveries that are loaded and announced together.
_MOST_AT_ONCE = 200
#: Seconds for which the first delivery waits for others, so that a burst costs few calls.
_GATHER = 0.2
#: Seconds that a stopping worker gives the plugins for the deliveries that still wait.
_GRACE = 3.0

T = TypeVar("T")


class _Line(Generic[T]):
    """A queue with one thread that handles its items; adding items never blocks."""

    def __init__(self, name: str, work: Callable[[list[T]], None]) -> None:
        """Call *work* with the items that wait; it must not raise."""
        self._name = name
        self._work = work
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, items: Sequence[T]) -> None:
        """Add items; drop those beyond the limit."""
        with self._changed:
            room = _MOST_WAITING - len(self._waiting)
            self._waiting.extend(items[:room])
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()
        if len(items) > room:
            self._log_dropped(len(items) - room)

    def close(self, until: float) -> None:
        """Handle the items that wait; return at *until* (monotonic seconds) at the latest."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(max(0.0, until - time.monotonic()))
        if self._waiting:
            self._log_dropped(len(self._waiting))

    def _run(self) -> None:
        while taken := self._take():
            self._work(taken)

    @property
    def _is_full_load(self) -> bool:
        return len(self._waiting) >= _MOST_AT_ONCE

    def _take(self) -> list[T]:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._changed.wait_for(lambda: self._is_full_load or self._closed, _GATHER)
            number = min(len(self._waiting), _MOST_AT_ONCE)
            return [self._waiting.popleft() for _ in range(number)]

    def _log_dropped(self, number: int) -> None:
        logger.warning(
            "A plugin is too slow; finished deliveries are not announced to it",
            extra={"action": "announcements_dropped", "to": self._name, "deliveries": number},
        )


class Announcer:
    """Announces finished deliveries to plugins, each in a thread of its own."""

    def __init__(self, runtime: Runtime) -> None:
        """Announce to the listeners of *runtime*'s plugins; without a listener, do nothing."""
        self._runtime = runtime
        folder = runtime.config.data_dir / "plugins"
        self._lines = [
            _Line(f"plugin-{listener.plugin}", partial(_tell, listener, folder / listener.plugin))
            for listener in runtime.registry.listeners()
        ]
        self._verdicts = _Line("announcer", self._announce)

    def announce(self, moved: Sequence[Verdict]) -> None:
        """Queue verdicts whose moves are committed; neither blocks nor raises."""
        finished = [verdict for verdict in moved if verdict.after in _FINISHED]
        if finished and self._lines:
            self._verdicts.put(finished)

    def close(self) -> None:
        """Announce what still waits; return after a few seconds at the latest."""
        until = time.monotonic() + _GRACE
        for line in (self._verdicts, *self._lines):
            line.close(until)

    def _announce(self, verdicts: list[Verdict]) -> None:
        try:
            finished = self._finished(verdicts)
        except Exception:
            # The results are in the database; only the announcement is lost.
            logger.exception(
                "Finished deliveries cannot be looked up for the plugins",
                extra={"action": "announcements_dropped", "deliveries": len(verdicts)},
            )
            return
        for line in self._lines:
            line.put(finished)

    def _finished(self, verdicts: Sequence[Verdict]) -> list[FinishedDelivery]:
        query = (
            select(
                Delivery.id,
                Calendar.slug,
                Calendar.timezone,
                *(Entry.week, Entry.key, Entry.kind, Entry.title),
            )
            .join(Entry, Delivery.entry_id == Entry.id)
            .join(Calendar, Entry.calendar_id == Calendar.id)
            .where(Delivery.id.in_([verdict.task.delivery.id for verdict in verdicts]))
        )
        with self._runtime.database.read() as session:
            rows = {row.id: row for row in session.execute(query)}
        return [
            _described(verdict, rows[verdict.task.delivery.id])
            for verdict in verdicts
            if verdict.task.delivery.id in rows
        ]


def _described(verdict: Verdict, row: Any) -> FinishedDelivery:
    delivery, values = verdict.task.delivery, verdict.values
    assert verdict.after is not None
    return FinishedDelivery(
        id=delivery.id,
        key=delivery.key,
        status=verdict.after.value,
        channel=delivery.channel_name,
        channel_type=delivery.channel_type,
        calendar=row.slug,
        zone=ZoneInfo(row.timezone),
        ref=f"{row.slug}/{row.week}/{row.key}",
        kind=row.kind,
        title=row.title,
        notice=delivery.notice,
        due_at=delivery.due_at,
        finished_at=values["updated_at"],
        url=(values.get("receipt") or {}).get("url"),
        words=str(values["error"]),
        folder=Path(),
    )


def _tell(listener: DeliveryListener, folder: Path, finished: list[FinishedDelivery]) -> None:
    """Call a plugin, and log any exception it raises."""
    try:
        listener.call([replace(delivery, folder=folder) for delivery in finished])
    except (Exception, SystemExit):
        # A plugin may raise anything.
        logger.exception(
            "A plugin failed on finished deliveries",
            extra={
                "action": "listener_failed",
                "plugin": listener.plugin,
                "deliveries": len(finished),
            },
        )

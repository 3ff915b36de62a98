"""Calls plugins' listener functions with finished deliveries, in separate threads."""

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

from contentsvc.channels import FinishedDelivery
from contentsvc.channels.hosting import DeliveryListener
from contentsvc.db.models import Calendar, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.delivery.tasks import Verdict
from contentsvc.services.runtime import Runtime

__all__ = ["Announcer"]

logger = logging.getLogger(__name__)

_S = DeliveryStatus
_FINISHED = frozenset({_S.PUBLISHED, _S.FAILED, _S.UNKNOWN, _S.HANDED_OFF})
#: Most deliveries that wait for one plugin; newer deliveries are dropped.
_MOST_WAITING = 10_000
#: Most deliveries that are loaded and announced together.
_MOST_AT_ONCE = 200
#: Seconds that the first waiting delivery waits for others, so that a burst causes few calls.
_GATHER = 0.2
#: Seconds that a stopping worker waits until the plugins have handled the waiting deliveries.
_GRACE = 3.0

T = TypeVar("T")


class _HandlerQueue(Generic[T]):
    """A queue with its own thread, which calls a function with lists of queued items."""

    def __init__(self, name: str, work: Callable[[list[T]], None]) -> None:
        """Create an empty queue. Its thread calls *work* with lists of items.

        *work* must not raise.

        The thread is called *name* and starts with the first item.
        """
        self._name = name
        self._work = work
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def put(self, items: Sequence[T]) -> None:
        """Append *items* to the queue. Items that do not fit are dropped with a logged warning."""
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
        """Wait until all items have been handled, but not beyond *until* (`time.monotonic()`).

        Items that are still queued then are dropped and logged.
        """
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
    """Calls the listeners: functions that plugins registered for finished deliveries."""

    def __init__(self, runtime: Runtime) -> None:
        """Create an announcer with one queue per registered listener."""
        self._runtime = runtime
        folder = runtime.config.data_dir / "plugins"
        self._listeners = [
            _HandlerQueue(
                f"plugin-{listener.plugin}",
                partial(_call_listener, listener, folder / listener.plugin),
            )
            for listener in runtime.registry.listeners()
        ]
        self._verdicts = _HandlerQueue("announcer", self._announce)

    def announce(self, moved: Sequence[Verdict]) -> None:
        """Queue the finished deliveries among *moved* for the listeners.

        *moved* are the results of calls; they must be committed. The method neither blocks nor
        raises, and does nothing if there is no listener.
        """
        finished = [verdict for verdict in moved if verdict.after in _FINISHED]
        if finished and self._listeners:
            self._verdicts.put(finished)

    def close(self) -> None:
        """Wait up to three seconds for the listeners to handle all queued deliveries."""
        until = time.monotonic() + _GRACE
        for queue in (self._verdicts, *self._listeners):
            queue.close(until)

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
        for queue in self._listeners:
            queue.put(finished)

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
        message=str(values["error"]),
        folder=Path(),
    )


def _call_listener(
    listener: DeliveryListener, folder: Path, finished: list[FinishedDelivery]
) -> None:
    """Call a plugin's listener with the deliveries in *finished*; log any exception it raises."""
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

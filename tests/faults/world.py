"""The world of a run: services are called directly for what a person does on the pages."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import joinedload

from contentsvc.assembly import assemble
from contentsvc.config import Config
from contentsvc.db import migrate
from contentsvc.db.models import Delivery
from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryContent, EntryKind
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.errors import ConflictError
from contentsvc.services import entries
from contentsvc.services.calendar_settings import get_calendar, put_calendar
from contentsvc.services.channel_setup.channels import resume_channel
from contentsvc.services.deliveries import Resolution, resolve_delivery
from contentsvc.services.delivery.tasks import part_key
from contentsvc.services.planning import Usefulness, approve
from contentsvc.services.runtime import Runtime
from contentsvc.worker.queue import RqQueue
from tests.acceptance.running import free_port
from tests.factories import save_channel
from tests.faults.receiver import ChaosReceiver
from tests.faults.stores import Store

__all__ = ["BY_HAND", "CHANNELS", "LEASE", "World", "keys_of"]

_ZONE = ZoneInfo("Asia/Shanghai")
_CALENDAR = "faults"
#: Seconds; both are short so that many rounds fit into minutes.
CALL_TIMEOUT, LEASE = 1.0, 4.0
#: The channels of every round, by what can settle an unknown outcome there.
CHANNELS = {
    "hook": "idempotent",
    "asked": "can be asked",
    "plain": "neither",
    "later": "accepts, is polled",
    "parts": "three parts, neither",
}
_NOT_SENT = (DeliveryStatus.PLANNED, DeliveryStatus.SCHEDULED, DeliveryStatus.CLAIMED)
#: The channels on which only a person settles an unknown outcome.
BY_HAND = frozenset({"plain", "later", "parts"})


def keys_of(delivery: Delivery) -> list[str]:
    """Return the keys of a delivery's parts, or its own if it is published as a whole."""
    numbers = range(1, max(delivery.part_count, 1) + 1)
    return [part_key(delivery.key, number) for number in numbers]


@dataclass
class World:
    """One database, one data folder and the channels that lead to the receiver."""

    folder: Path
    store: Store
    receiver: ChaosReceiver
    made: int = 0

    def __post_init__(self) -> None:
        self.data = self.folder / "var"
        self.runtime: Runtime = assemble(Config.from_env(self.environ))
        migrate.upgrade(self.runtime.database)
        self._set_up()

    @property
    def environ(self) -> Mapping[str, str]:
        """Return the settings of every process of this world."""
        if not hasattr(self, "_environ"):
            said = {
                "DATA_DIR": str(self.data),
                "DATABASE_URL": self.store.url.replace("+psycopg", "", 1),
                "PLUGINS_DIR": str(Path(__file__).parent / "plugins"),
                "SECRET_KEY": "a key for tests, and for nothing else",
                "CALL_TIMEOUT": f"{CALL_TIMEOUT:g}",
                "LEASE": f"{LEASE:g}",
                "PORT": str(free_port()),
                "SAMPLE": "no",
            }
            self._environ = {f"CONTENTSVC_{name}": value for name, value in said.items()}
        return self._environ

    def _set_up(self) -> None:
        url = self.receiver.url
        secret = {"secret": self.receiver.secret, "allow_private": True}
        self._channel("hook", "webhook", url=f"{url}/hook", **secret)
        self._channel("gone", "webhook", url=f"{url}/gone", **secret)
        self._channel("tls", "webhook", url=f"{self.receiver.tls_url}/tls", **secret)
        self._channel("asked", "chaos_asked", url=f"{url}/asked")
        self._channel("plain", "chaos_plain", url=f"{url}/plain")
        self._channel("later", "chaos_accepting", url=f"{url}/later")
        self._channel("parts", "chaos_parts", url=f"{url}/parts")
        head = CalendarHead(
            slug=_CALENDAR,
            name="试验",
            zone=_ZONE,
            community=Community(),
            slots={},
            channels=tuple(CHANNELS),
        )
        with self.runtime.database.write() as session:
            put_calendar(session, head, now=self.now, usefulness=self._usefulness)

    def _channel(self, name: str, kind: str, **settings: Any) -> None:
        with self.runtime.database.write() as session:
            save_channel(
                session,
                self.runtime.registry,
                name=name,
                type=kind,
                settings=settings,
                secret_key=self.runtime.config.secret_key,
                now=self.now,
            )

    @property
    def now(self) -> datetime:
        """Return the present instant."""
        return self.runtime.clock()

    @property
    def _usefulness(self) -> Usefulness:
        return Usefulness.of(self.runtime.config)

    def publish(self, due_at: datetime, channels: Sequence[str] | None = None) -> None:
        """Plan an approved post for the whole second at or after *due_at*."""
        self.made += 1
        local = due_at + timedelta(seconds=ceil(due_at.microsecond / 1e6))
        local = local.replace(microsecond=0).astimezone(_ZONE)
        content = EntryContent(
            key=f"post-{self.made}",
            day=list(Weekday)[local.weekday()],
            kind=EntryKind.POST,
            title=f"第 {self.made} 篇",
            time=local.time(),
            body="大家早上好，今天也要好好吃饭。",
            channels=tuple(channels) if channels else None,
        )
        week = IsoWeek.of(local.date())
        self._insist(lambda session: self._publish(session, week, content))
        self.runtime.queue.wake()

    def _publish(self, session: Any, week: IsoWeek, content: EntryContent) -> None:
        calendar = get_calendar(session, _CALENDAR)
        entry = entries.create_entry(session, calendar, week, content, by="mei", now=self.now)
        approve(session, entry, by="lan", now=self.now, usefulness=self._usefulness)

    def _insist(self, change: Any) -> Any:
        """Make a change, and repeat it after an error, as a person does."""
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.runtime.database.write() as session:
                    return change(session)
            except SQLAlchemyError:
                # The commit may have succeeded; then the entry's key exists already.
                self.runtime.database.engine.dispose()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)
            except ConflictError:
                return None

    def deliveries(self) -> list[Delivery]:
        """Return every delivery with its channel and entry."""
        query = select(Delivery).options(joinedload(Delivery.channel), joinedload(Delivery.entry))
        deadline = time.monotonic() + 60
        while True:
            try:
                with self.runtime.database.read() as session:
                    return list(session.scalars(query.order_by(Delivery.id)))
            except SQLAlchemyError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    def resume(self, name: str) -> None:
        """Resume a channel, as a person does after a repair."""
        self._insist(lambda session: resume_channel(session, name, now=self.now))
        self.runtime.queue.wake()

    def cancel(self, delivery: Delivery) -> None:
        """Cancel a delivery's entry, as a person does."""
        entry_id = delivery.entry_id

        def change(session: Any) -> None:
            entry = entries.get_entry(session, entry_id)
            entries.cancel_entry(
                session, entry_id, entry.rev, by="mei", now=self.now, usefulness=self._usefulness
            )

        self._insist(change)

    def decide(self, delivery: Delivery, *, is_out: bool) -> None:
        """Settle an unknown delivery, as a person does after checking the platform."""
        resolution = Resolution.OUT if is_out else Resolution.SEND_AGAIN
        self._insist(
            lambda session: resolve_delivery(
                session,
                delivery.id,
                resolution,
                by="mei",
                now=self.now,
                usefulness=self._usefulness,
            )
        )
        self.runtime.queue.wake()

    def count_waiting(self, seconds: float) -> int:
        """Return how many deliveries are overdue by *seconds* and have not been sent at all.

        Return 0 while the database is down.
        """
        query = select(func.count()).where(
            Delivery.status.in_(_NOT_SENT),
            Delivery.attempt_count == 0,
            Delivery.due_at < self.now - timedelta(seconds=seconds),
        )
        try:
            with self.runtime.database.read() as session:
                return session.scalar(query) or 0
        except SQLAlchemyError:
            return 0

    def unsettled(self) -> list[Delivery]:
        """Return the deliveries that have not ended and do not wait for a person."""
        waits = {name: {DeliveryStatus.UNKNOWN} for name in BY_HAND}
        waits["tls"] = set(DeliveryStatus)
        ended = {DeliveryStatus.PUBLISHED, DeliveryStatus.FAILED, DeliveryStatus.MISSED}
        return [
            row
            for row in self.deliveries()
            if row.status not in ended | waits.get(row.channel.name, set())
        ]

    @property
    def queue(self) -> RqQueue:
        """Return the queue of the runtime."""
        assert isinstance(self.runtime.queue, RqQueue)
        return self.runtime.queue

    def close(self) -> None:
        """Close the runtime."""
        self.runtime.database.close()
        self.queue.close()

"""The environment of a benchmark: a database, real processes, and thousands of deliveries."""

from __future__ import annotations

import base64
import signal
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import delete, func, insert, select

from contentsvc.assembly import assemble
from contentsvc.config import Config
from contentsvc.db import migrate
from contentsvc.db.models import Attempt, ChannelRow, Delivery, Entry
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.runtime import Runtime
from tests.acceptance.running import Service
from tests.factories import make_calendar, make_entry, save_channel

__all__ = ["DATABASES", "Stage", "database_url", "fresh_runtime", "message", "staged"]

DATABASES = ("sqlite", "postgresql")
SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
#: A text as long as a typical morning post of a community.
_BODY = "**湿疹反复？** 先看懂这 3 个信号：脸颊泛红、关节褶皱处干裂、夜里抓挠。" * 6
#: Rows per INSERT statement.
_ROWS = 5000


@dataclass
class Stage:
    """The running processes and access to their database."""

    runtime: Runtime
    service: Service
    rendition: str
    #: The approval hash of every entry; a delivery with another one would be cancelled.
    approval: str

    @classmethod
    def of(cls, runtime: Runtime, service: Service, url: str, channels: int) -> Stage:
        """Create *channels* webhook channels to *url*, and one rendition for all of them."""
        names = [f"hook-{number}" for number in range(channels)]
        now = runtime.clock()
        with runtime.database.write() as session:
            settings = {"url": url, "secret": SECRET, "allow_private": True}
            first, _ = save_channel(
                session,
                runtime.registry,
                name=names[0],
                type="webhook",
                settings=settings,
                secret_key=runtime.config.secret_key,
                now=now,
            )
            copied = _values(first)
            rows = [copied | {"name": name} for name in names[1:]]
            for start in range(0, len(rows), _ROWS):
                session.execute(insert(ChannelRow), rows[start : start + _ROWS])
        calendar = make_calendar(runtime, names[0])
        entry = make_entry(runtime, calendar, now=now - timedelta(days=365), body=_BODY)
        with runtime.database.read() as session:
            planned = session.scalars(select(Delivery.id)).one()
        Renderer(runtime).render_planned([planned])
        with runtime.database.write() as session:
            digest = session.scalars(select(Delivery.rendition_hash)).one()
            approval = session.scalars(select(Delivery.approval_hash)).one()
            session.execute(delete(Delivery))
            session.execute(delete(Entry).where(Entry.id != entry.id))
        assert digest is not None
        assert approval is not None
        return cls(runtime, service, digest, approval)

    def add_channel(self, name: str, kind: str, settings: dict[str, Any]) -> None:
        """Create a channel of another type than the webhooks."""
        with self.runtime.database.write() as session:
            save_channel(
                session,
                self.runtime.registry,
                name=name,
                type=kind,
                settings=settings,
                secret_key=self.runtime.config.secret_key,
                now=self.runtime.clock(),
            )

    def fill(
        self, dues: Sequence[float], *, kind: str = "webhook", **values: Any
    ) -> dict[str, float]:
        """Schedule a delivery for each Unix time in *dues*; return the due time of each key.

        The deliveries are spread over the channels of the type *kind*; *values* replace columns.
        """
        with self.runtime.database.write() as session:
            query = select(ChannelRow.id).where(ChannelRow.type == kind).order_by(ChannelRow.id)
            channels = list(session.scalars(query))
            entries = self._entries(session, -(-len(dues) // len(channels)))
        placed = [
            (entries[number // len(channels)], channels[number % len(channels)])
            for number in range(len(dues))
        ]
        rows = [self._row(*place, due) | values for place, due in zip(placed, dues, strict=True)]
        for start in range(0, len(rows), _ROWS):
            with self.runtime.database.write() as session:
                session.execute(insert(Delivery), rows[start : start + _ROWS])
        self.runtime.queue.wake()
        return {row["key"]: row["due_at"].timestamp() for row in rows}

    def _entries(self, session: Any, count: int) -> list[int]:
        """Create *count* copies of the first entry, without deliveries, and return their ids."""
        like = _values(session.scalars(select(Entry).order_by(Entry.id).limit(1)).one())
        rows = [like | {"key": code, "code": code[:16]} for code in _codes(count)]
        made: list[int] = []
        for start in range(0, len(rows), _ROWS):
            query = insert(Entry).returning(Entry.id)
            made += session.scalars(query, rows[start : start + _ROWS])
        return made

    def _row(self, entry_id: int, channel_id: int, due: float) -> dict[str, Any]:
        due_at = datetime.fromtimestamp(due, UTC)
        return {
            "entry_id": entry_id,
            "channel_id": channel_id,
            "notice": "",
            "key": str(uuid.uuid4()),
            "status": DeliveryStatus.SCHEDULED,
            "due_at": due_at,
            "next_at": due_at,
            "useful_until": due_at + timedelta(hours=2),
            "fence": 0,
            "attempt_count": 0,
            "in_doubt": False,
            "rendition_hash": self.rendition,
            "approval_hash": self.approval,
            "error": "",
            "created_at": self.runtime.clock(),
            "updated_at": self.runtime.clock(),
        }

    def await_settled(self, seconds: float) -> dict[DeliveryStatus, int]:
        """Wait up to *seconds* until all deliveries are settled; return their number by status."""
        deadline = time.monotonic() + seconds
        query = select(Delivery.status, func.count()).group_by(Delivery.status)
        settled = {DeliveryStatus.PUBLISHED, DeliveryStatus.FAILED}
        while True:
            with self.runtime.database.read() as session:
                counts: dict[DeliveryStatus, int] = dict(session.execute(query).all())
            if set(counts) <= settled or time.monotonic() > deadline:
                return counts
            time.sleep(1.0)

    def last_receipt(self) -> float:
        """Return the Unix time at which the last attempt was recorded as finished."""
        with self.runtime.database.read() as session:
            at = session.scalar(select(func.max(Attempt.finished_at)))
        assert at is not None
        return float(at.timestamp())

    def clear(self) -> None:
        """Delete all deliveries, and all entries except the first."""
        with self.runtime.database.write() as session:
            for table in (Attempt, Delivery):
                session.execute(delete(table))
            first = select(func.min(Entry.id)).scalar_subquery()
            session.execute(delete(Entry).where(Entry.id > first))


def _codes(count: int) -> list[str]:
    return [uuid.uuid4().hex for _ in range(count)]


def message() -> dict[str, Any]:
    """Return a message like that of the webhook plugin for such a post."""
    html = "<p>" + _BODY.replace("**", "") + "</p>"
    data = {"channel": "hook-0", "title": "冬季护肤小贴士", "text": _BODY, "html": html}
    return {"type": "post.published", "timestamp": "2026-11-25T12:00:00+00:00", "data": data}


def _values(row: Any) -> dict[str, Any]:
    """Return the values of a row by column, without its id."""
    names = [column.key for column in row.__table__.columns if column.key != "id"]
    return {name: getattr(row, name) for name in names}


@contextmanager
def staged(
    database: str, url: str, *, channels: int, workers: int = 2, **settings: str
) -> Iterator[Stage]:
    """Run `contentsvc up` on a fresh database, with *channels* channels that post to *url*."""
    with (
        tempfile.TemporaryDirectory(prefix="contentsvc-bench-") as folder,
        database_url(database) as address,
    ):
        given = {"SAMPLE": "no", "WORKERS": str(workers), "LOG_LEVEL": "warning", **settings}
        if address:
            given["DATABASE_URL"] = address
        service = Service(Path(folder), given)
        try:
            service.start()
            runtime = assemble(Config.from_env(service.environ))
            yield Stage.of(runtime, service, url, channels)
            runtime.database.close()
            # Processes that a shell started in the background ignore SIGINT.
            service.stop(signal.SIGTERM)
        finally:
            service.clean_up()


@contextmanager
def database_url(database: str) -> Iterator[str]:
    """Return the address of a fresh database; empty for the SQLite file of the data folder.

    PostgreSQL has its default settings, so that a commit waits for the disk.
    """
    if database == "sqlite":
        yield ""
        return
    from pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="contentsvc-pg-") as folder:
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            name = f"bench_{time.monotonic_ns()}"
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            yield server.get_uri().replace("/postgres?", f"/{name}?", 1)
        finally:
            server.cleanup()


@contextmanager
def fresh_runtime(database: str) -> Iterator[Runtime]:
    """Return a runtime on a fresh, migrated database; no process is started."""
    with (
        tempfile.TemporaryDirectory(prefix="contentsvc-bench-") as folder,
        database_url(database) as address,
    ):
        service = Service(Path(folder), {"DATABASE_URL": address} if address else {})
        runtime = assemble(Config.from_env(service.environ))
        migrate.upgrade(runtime.database)
        yield runtime
        runtime.database.close()

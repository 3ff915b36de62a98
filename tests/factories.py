"""Runtimes, calendars and entries for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from contentsvc.channels import Channel, Rate
from contentsvc.channels.hosting import Registry, load_plugins
from contentsvc.config import Config, shipped
from contentsvc.db.mapping import head_of
from contentsvc.db.models import Calendar, ChannelRow, Entry
from contentsvc.db.session import Database
from contentsvc.domain.approvals import Answer
from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.entries import EntryContent, EntryKind
from contentsvc.domain.weeks import IsoWeek, Weekday
from contentsvc.services.calendar_settings import get_calendar, put_calendar
from contentsvc.services.channel_setup.saving import check_channel, store_channel
from contentsvc.services.entries import create_entry
from contentsvc.services.planning import Usefulness, approve
from contentsvc.services.ports import Claim, QueueDownError, QueueStats
from contentsvc.services.runtime import Runtime
from contentsvc.storage import FileStorage

#: By driver, an engine that has connected; all engines of tests use what it has compiled.
_first_engines: dict[str, Engine] = {}


def share_statements(database: Database) -> None:
    """Let *database* use the statements that SQLAlchemy compiled for earlier databases of its kind.

    Each engine compiles every statement anew, which takes a third of the time of a short test.
    """
    engine = database.engine
    first = _first_engines.setdefault(engine.driver, engine)
    if first is engine:
        # Its dialect asks the server for its version when it connects.
        engine.connect().close()
    engine.dialect = first.dialect
    engine._compiled_cache = first._compiled_cache


def save_channel(
    session: Session,
    registry: Registry,
    *,
    name: str,
    type: str,  # noqa: A002 - the field's own word
    settings: Mapping[str, Any],
    secret_key: str,
    now: datetime,
    base: Path | None = None,
    is_new: bool = False,
) -> tuple[ChannelRow, str]:
    """Check the settings of a channel and store them; return the row and what was done."""
    checked = check_channel(
        session,
        registry,
        name=name,
        type=type,
        settings=settings,
        secret_key=secret_key,
        base=base,
        is_new=is_new,
    )
    return store_channel(session, checked, secret_key=secret_key, now=now)


#: A Wednesday noon in Shanghai.
NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
WEEK = IsoWeek(2026, 48)
USEFULNESS = Usefulness(post=timedelta(hours=2), notice=timedelta(minutes=10))
SHANGHAI = ZoneInfo("Asia/Shanghai")


@dataclass
class Clock:
    """A clock that shows one instant until a test sets another."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        """Return the instant that the clock shows."""
        return self.at

    def turn(self, **delta: float) -> datetime:
        """Move the clock by the arguments of a timedelta and return the new instant."""
        self.at += timedelta(**delta)
        return self.at


@dataclass
class MemoryQueue:
    """A queue that records its jobs in lists; no worker runs them."""

    published: list[tuple[str, list[Claim]]] = field(default_factory=list)
    followed_up: list[tuple[str, list[Claim]]] = field(default_factory=list)
    rendered: list[int] = field(default_factory=list)
    #: Enqueued batches as (batch id, fence).
    batches: list[tuple[int, int]] = field(default_factory=list)
    woken: int = 0
    is_down: bool = False

    def wake(self) -> None:
        """Count the call."""
        self.woken += 1

    def wait(self, seconds: float) -> bool:
        """Return False without waiting."""
        return seconds < 0

    def publish(self, lane: str, claims: Sequence[Claim]) -> None:
        """Record a job that publishes claims."""
        if self.is_down:
            raise QueueDownError
        self.published.append((lane, list(claims)))

    def follow_up(self, lane: str, claims: Sequence[Claim]) -> None:
        """Record a job that asks about deliveries."""
        if self.is_down:
            raise QueueDownError
        self.followed_up.append((lane, list(claims)))

    def render(self, lane: str, delivery_ids: Sequence[int]) -> None:
        """Record a job that renders deliveries."""
        if self.is_down:
            raise QueueDownError
        self.rendered += delivery_ids

    def batch(self, batch_id: int, fence: int) -> None:
        """Record a job that makes the posters of a batch."""
        if self.is_down:
            raise QueueDownError
        self.batches.append((batch_id, fence))

    def has_renderings(self) -> bool:
        """Return whether a job that renders deliveries was recorded."""
        return bool(self.rendered)

    def stats(self) -> QueueStats:
        """Return whether the queue is reachable."""
        return QueueStats(reachable=not self.is_down, server="memory")


@dataclass
class MemoryRates:
    """Rate limits whose waits a test sets."""

    #: Seconds to wait, by account.
    waits: dict[str, float] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    blocked: dict[str, float] = field(default_factory=dict)

    def take(self, account: str, rates: Sequence[Rate]) -> float:
        """Return the seconds to wait; record the account if it may send now."""
        wait = self.waits.get(account, 0.0)
        if not wait and rates:
            self.taken.append(account)
        return wait

    def block(self, account: str, seconds: float) -> None:
        """Record for how many seconds the account is blocked."""
        self.blocked[account] = seconds


def make_config(tmp_path: Path, **settings: str) -> Config:
    """Return a configuration whose data and calendars folders are below *tmp_path*."""
    environ = {f"CONTENTSVC_{name}": value for name, value in settings.items()}
    environ.setdefault("CONTENTSVC_DATA_DIR", str(tmp_path / "data"))
    environ.setdefault("CONTENTSVC_CALENDARS_DIR", str(tmp_path / "calendars"))
    return Config.from_env(environ)


def make_runtime(database: Database, tmp_path: Path, **settings: str) -> Runtime:
    """Return a runtime with a real database, the shipped plugins and the scripted plugins."""
    config = make_config(tmp_path, **settings)
    return Runtime(
        config=replace(config, database_url=database.url),
        database=database,
        storage=FileStorage(config.data_dir / "files"),
        registry=_registry(),
        queue=MemoryQueue(),
        rates=MemoryRates(),
        clock=Clock(),
    )


def _registry() -> Registry:
    """Return the shipped and the scripted plugins, whose scripts are empty."""
    registry = cached_plugins([shipped("plugins"), Path(__file__).parent / "scripted"])
    for name, kind in registry.channel_types().items():
        if name.startswith("scripted"):
            clear_script(kind)
    return registry


def clear_script(kind: type[Channel]) -> None:
    """Clear the lists of a scripted channel type: what it is to do, and what it did."""
    for name in ("script", "calls", "found", "polls", "afters"):
        getattr(kind, name, []).clear()


def cached_plugins(folders: Sequence[Path]) -> Registry:
    """Return a registry of the plugins in *folders*, loaded once per process.

    Loading takes longer than most tests. No installed plugin is loaded.
    """
    return _loaded(tuple(folder for folder in folders if folder.is_dir()))


@cache
def _loaded(folders: tuple[Path, ...]) -> Registry:
    return load_plugins(folders, entry_points=False)


def make_channel(
    runtime: Runtime,
    name: str = "site",
    kind: str = "site",
    **settings: Any,
) -> ChannelRow:
    """Create and return a channel."""
    with runtime.database.write() as session:
        channel = ChannelRow(
            name=name, type=kind, settings=settings, created_at=NOW, updated_at=NOW
        )
        session.add(channel)
    return channel


def make_calendar(runtime: Runtime, *channels: str, slug: str = "baby-benefits") -> Calendar:
    """Create and return a calendar with three slots."""
    head = CalendarHead(
        slug=slug,
        name="母婴品牌福利群",
        zone=SHANGHAI,
        community=Community(),
        slots={"早安": time(8, 30), "午间": time(12), "晚间": time(20)},
        channels=channels or ("site",),
    )
    with runtime.database.write() as session:
        return put_calendar(session, head, now=NOW, usefulness=USEFULNESS)


def change_calendar(
    runtime: Runtime,
    calendar: Calendar,
    answer: Answer | None = None,
    *,
    now: datetime = NOW,
    **said: Any,
) -> Calendar:
    """Store a calendar's settings with the fields of its head in *said* replaced."""
    with runtime.database.write() as session:
        head = replace(head_of(get_calendar(session, calendar.slug)), **said)
        return put_calendar(session, head, now=now, usefulness=USEFULNESS, answer=answer)


def make_content(**said: Any) -> EntryContent:
    """Return a post for Wednesday evening, with the fields in *said* replaced."""
    defaults: Mapping[str, Any] = {
        "key": "wed-post",
        "day": Weekday.WED,
        "kind": EntryKind.POST,
        "title": "冬季护肤小贴士",
        "slot": "晚间",
        "body": "**湿疹反复？** 先看懂这 3 个信号。",
    }
    return EntryContent(**{**defaults, **said})


def make_entry(
    runtime: Runtime,
    calendar: Calendar,
    *,
    approved: bool = True,
    now: datetime = NOW,
    **said: Any,
) -> Entry:
    """Create and return an entry, approved unless *approved* is False."""
    with runtime.database.write() as session:
        calendar = session.merge(calendar, load=True)
        content = make_content(**said)
        entry = create_entry(session, calendar, WEEK, content, by="mei", now=now)
        if approved:
            approve(session, entry, by="lan", now=now, usefulness=USEFULNESS)
    return entry

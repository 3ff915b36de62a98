"""Plugins are notified of each finished delivery once, and cannot disturb the publishing."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contentsvc.channels import FinishedDelivery, HandOff, Receipt
from contentsvc.channels.hosting import Registry, load_plugins
from contentsvc.config import shipped
from contentsvc.db.session import Database
from contentsvc.domain.deliveries import DeliveryStatus
from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.domain.notices import Notice
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import OutcomeUnknownError, RejectedError, TemporaryError
from contentsvc.services.delivery import announcing
from contentsvc.services.runtime import Runtime
from tests.factories import SHANGHAI, make_calendar, make_channel, make_entry
from tests.integration.services.delivery.engine_world import Engine

S = DeliveryStatus
SCRIPTED = Path(__file__).parents[3] / "scripted"
HEAR = """
from contentsvc.channels import hookimpl

api_version = 1
HEARD = []

@hookimpl
def deliveries_finished(deliveries):
    HEARD.extend(deliveries)
    {then}
"""


@dataclass
class Ear:
    """An engine, and the deliveries that a listening plugin was notified of."""

    engine: Engine
    heard: list[FinishedDelivery]

    def close(self) -> list[FinishedDelivery]:
        """Stop the worker and return all deliveries that the plugin received."""
        self.engine.publisher.close()
        return self.heard


def registry_with(folder: Path, **sources: str) -> Registry:
    folder.mkdir()
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    return load_plugins([shipped("plugins"), SCRIPTED, folder], entry_points=False)


@contextmanager
def listening(runtime: Runtime, folder: Path, then: str = "pass") -> Iterator[Ear]:
    registry = registry_with(folder, ear=HEAR.format(then=then))
    engine = Engine(replace(runtime, registry=registry))
    with closing(engine.publisher):
        yield Ear(engine, heard_by(folder / "ear.py"))


def heard_by(source: Path) -> list[FinishedDelivery]:
    """Return the list in which the plugin from *source* stores deliveries."""
    loaded = [vars(one) for one in list(sys.modules.values()) if "HEARD" in vars(one)]
    (plugin,) = [one for one in loaded if one["__file__"] == str(source)]
    heard: list[FinishedDelivery] = plugin["HEARD"]
    return heard


@pytest.fixture
def ear(runtime: Runtime, tmp_path: Path) -> Iterator[Ear]:
    with listening(runtime, tmp_path / "own") as ear:
        yield ear


def publish(engine: Engine, answer: object, **said: Any) -> None:
    engine.script("scripted").script.append(answer)
    engine.plan(**said)
    engine.due()
    engine.work()


def test_a_published_delivery_is_told_whole(ear: Ear) -> None:
    """The notification of a published delivery has all public fields and no secrets."""
    publish(ear.engine, Receipt("42", "https://there.example/42"))

    (heard,) = ear.close()
    delivery = ear.engine.delivery()
    assert heard == FinishedDelivery(
        id=delivery.id,
        key=delivery.key,
        status="published",
        channel="there",
        channel_type="scripted",
        calendar="baby-benefits",
        zone=SHANGHAI,
        ref="baby-benefits/2026-W48/wed-post",
        kind=heard.kind,
        title="冬季护肤小贴士",
        notice="",
        due_at=delivery.due_at,
        finished_at=delivery.updated_at,
        url="https://there.example/42",
        message="",
        folder=ear.engine.runtime.config.data_dir / "plugins" / "ear",
    )
    assert heard.kind == "post"


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (RejectedError("含有敏感词"), "failed", "含有敏感词"),
        (OutcomeUnknownError("no answer"), "unknown", "no answer"),
        (HandOff({"zh": "请手动发布"}, "https://app.example"), "handed_off", ""),
    ],
)
def test_every_end_is_told(ear: Ear, answer: object, status: str, message: str) -> None:
    """Failed, unknown and handed-off deliveries are notified with the platform's message."""
    publish(ear.engine, answer)

    (heard,) = ear.close()
    assert (heard.status, heard.message) == (status, message)


def test_what_goes_on_is_not_told(ear: Ear) -> None:
    """An attempt that will be retried is not notified; the final result is, once."""
    publish(ear.engine, TemporaryError("busy"))
    assert ear.engine.delivery().status is S.RETRYING

    ear.engine.due()
    ear.engine.work()

    assert [heard.status for heard in ear.close()] == ["published"]


def test_an_answer_that_moves_nothing_is_not_told(ear: Ear) -> None:
    """A late result that does not change the delivery is not notified."""
    answer, release = threading.Event(), threading.Event()

    def slow() -> Receipt:
        answer.set()
        release.wait(10)
        raise RejectedError("too late to count")

    ear.engine.script("scripted").script.append(slow)
    ear.engine.plan()
    ear.engine.due()
    work = threading.Thread(target=ear.engine.work)
    work.start()
    assert answer.wait(10)
    ear.engine.lease_out()
    ear.engine.turn()
    release.set()
    work.join(10)

    assert ear.close() == []
    assert ear.engine.delivery().status is S.UNKNOWN


@pytest.mark.parametrize(
    "then", ["1 / 0", "raise SystemExit(3)", "deliveries[0].status = 'failed'"]
)
def test_a_plugin_that_raises_is_named_and_hears_the_next(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture, then: str
) -> None:
    """An exception of a plugin is logged with its name and does not change the delivery."""
    with listening(runtime, tmp_path / "own", then) as ear, caplog.at_level(logging.ERROR):
        publish(ear.engine, Receipt("1"))
        ear.close()

    (record,) = [one for one in caplog.records if one.name == announcing.__name__]
    assert ear.engine.delivery().status is S.PUBLISHED
    assert vars(record)["plugin"] == "ear"
    assert record.exc_info is not None
    assert len(ear.heard) == 1


def test_a_slow_plugin_holds_nothing_up(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Publishing and another plugin go on while a plugin hangs for 100 s.

    The limit of 60 s is exceeded only if publishing waits for the plugin.
    """
    monkeypatch.setattr(announcing, "_GRACE", 0.2)
    with listening(runtime, tmp_path / "own", "import time; time.sleep(100)") as ear:
        begun = time.monotonic()
        publish(ear.engine, Receipt("1"))
        published_after = time.monotonic() - begun
        ear.close()

    assert ear.engine.deliveries()[0].status is S.PUBLISHED
    assert published_after < 60
    (journal,) = (runtime.config.data_dir / "plugins" / "journal").iterdir()
    assert "冬季护肤小贴士" in journal.read_text("utf-8-sig")


def test_what_finds_no_room_is_dropped_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Deliveries beyond the limit of a plugin's queue are dropped and logged."""
    monkeypatch.setattr(announcing, "_MOST_WAITING", 3)
    gate, done = threading.Event(), []

    def work(items: list[int]) -> None:
        gate.wait(10)
        done.extend(items)

    line: announcing._HandlerQueue[int] = announcing._HandlerQueue("plugin-slow", work)
    with caplog.at_level(logging.WARNING):
        line.put([1, 2, 3, 4, 5])
        gate.set()
        line.close(time.monotonic() + 10)

    assert done == [1, 2, 3]
    (record,) = caplog.records
    assert vars(record)["to"] == "plugin-slow"
    assert vars(record)["deliveries"] == 2


def test_a_worker_without_listeners_starts_no_thread(runtime: Runtime, tmp_path: Path) -> None:
    """Without a listener, the announcer starts no thread."""
    registry = load_plugins([SCRIPTED], entry_points=False)
    before = set(threading.enumerate())
    announcer = announcing.Announcer(replace(runtime, registry=registry))

    announcer.announce([])
    announcer.close()

    assert set(threading.enumerate()) == before


def test_a_lookup_that_fails_is_logged(
    runtime: Runtime, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """If the database is down, the announcement is dropped and logged."""
    away = Database(f"sqlite:///{tmp_path}/nowhere/gone.db")
    announcer = announcing.Announcer(replace(runtime, database=away))
    verdict: Any = SimpleNamespace(
        after=S.PUBLISHED, task=SimpleNamespace(delivery=SimpleNamespace(id=1))
    )

    with caplog.at_level(logging.ERROR), closing(announcer):
        announcer.announce([verdict])

    (record,) = caplog.records
    assert vars(record)["action"] == "announcements_dropped"
    assert vars(record)["deliveries"] == 1


def test_a_notice_is_told_with_its_offset(ear: Ear) -> None:
    """The notification of a livestream's notice contains its offset."""
    runtime = ear.engine.runtime
    ear.engine.script("scripted")
    make_channel(runtime, "there", "scripted")
    make_entry(
        runtime,
        make_calendar(runtime, "there"),
        kind=EntryKind.LIVESTREAM,
        day=Weekday.FRI,
        livestream=Livestream(host="林晓", url="https://live.example.com/1"),
        notices=(Notice.parse("-24h"),),
    )
    ear.engine.turn()
    ear.engine.due()
    ear.engine.work()

    (heard,) = ear.close()
    assert (heard.kind, heard.notice) == (EntryKind.LIVESTREAM, "-24h")

"""Tests that run on the store for tests and on the service's store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from contentsvc.channels import Store
from contentsvc.channels.testing import MemoryStore, sample_picture
from contentsvc.db.models import ChannelRow
from contentsvc.db.session import Database
from contentsvc.services.channel_setup.hosting import DatabaseStore
from contentsvc.storage import FileStorage


def ticking() -> Callable[[], datetime]:
    """Return a clock that advances by one second in each call."""
    seconds: Iterator[int] = iter(range(1_000_000))
    return lambda: datetime(2026, 11, 26, 12, 0, tzinfo=UTC) + timedelta(seconds=next(seconds))


def database_store(database: Database, folder: Path, name: str) -> DatabaseStore:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    channel = ChannelRow(
        name=name, type="site", settings={}, paused_reason="", created_at=now, updated_at=now
    )
    with database.write() as session:
        session.add(channel)
        session.flush()
        return DatabaseStore(database, FileStorage(folder / "files"), channel.id, ticking())


@pytest.fixture(params=["memory", "sqlite_url", "postgres_url"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return the store in memory, or the service's store on each database."""
    if request.param == "memory":
        yield MemoryStore()
        return
    with closing(Database(request.getfixturevalue(request.param))) as database:
        yield database_store(database, tmp_path, "site")


def test_a_record_is_kept_as_it_was_put(store: Store) -> None:
    """A record has the key, body and times that were stored."""
    put = store.put("k", {"文": ["好", 1, None, {"a": True}]})

    assert store.get("k") == put
    assert put.body == {"文": ["好", 1, None, {"a": True}]}
    assert put.created_at == put.updated_at
    assert put.created_at.tzinfo is UTC


def test_the_first_of_a_key_stands(store: Store) -> None:
    """A second record with the same key is not stored, nor are its pictures."""
    first = store.put("k", {"n": 1}, [sample_picture("a.png")])
    second = store.put("k", {"n": 2}, [sample_picture("b.png")])

    assert first == second
    assert len(store.newest()) == 1
    assert store.picture("k", "b.png") is None


def test_the_newest_come_first(store: Store) -> None:
    """`newest` returns the newest records first, in pages."""
    for number in range(5):
        store.put(f"k{number}", {})

    assert [document.key for document in store.newest(2)] == ["k4", "k3"]
    assert [document.key for document in store.newest(2, 4)] == ["k0"]
    assert store.newest(2, 9) == []


def test_pictures_come_back_whole(store: Store) -> None:
    """A picture is read by the key and its name."""
    picture = sample_picture("封面.png")
    store.put("k", {}, [picture])

    assert store.picture("k", "封面.png") == picture
    assert store.picture("k", "other.png") is None
    assert store.picture("other", "封面.png") is None


def test_a_record_can_be_dropped(store: Store) -> None:
    """`delete` deletes a record with its pictures and returns whether it existed."""
    store.put("k", {}, [sample_picture()])

    assert store.delete("k")
    assert not store.delete("k")
    assert store.get("k") is None
    assert store.picture("k", "1.png") is None
    assert store.newest() == []


def test_what_is_not_there_is_none(store: Store) -> None:
    """A record that does not exist is None."""
    assert store.get("k") is None


def test_a_channel_sees_its_own_records_alone(database: Database, tmp_path: Path) -> None:
    """Two channels may use the same key."""
    one, two = (database_store(database, tmp_path, name) for name in ("one", "two"))
    one.put("k", {"of": "one"}, [sample_picture()])

    assert two.get("k") is None
    assert two.newest() == []
    assert two.picture("k", "1.png") is None
    assert not two.delete("k")
    assert one.get("k") is not None

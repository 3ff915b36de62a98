"""Fixtures of the services' tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contentsvc.db.models import ChannelRow
from contentsvc.db.session import Database
from contentsvc.services.runtime import Runtime
from tests.factories import make_runtime
from tests.integration.services.calendar_world import NOW, World
from tests.integration.services.delivery.engine_world import Engine


@pytest.fixture
def world(database: Database) -> World:
    """Give a database with the channel `site` and nothing else."""
    with database.write() as session:
        session.add(
            ChannelRow(name="site", type="site", settings={}, created_at=NOW, updated_at=NOW)
        )
    return World(database)


@pytest.fixture
def runtime(database: Database, tmp_path: Path) -> Runtime:
    """Give the parts of a process around a fresh database."""
    return make_runtime(database, tmp_path)


@pytest.fixture
def engine(runtime: Runtime) -> Iterator[Engine]:
    """Give a dispatcher, a publisher and a renderer whose clock the test turns."""
    engine = Engine(runtime)
    yield engine
    engine.publisher.close()

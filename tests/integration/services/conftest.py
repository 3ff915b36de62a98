"""Fixtures of the services' tests."""

from __future__ import annotations

import pytest

from contentsvc.db.models import Channel
from contentsvc.db.session import Database
from tests.integration.services.calendar_world import NOW, World


@pytest.fixture
def world(database: Database) -> World:
    """Give a database with the channel `site` and nothing else."""
    with database.write() as session:
        session.add(Channel(name="site", type="site", settings={}, created_at=NOW, updated_at=NOW))
    return World(database)

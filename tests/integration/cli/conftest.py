"""A guard against slow work in the write transactions of commands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lock_guard import LockGuard


@pytest.fixture(autouse=True)
def _lock_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test if a write transaction contains slow work."""
    guard = LockGuard()
    guard.install(monkeypatch)
    yield
    assert guard.faults == []

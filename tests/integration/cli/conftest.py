"""Commands that run one after another in the process of the tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from contentsvc import assembly
from contentsvc.channels.hosting import Registry, load_plugins
from contentsvc.config import shipped
from tests.factories import cached_plugins
from tests.lock_guard import LockGuard


@pytest.fixture(autouse=True)
def _load_shipped_plugins_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the shipped plugins once per process; a command beside other plugins loads them all."""
    monkeypatch.setattr(assembly, "load_plugins", _loaded)


def _loaded(folders: Sequence[Path]) -> Registry:
    present = [folder for folder in folders if folder.is_dir()]
    return cached_plugins(present) if present == [shipped("plugins")] else load_plugins(folders)


@pytest.fixture(autouse=True)
def _lock_guard(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail the test if a write transaction contains slow work."""
    guard = LockGuard()
    guard.install(monkeypatch)
    yield
    assert guard.faults == []

"""Every benchmark runs; its figures mean nothing with so few deliveries."""

from __future__ import annotations

import pytest

from tests.acceptance.running import TEST_SECONDS
from tests.benchmarks import blocking, burst, history, idle, lateness

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.timeout(TEST_SECONDS)]


@pytest.fixture(autouse=True)
def _quiet_servers(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # The PostgreSQL package warns if the login session has no runtime folder.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_burst_is_published_once(database: str) -> None:
    """Every delivery of a burst arrives once and not early, and a bare loop runs beside it."""
    report = burst.main(["--small", "--count", "60", "--database", database])

    assert report.count(f"| {database} |") == 1


def test_lateness_is_measured_from_the_due_instant() -> None:
    """Spread or due at once, every delivery arrives once and not early."""
    report = lateness.main(["--small", "--no-peers", "--database", "sqlite"])

    assert report.count("| **contentsvc, SQLite** | 20 of 20 | 0 | 0 |") == 2


def test_lateness_is_compared_beside_a_plugin_that_blocks() -> None:
    """Every delivery arrives once, alone and beside a plugin that blocks in all its methods."""
    report = blocking.main(["--small", "--database", "sqlite"])

    assert report.count("| 20 of 20 |") == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_history_is_compared_with_none(database: str) -> None:
    """Pages, dispatcher turns and planning are timed with and without old deliveries."""
    report = history.main(["--small", "--database", database])

    assert "3,000 old deliveries" in report
    assert report.count(f"| {database} |") == 4


def test_an_idle_service_is_measured() -> None:
    """Each process of the service has a row, and their sum has one."""
    report = idle.main(["--small", "--database", "sqlite"])

    for process in (
        "dispatch",
        "valkey",
        "web",
        "worker --queue publish",
        "worker --queue follow-up",
        "**together**",
    ):
        assert f"| sqlite | {process} |" in report

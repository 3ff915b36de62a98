"""Each benchmark runs; with so few deliveries its figures say nothing."""

from __future__ import annotations

import pytest

from tests.benchmarks import burst, history, idle, lateness

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def _quiet_servers(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # PostgreSQL's starter warns where the login made no runtime folder.
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_burst_goes_out_whole(database: str) -> None:
    """All of one instant arrive once, none early, beside a bare loop."""
    report = burst.main(["--small", "--count", "60", "--database", database])

    assert report.count(f"| {database} |") == 1


def test_lateness_is_measured_from_the_due_instant() -> None:
    """Spread or together, each delivery arrives once and none early."""
    report = lateness.main(["--small", "--no-peers", "--database", "sqlite"])

    assert report.count("| **contentsvc, SQLite** | 20 of 20 | 0 | 0 |") == 2


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_history_is_made_and_read(database: str) -> None:
    """Pages, turns and plans are timed with old deliveries and without."""
    report = history.main(["--small", "--database", database])

    assert "3,000 old deliveries" in report
    assert report.count(f"| {database} |") == 4


def test_an_idle_service_is_measured() -> None:
    """Each process of the family has a line, and all together."""
    report = idle.main(["--small", "--database", "sqlite"])

    for process in ("dispatch", "valkey", "web", "worker --queue publish", "**together**"):
        assert f"| sqlite | {process} |" in report

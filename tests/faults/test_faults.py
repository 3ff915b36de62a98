"""The promise holds whatever breaks: once, on time, nothing lost, unknown outcomes told."""

from __future__ import annotations

import base64
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles

import pytest

from tests.faults.receiver import receiving
from tests.faults.rounds import Outcome, run_rounds
from tests.faults.stores import PostgresStore, SqliteStore, Store, small_disk
from tests.faults.tally import table

_SECRET = "whsec_" + base64.b64encode(b"f" * 32).decode()
#: The exit status of a command that failed with a message.
_SAID_WHY = 2
_STORES: dict[str, Callable[[Path], Store]] = {
    "sqlite": SqliteStore,
    "postgresql": PostgresStore,
}


def _play(name: str, folder: Path, rounds: int, seed: int) -> Outcome:
    folder.mkdir()
    with (
        small_disk(folder / "disk") as disk,
        receiving(seed, _SECRET, folder) as receiver,
    ):
        return run_rounds(folder, _STORES[name], disk, receiver, rounds=rounds, seed=seed)


def _report(outcomes: list[Outcome]) -> str:
    mishaps: Counter[str] = Counter()
    lines = [table({outcome.database: outcome.tally for outcome in outcomes}), ""]
    for outcome in outcomes:
        mishaps += outcome.mishaps
        cuts = quantiles(outcome.tally.lateness, n=100)
        lines.append(
            f"{outcome.database}: due to first call p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, "
            f"p99 {cuts[98]:.0f} ms; died by themselves: {len(outcome.died)}"
        )
    done = ", ".join(f"{what} {count}" for what, count in sorted(mishaps.items()))
    says = sum((outcome.tally.says for outcome in outcomes), Counter())
    lines.append(f"Done: {done}.")
    lines.append("Answers: " + ", ".join(f"{what} {n}" for what, n in sorted(says.items())) + ".")
    return "\n".join(lines)


def _is_allowed(role: str, status: int) -> bool:
    """Return True if a process may end by itself in this way; it is restarted at once.

    A process that starts while its database is down ends with a message. A worker ends in order if
    a call has not returned in time, as happens to one that was suspended during a call.
    """
    return status == _SAID_WHY or (status == 0 and role.startswith(("worker", "follow-up")))


@pytest.mark.processes
@pytest.mark.timeout(4 * 3600)
def test_what_is_promised_holds_through_every_fault(
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    """Real processes on both databases keep the promise through one fault per round."""
    rounds = request.config.getoption("--fault-rounds")
    seed = request.config.getoption("--fault-seed")
    shares = {"sqlite": rounds - rounds // 2, "postgresql": rounds // 2}
    threads_before = threading.active_count()
    # PostgreSQL started by root runs as another user, who cannot access pytest's folders.
    with (
        tempfile.TemporaryDirectory(prefix="contentsvc-faults-") as folder,
        ThreadPoolExecutor(len(shares)) as pool,
    ):
        runs = [pool.submit(_play, name, Path(folder, name), n, seed) for name, n in shares.items()]
        outcomes = [run.result() for run in runs]

    record_property("table", f"{rounds} rounds, seed {seed}\n\n{_report(outcomes)}")
    for outcome in outcomes:
        assert outcome.tally.faults == [], outcome.database
        assert [died for died in outcome.died if not _is_allowed(*died)] == [], outcome.database
        assert outcome.left == [], outcome.database
        assert sum(row.deliveries for row in outcome.tally.rows.values()) > 0
    # The receivers and the watchers have ended what they started.
    assert threading.active_count() - threads_before < 50

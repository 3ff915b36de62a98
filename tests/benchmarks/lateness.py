"""The time from the due instant to the receiver, through all processes, beside six peers.

`python -m tests.benchmarks.lateness [--count 2000] [--small] [--peer NAME] [--no-peers]`
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.peering import PEERS, Peer, scheduled
from tests.benchmarks.receiving import Receiver, receiving
from tests.benchmarks.stage import DATABASES, message, staged
from tests.benchmarks.tables import arguments, load, percentile, table

__all__ = ["main"]

#: Seconds over which `_COUNT` deliveries are spread; another count has the same rate.
_SPAN = 60.0
_COUNT = 2000
#: Seconds to wait for the last deliveries.
_LONGEST = 60.0


@dataclass(frozen=True, slots=True)
class _Run:
    system: str
    count: int
    #: Seconds from due to received, ascending; negative if early.
    late: tuple[float, ...]
    doubled: int


def _collect(receiver: Receiver, dues: dict[str, float], system: str) -> _Run:
    """Wait until all deliveries have arrived, or for `_LONGEST` seconds; return the result."""
    last = max(dues.values())
    while receiver.count() < len(dues) and time.time() < last + _LONGEST:
        time.sleep(0.25)
    seen = receiver.seen()
    first: dict[str, float] = {}
    for key, at in seen:
        if key in dues:
            first.setdefault(key, at - dues[key])
    late = tuple(sorted(first.values()))
    return _Run(system, len(dues), late, len(seen) - len(first))


def _own(database: str, receiver: Receiver, offsets: Sequence[float]) -> _Run:
    with staged(database, receiver.url, channels=20) as stage:
        # The first calls of a process are slower, because they prepare its client.
        stage.fill([time.time()] * 40)
        stage.await_settled(60)
        receiver.seen()
        stage.clear()
        start = time.time() + 3 + len(offsets) / 2500
        dues = stage.fill([start + offset for offset in offsets])
        run = _collect(receiver, dues, f"**contentsvc, {_LABELS[database]}**")
        stage.await_settled(60)
        return run


_LABELS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _peer(peer: Peer, receiver: Receiver, offsets: Sequence[float], body: str) -> _Run:
    receiver.seen()
    # Peers schedule 300 to 8,000 jobs a second on a quiet machine; their workers start afterwards.
    lead = 10 + len(offsets) / (60 if peer.module == "with_apscheduler" else 120)
    start = time.time() + lead
    dues = {f"job-{number}": start + offset for number, offset in enumerate(offsets)}
    with scheduled(peer, receiver, body, list(dues.items())):
        assert time.time() < start, f"{peer.name}: scheduling took longer than the lead"
        return _collect(receiver, dues, peer.name)


def main(words: Sequence[str] | None = None) -> str:
    """Run the benchmark and return its report as Markdown."""
    options = arguments(__doc__, words, count=_COUNT, small=20, rounds=3)
    began = load()
    body = json.dumps(message(), ensure_ascii=False)
    peers = [peer for peer in PEERS if not options.no_peers]
    if options.peers:
        peers = [peer for peer in PEERS if peer.module.removeprefix("with_") in options.peers]
    span = 2.0 if options.small else options.count * _SPAN / _COUNT
    generator = random.Random(1)
    parts = [began]
    with receiving() as receiver:
        for title, rounds, spread in (
            (f"{options.count} spread over {span:g} s", 1, span),
            (f"{options.count} due in one instant", options.rounds, 0.0),
        ):
            runs: list[_Run] = []
            for _ in range(rounds):
                offsets = sorted(generator.uniform(0, spread) for _ in range(options.count))
                for database in options.databases or (() if options.peers else DATABASES):
                    runs.append(_own(database, receiver, offsets))
                    _tell(runs[-1])
                for peer in peers:
                    runs.append(_peer(peer, receiver, offsets, body))
                    _tell(runs[-1])
            parts += [f"### {title}", _table(runs)]
    return "\n\n".join(parts)


def _tell(run: _Run) -> None:
    figures = " ".join(f"{percentile(run.late, share):.3f}" for share in (0, 0.5, 0.99, 1))
    sys.stderr.write(f"{run.system}: {len(run.late)} {figures}\n")


def _table(runs: Sequence[_Run]) -> str:
    systems = dict.fromkeys(run.system for run in runs)
    rows = [_row([run for run in runs if run.system == system]) for system in systems]
    head = ("system", "arrived", "twice", "early (most)", "p50", "p95", "p99", "last")
    return table(head, rows)


def _row(runs: Sequence[_Run]) -> tuple[str, ...]:
    """Return the row of a system: sums of the faults, and medians of the times in milliseconds."""
    early = [late for run in runs for late in run.late if late < 0]
    most = f" ({min(early) * 1000:.0f} ms)" if early else ""
    figures = [
        f"{median(percentile(run.late, share) for run in runs if run.late) * 1000:,.0f}"
        for share in (0.5, 0.95, 0.99, 1.0)
    ]
    return (
        runs[0].system,
        f"{sum(len(run.late) for run in runs)} of {sum(run.count for run in runs)}",
        str(sum(run.doubled for run in runs)),
        f"{len(early)}{most}",
        *figures,
    )


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")

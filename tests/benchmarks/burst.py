"""Deliveries per second when all are due at once, beside a bare loop with the same HTTP client.

`python -m tests.benchmarks.burst [--count 30000] [--small]`
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from statistics import harmonic_mean, median

from contentsvc.services.channel_setup.channels import get_channel, open_channel
from contentsvc.services.renditions import load_rendition
from tests.benchmarks.bare import bare_loop
from tests.benchmarks.idle import memory
from tests.benchmarks.receiving import Receiver, receiving
from tests.benchmarks.stage import DATABASES, Stage, staged
from tests.benchmarks.tables import arguments, load, table

__all__ = ["main"]

#: Concurrent calls of one worker, and for one channel; the bare loop makes as many.
_SLOTS = 64
_CHANNEL_SLOTS = 16


@dataclass(frozen=True, slots=True)
class _Run:
    database: str
    workers: int
    channels: int
    #: Deliveries per second until the last receipt is recorded.
    rate: float
    #: Requests per second of the bare loop.
    bare: float
    #: Memory of the workers in megabytes, while the first and the last tenth is published.
    early_memory: float
    late_memory: float


def _measure(
    receiver: Receiver, database: str, *, workers: int, channels: int, count: int, lead: float
) -> _Run:
    threads = _SLOTS if channels > _SLOTS // _CHANNEL_SLOTS else _CHANNEL_SLOTS * channels
    bare: list[float] = []
    with staged(database, receiver.url, channels=channels, workers=workers) as stage:
        body = _body(stage)
        half = partial(
            bare_loop, receiver.url, body, count // 2, processes=workers, threads=threads
        )
        bare.append(half())
        due = time.time() + lead + count / 2500
        keys = stage.fill([due] * count)
        assert time.time() < due, "filling took longer than the lead"
        receiver.seen()
        early, late = _watch(stage, receiver, count)
        counts = stage.await_settled(60)
        assert counts == {"published": count}, counts
        rate = count / (stage.last_receipt() - due)
        seen = receiver.seen()
        assert sorted(key for key, _ in seen) == sorted(keys), "each once"
        assert min(at for _, at in seen) >= due, "none early"
    # Half of the loop runs before and half after, because the speed of the machine changes.
    bare.append(half())
    receiver.seen()
    return _Run(database, workers, channels, rate, harmonic_mean(bare), early, late)


def _body(stage: Stage) -> bytes:
    """Return the body of a message as the webhook plugin writes it."""
    with stage.runtime.database.read() as session:
        channel = open_channel(stage.runtime, get_channel(session, "hook-0"))
        rendition = load_rendition(stage.runtime, session, stage.rendition)
    return json.dumps(channel._message(rendition), ensure_ascii=False).encode()  # type: ignore[attr-defined]


def _watch(stage: Stage, receiver: Receiver, count: int) -> tuple[float, float]:
    """Wait until *count* requests have arrived.

    Return the memory of the workers in megabytes while the first and the last tenth arrived.
    """
    memory: list[tuple[int, float]] = []
    deadline = time.monotonic() + 600
    while (done := receiver.count()) < count and time.monotonic() < deadline:
        if done:
            memory.append((done, _workers_memory(stage)))
        time.sleep(0.5 if count > 1000 else 0.05)
    memory.append((count, _workers_memory(stage)))
    early = [megabytes for done, megabytes in memory if done <= count / 10] or [memory[0][1]]
    return early[-1], memory[-1][1]


def _workers_memory(stage: Stage) -> float:
    pids = [pid for pid, words in stage.service.processes().items() if "--queue publish" in words]
    return sum(memory(pid) for pid in pids)


def main(words: Sequence[str] | None = None) -> str:
    """Run the benchmark and return its report as Markdown."""
    options = arguments(__doc__, words, count=30_000, small=200, rounds=3)
    lead = 3.0 if options.small else 8.0
    places = ((2, options.count), (1, options.count), (2, 1))[: 1 if options.small else None]
    runs: list[_Run] = []
    began = load()
    with receiving() as receiver:
        for _ in range(options.rounds):
            for database in options.databases or DATABASES:
                for workers, channels in places:
                    runs.append(
                        _measure(
                            receiver,
                            database,
                            workers=workers,
                            channels=channels,
                            count=options.count,
                            lead=lead,
                        )
                    )
                    sys.stderr.write(f"{runs[-1]}\n")
    rows = [_row(group) for group in _grouped(runs)]
    head = (
        "database", "workers", "channels", "deliveries/s", "bare loop/s", "ratio",
        "workers' memory early → late (MB)",
    )  # fmt: skip
    return f"{options.count} deliveries due in one instant; {began}\n\n" + table(head, rows)


def _grouped(runs: Sequence[_Run]) -> list[list[_Run]]:
    places = list(dict.fromkeys((run.database, run.workers, run.channels) for run in runs))
    return [
        [run for run in runs if (run.database, run.workers, run.channels) == place]
        for place in places
    ]


def _row(group: Sequence[_Run]) -> tuple[str, ...]:
    ratios = sorted(run.rate / run.bare for run in group)
    first = group[0]
    return (
        first.database,
        str(first.workers),
        str(first.channels),
        f"{median(run.rate for run in group):.0f}",
        f"{median(run.bare for run in group):.0f}",
        f"**{median(ratios):.2f}** ({ratios[0]:.2f}–{ratios[-1]:.2f})",
        " → ".join(
            f"{median(values):.0f}"
            for values in (
                [run.early_memory for run in group],
                [run.late_memory for run in group],
            )
        ),
    )


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")

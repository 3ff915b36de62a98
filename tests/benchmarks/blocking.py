"""The lateness of deliveries beside a plugin that blocks in all its methods, and without it.

`python -m tests.benchmarks.blocking [--count 1000] [--small]`
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from contentsvc.domain.deliveries import DeliveryStatus
from tests.acceptance.administrator import Administrator
from tests.benchmarks.receiving import Receiver, receiving
from tests.benchmarks.stage import DATABASES, Stage, staged
from tests.benchmarks.tables import arguments, load, percentile, table

__all__ = ["main"]

_COUNT = 1000
#: Deliveries a second, of the webhooks and of each method in which the plugin blocks.
_RATE = 20.0
_BLOCKED_RATE = 1.0
#: The methods in which the plugin blocks, each in a channel of its own.
_WHERE = ("publish", "poll", "find", "render")
_PLUGINS = Path(__file__).parents[1] / "acceptance/plugins"
_TEST_SENDS = 8
#: Seconds before the first delivery is due, in which the plugin blocks already.
_LEAD = 12.0
#: Seconds to wait for the last deliveries.
_LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class _Run:
    count: int
    #: Seconds from due to received, ascending.
    late: tuple[float, ...]

    def late_ms(self, share: float) -> float:
        """Return a percentile of the lateness in milliseconds."""
        return percentile(self.late, share) * 1000


def _run(database: str, receiver: Receiver, count: int, *, beside: bool) -> _Run:
    with staged(
        database,
        receiver.url,
        channels=10,
        CALL_TIMEOUT="4",
        LEASE="9",
        PLUGINS_DIR=str(_PLUGINS),
    ) as stage:
        # The first calls of a process are slower, because they prepare its client.
        stage.fill([time.time()] * 40)
        stage.await_settled(60)
        receiver.seen()
        span = count / _RATE
        start = time.time() + _LEAD
        generator = random.Random(1)
        dues = stage.fill([start + generator.uniform(0, span) for _ in range(count)])
        if beside:
            _block(stage, span)
        last = max(dues.values())
        while receiver.count() < count and time.time() < last + _LONGEST:
            time.sleep(0.25)
        late = sorted(at - dues[key] for key, at in receiver.seen() if key in dues)
        return _Run(count, tuple(late))


def _block(stage: Stage, span: float) -> None:
    """Plan deliveries that block, from now until the last delivery, and send test messages."""
    began = time.time()
    dues = [began + at / _BLOCKED_RATE for at in range(int((_LEAD + span) * _BLOCKED_RATE))]
    for where in _WHERE:
        stage.add_channel(f"{where}-block", "badly_block", {"where": where})
    # The deliveries go to the channels by turns.
    stage.fill([due for due in dues for _ in _WHERE], kind="badly_block")
    planned = {"status": DeliveryStatus.PLANNED, "rendition_hash": None}
    stage.fill([due for due in dues for _ in _WHERE], kind="badly_block", **planned)
    administrator = Administrator(stage.service)
    for _ in range(_TEST_SENDS):
        threading.Thread(target=_send_test, args=(administrator,), daemon=True).start()


def _send_test(administrator: Administrator) -> None:
    with suppress(OSError):
        administrator.test("publish-block")


def main(words: Sequence[str] | None = None) -> str:
    """Run the benchmark and return its report as Markdown."""
    options = arguments(__doc__, words, count=_COUNT, small=20, rounds=1)
    began = load()
    rows: list[tuple[str, ...]] = []
    with receiving() as receiver:
        for database in options.databases or DATABASES:
            for _ in range(options.rounds):
                alone = _run(database, receiver, options.count, beside=False)
                beside = _run(database, receiver, options.count, beside=True)
                rows += [_row(database, "alone", alone), _row(database, "beside it", beside)]
                ratio = beside.late_ms(0.99) / max(1.0, alone.late_ms(0.99))
                rows.append((database, "**ratio of p99**", "", "", f"**{ratio:.2f}**", ""))
    head = ("database", "run", "arrived", "p50 (ms)", "p99 (ms)", "last (ms)")
    return f"{_RATE:g} deliveries a second; {began}\n\n" + table(head, rows)


def _row(database: str, title: str, run: _Run) -> tuple[str, ...]:
    figures = [f"{run.late_ms(share):,.0f}" for share in (0.5, 0.99, 1.0)]
    return (database, title, f"{len(run.late)} of {run.count}", *figures)


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")

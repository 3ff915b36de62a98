"""CPU (as a share of one core) and memory of an idle `contentsvc up`.

`python -m tests.benchmarks.idle [--count 60] [--small]`
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.benchmarks.receiving import receiving
from tests.benchmarks.stage import DATABASES, Stage, staged
from tests.benchmarks.tables import arguments, load, table

__all__ = ["main", "memory"]

#: Seconds to wait after the start, until its work is done.
_REST = 12.0


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def memory(pid: int) -> float:
    """Return the proportional set size (PSS) of a process in megabytes."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _family(stage: Stage) -> dict[int, str]:
    """Return the role of each process of the service, by process id."""
    named = {}
    for pid, words in stage.service.processes().items():
        parts = words.split()
        role = "valkey" if "valkey" in parts[0] else " ".join(parts).partition("contentsvc")[2]
        ending = role.split("--parent")[-1].strip(" 0123456789") if role != "valkey" else role
        named[pid] = ending or "up"
    return named


def _shares(family: dict[int, str], seconds: float) -> dict[int, float]:
    """Return the CPU of each process during *seconds*, as a share of one core (0 to 1)."""
    before = {pid: _ticks(pid) for pid in family}
    began = time.monotonic()
    time.sleep(seconds)
    took = (time.monotonic() - began) * os.sysconf("SC_CLK_TCK")
    return {pid: (_ticks(pid) - before[pid]) / took for pid in family}


def main(words: Sequence[str] | None = None) -> str:
    """Run the benchmark and return its report as Markdown."""
    options = arguments(__doc__, words, count=60, small=1, rounds=3)
    began = load()
    rows: list[tuple[str, ...]] = []
    with receiving() as receiver:
        for database in options.databases or DATABASES:
            with staged(database, receiver.url, channels=3) as stage:
                time.sleep(0 if options.small else _REST)
                family = _family(stage)
                each = [_shares(family, options.count) for _ in range(options.rounds)]
                for pid, role in sorted(family.items(), key=lambda item: item[1]):
                    share = median(shares[pid] for shares in each)
                    rows.append((database, role, f"{share:.2%}", f"{memory(pid):.0f}"))
                total = median(sum(shares.values()) for shares in each)
                whole = sum(memory(pid) for pid in family)
                rows.append((database, "**together**", f"**{total:.2%}**", f"**{whole:.0f}**"))
    head = ("database", "process", "CPU of one core", "memory (PSS, MB)")
    return f"{options.rounds} × {options.count} s; {began}\n\n" + table(head, rows)


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")

"""Command-line options, percentiles and Markdown tables of all benchmarks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

__all__ = ["arguments", "load", "percentile", "table"]


def arguments(
    doc: str | None, words: Sequence[str] | None, *, count: int, small: int, rounds: int
) -> argparse.Namespace:
    """Return the options of a benchmark; `--small` only shows that it runs."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--count", type=int, default=0, help=f"how many (default {count})")
    parser.add_argument("--rounds", type=int, default=0, help=f"repetitions (default {rounds})")
    parser.add_argument("--small", action="store_true", help=f"{small}, once, to show that it runs")
    parser.add_argument("--database", action="append", dest="databases", help="sqlite, postgresql")
    parser.add_argument("--peer", action="append", dest="peers", help="rq, celery, huey, …")
    parser.add_argument("--no-peers", action="store_true", help="the service alone")
    options = parser.parse_args(words)
    options.count = options.count or (small if options.small else count)
    options.rounds = options.rounds or (1 if options.small else rounds)
    return options


def load() -> str:
    """Return the number of cores and the load of the machine before the run, as text."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which the fraction *share* (0 to 1) of *values* lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

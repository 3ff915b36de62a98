"""Options, medians and Markdown, the same for every benchmark."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

__all__ = ["arguments", "load", "percentile", "table"]


def arguments(
    doc: str | None, words: Sequence[str] | None, *, count: int, small: int, rounds: int
) -> argparse.Namespace:
    """Read the options that every benchmark has; `--small` only shows that it runs."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--count", type=int, default=0, help=f"how many; {count} unless given")
    parser.add_argument("--rounds", type=int, default=0, help=f"repetitions; {rounds}")
    parser.add_argument("--small", action="store_true", help=f"{small}, once: only whether it runs")
    parser.add_argument("--database", action="append", dest="databases", help="sqlite, postgresql")
    parser.add_argument("--peer", action="append", dest="peers", help="rq, celery, huey, …")
    parser.add_argument("--no-peers", action="store_true", help="the service alone")
    options = parser.parse_args(words)
    options.count = options.count or (small if options.small else count)
    options.rounds = options.rounds or (1 if options.small else rounds)
    return options


def load() -> str:
    """Say how busy the machine was with other things when the run began."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the run"


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* (0 to 1) of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

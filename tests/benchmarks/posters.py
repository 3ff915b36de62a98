"""Posters beside Chromium's screenshots of the same page, satori with resvg, and bare encoding.

All figures are CPU time of all processes and threads, because the machine also does other work.

`python -m tests.benchmarks.posters [--small]`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.benchmarks import chromium, satori

__all__ = ["main"]

_SHOTS = 20


def main(options: Sequence[str] = ()) -> str:
    """Measure each system in its own processes, one after the other, and return the tables."""
    small = "--small" in options
    ours = [_painting(part, options) for part in ("templates", "photo", "invites", "fresh")]
    templates, with_photo, invites, fresh = ours
    shots = chromium.measure(_SHOTS // 5 if small else _SHOTS)
    renders = satori.measure(1 if small else 5)
    lines = ["| what | CPU ms | beside Chromium |", "|---|---|---|"]
    lines += [
        f"| Chromium, a page for each poster, JPEG | {shots.anew_ms:.0f} | 1 |",
        f"| Chromium, other words in the same page, JPEG | {shots.reworded_ms:.0f} | 1 |",
    ]
    if renders:
        lines += [
            f"| satori and resvg, the first, PNG | {renders.first_ms:.0f} | |",
            f"| satori and resvg, later ones, PNG | {renders.later_ms:.0f} | |",
        ]
    first = {**templates["first"], "live-notice with a photo": with_photo["first"]}
    later = {**templates["later"], "live-notice with a photo": with_photo["later"]}
    lines += _rows(templates["figures"] | invites["figures"], shots)
    lines += _rows(fresh["figures"], shots)
    lines += ["", "| template | first | times less | later | times less |", "|---|---|---|---|---|"]
    lines += [
        f"| {name} | {first[name]:.0f} | {shots.anew_ms / first[name]:.1f} "
        f"| {later[name]:.1f} | {shots.reworded_ms / later[name]:.1f} |"
        for name in first
    ]
    lines += ["", "| peak memory | MB |", "|---|---|"]
    lines += [f"| all templates, one after the other | {templates['peak_mb']:.0f} |"]
    lines += [f"| one template with a photo | {with_photo['peak_mb']:.0f} |"]
    lines += [f"| a batch of invitations | {invites['peak_mb']:.0f} |"]
    lines += [f"| Chromium, all processes | {shots.memory_mb:.0f} |"]
    lines += [f"| satori and resvg | {renders.memory_mb:.0f} |"] if renders else []
    return "\n".join(lines) + "\n"


def _painting(part: str, options: Sequence[str]) -> dict[str, Any]:
    call = [sys.executable, "-m", "tests.benchmarks.painting", part, *options]
    found: dict[str, Any] = json.loads(
        subprocess.run(call, check=True, capture_output=True, text=True).stdout
    )
    return found


def _rows(figures: Mapping[str, float], shots: chromium.Shots) -> Iterator[str]:
    for name, value in figures.items():
        beside = shots.anew_ms if "first" in name else shots.reworded_ms
        yield f"| {name} | {value:.1f} | {beside / value:.1f} × less |"


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))

"""Posters beside headless Chromium's screenshot of an equal page, and bare encoding.

Everything is counted in processor time, Chromium's over all its processes, because this machine
does other work too. `python -m tests.benchmarks.posters [--small]`.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.benchmarks.painting import photo
from tests.browser import find_browser

__all__ = ["main"]

PAGE = Path(__file__).parent / "peers" / "poster.html"
_SHOTS = 12
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def main(options: Sequence[str] = ()) -> str:
    """Run both sides, each in processes of its own, and give the table."""
    small = "--small" in options
    call = [sys.executable, "-m", "tests.benchmarks.painting", *options]
    ours = json.loads(subprocess.run(call, check=True, capture_output=True, text=True).stdout)
    chromium = _chromium(_SHOTS // 4 if small else _SHOTS)
    shot = chromium["cpu_ms"]
    lines = ["| what | CPU ms | beside Chromium |", "|---|---|---|"]
    lines.append(f"| Chromium, warm, JPEG | {shot:.0f} | 1 |")
    for name, value in ours["cpu_ms"].items():
        lines.append(f"| {name} | {value:.1f} | {shot / value:.1f} × less |")
    lines.append("")
    lines.append(f"Peak memory: posters {ours['peak_mb']:.0f} MB, ")
    lines[-1] += f"Chromium {chromium['memory_mb']:.0f} MB over its processes."
    return "\n".join(lines) + "\n"


def _chromium(shots: int) -> dict[str, float]:
    data = base64.b64encode(photo()).decode()
    page_text = PAGE.read_text(encoding="utf-8").replace("PHOTO", f"data:image/jpeg;base64,{data}")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1080, "height": 1920})
        page.set_content(page_text)
        for _ in range(3):
            page.screenshot(type="jpeg", quality=90)
        before = _tree_cpu()
        for turn in range(shots):
            # Other words each time, as the posters beside it have.
            page.evaluate(f"document.querySelector('h1').textContent = '宝宝冬季护肤{turn}'")
            page.screenshot(type="jpeg", quality=90)
        spent = (_tree_cpu() - before) * 1000 / shots
        memory = sum(_resident(number) for number in _children(os.getpid()))
        browser.close()
    return {"cpu_ms": spent, "memory_mb": memory / 1024 / 1024}


def _children(root: int) -> list[int]:
    """Give every process below *root*; Linux alone tells them this way."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            facts = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(facts[1]), []).append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _tree_cpu() -> float:
    spent = 0.0
    for number in _children(os.getpid()):
        try:
            facts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        spent += (int(facts[11]) + int(facts[12])) / _TICK
    return spent


def _resident(number: int) -> int:
    try:
        return int(Path(f"/proc/{number}/statm").read_text().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


if __name__ == "__main__":
    sys.stdout.write(main(sys.argv[1:]))

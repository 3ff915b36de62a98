"""Posters by headless Chromium: one running browser, and a screenshot for each poster."""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import segno
from playwright.sync_api import Page, sync_playwright

from tests.benchmarks.painting import photo
from tests.browser import find_browser

__all__ = ["Shots", "measure"]

PAGE = Path(__file__).parent / "peers" / "poster.html"
_TICK = os.sysconf("SC_CLK_TCK")
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>
"""


@dataclass(frozen=True, slots=True)
class Shots:
    """CPU and memory of all browser processes for screenshots as JPEG of quality 90."""

    #: CPU milliseconds of a poster if only texts of the open page change.
    reworded_ms: float
    #: CPU milliseconds of a poster if a new page is opened for each poster.
    anew_ms: float
    #: Megabytes (proportional set size: shared memory counts once).
    memory_mb: float


def measure(count: int, keep: Path | None = None) -> Shots:
    """Measure *count* screenshots of each kind; write the last one to *keep*."""
    with tempfile.TemporaryDirectory(prefix="bench-chromium-") as folder:
        environ: dict[str, str | float | bool] = {
            **os.environ,
            "FONTCONFIG_FILE": _font_settings(Path(folder)),
        }
        with sync_playwright() as play:
            browser = play.chromium.launch(
                executable_path=find_browser(), args=["--no-sandbox"], env=environ
            )
            page = browser.new_page(viewport={"width": 1080, "height": 1920})
            text = _filled()
            anew = _cpu(lambda turn: _open(page, text, turn), count)
            reworded = _cpu(lambda turn: _reword(page, turn), count)
            memory = sum(_memory(number) for number in _children(os.getpid()))
            if keep:
                _open(page, text, 0)
                page.screenshot(type="jpeg", quality=90, path=keep)
            browser.close()
    return Shots(reworded, anew, memory)


def _font_settings(folder: Path) -> str:
    """Write a fontconfig file that makes the packaged font the only one, and return its path."""
    fonts = Path(str(resources.files("justmytype_intl_cjk"))) / "fonts/ofl/notosanssc"
    settings = folder / "fonts.conf"
    settings.write_text(_FONTS.format(fonts=fonts, cache=folder / "cache"))
    return str(settings)


def _filled() -> str:
    code = io.BytesIO()
    segno.make("https://example.com/live/1126?from=group", error="m").save(
        code, "svg", border=0, xmldecl=False, svgns=False, omitsize=True, dark="#43261c"
    )
    picture = f"data:image/jpeg;base64,{base64.b64encode(photo()).decode()}"
    text = PAGE.read_text(encoding="utf-8").replace("PHOTO", picture)
    return text.replace("CODE", code.getvalue().decode())


def _open(page: Page, text: str, turn: int) -> None:
    words = {"SUBTITLE": f"干痒、湿疹、口水疹，一次讲透{turn}", "TITLE": f"宝宝冬季护肤{turn}"}
    words |= {"STATE": f"{turn} 小时后开播", "HOST": f"林晓 医生{turn}"}
    for name, value in words.items():
        text = text.replace(name, value)
    page.set_content(text)
    page.screenshot(type="jpeg", quality=90)


def _reword(page: Page, turn: int) -> None:
    page.evaluate(
        """turn => {
            const say = (name, words) => { document.querySelector(name).firstChild.data = words };
            say('h1', '冬季宝宝护肤' + turn); say('h2', '直播课医生' + turn);
            say('.badge', '还有' + turn + '天'); say('.host', '医生 林晓' + turn);
            say('.when', turn); say('.middle', '一键预约，长按识别二维码' + turn);
        }""",
        turn,
    )
    page.screenshot(type="jpeg", quality=90)


def _cpu(shoot: Callable[[int], None], count: int) -> float:
    for turn in range(3):
        shoot(turn)
    before = _tree_cpu()
    for turn in range(count):
        shoot(turn + 3)
    return (_tree_cpu() - before) * 1000 / count


def _children(root: int) -> list[int]:
    """Return the ids of all descendants of the process *root*; works on Linux only."""
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
    """Return the CPU seconds of the browser's processes, without Playwright's own driver."""
    spent = 0.0
    for number in _children(os.getpid()):
        try:
            if b"node" in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")[0]:
                continue
            facts = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        spent += (int(facts[11]) + int(facts[12])) / _TICK
    return spent


def _memory(number: int) -> float:
    try:
        if b"node" in Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")[0]:
            return 0
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


if __name__ == "__main__":
    sys.stdout.write(f"{measure(20, Path(sys.argv[1]) if sys.argv[1:] else None)}\n")

"""Posters by satori and resvg, in their own Node environment."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import segno
from fontTools import subset
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer

from tests.benchmarks.painting import photo

__all__ = ["Renders", "measure"]

_SOURCE = Path(__file__).parent / "peers" / "satori"
_FONT = "fonts/ofl/notosanssc/NotoSansSC[wght].ttf"
_WEIGHTS = (400, 700, 900)


@dataclass(frozen=True, slots=True)
class Renders:
    """CPU milliseconds of all threads for a poster as PNG, and the memory in megabytes."""

    first_ms: float
    later_ms: float
    memory_mb: float


def measure(count: int) -> Renders | None:
    """Measure a first poster and *count* later ones; return None if Node is not installed."""
    if not (shutil.which("node") and shutil.which("npm")):
        return None
    folder = _environment()
    (folder / "photo.jpg").write_bytes(photo())
    code = segno.make("https://example.com/live/1126?from=group", error="m")
    code.save(str(folder / "code.svg"), border=0, dark="#43261c", scale=4)
    names = ["photo.jpg", "code.svg", *(f"{weight}.ttf" for weight in _WEIGHTS)]
    call: Sequence[str] = ["node", "render.mjs", str(count), *names]
    output = subprocess.run(call, cwd=folder, check=True, capture_output=True, text=True).stdout
    return Renders(**json.loads(output))


def _environment() -> Path:
    """Return the folder with the pinned packages and fonts; create it on first use."""
    folder = Path(sys.prefix) / "peers-js"
    folder.mkdir(exist_ok=True)
    lock = (_SOURCE / "package-lock.json").read_text()
    stamp = folder / ".installed"
    for file in _SOURCE.iterdir():
        shutil.copy(file, folder)
    if not stamp.exists() or stamp.read_text() != lock:
        subprocess.run(["npm", "ci", "--ignore-scripts", "--silent"], cwd=folder, check=True)
        _make_fonts(folder)
        stamp.write_text(lock)
    return folder


def _make_fonts(folder: Path) -> None:
    """Create fonts of one weight each, because satori cannot read variable fonts."""
    font = TTFont(str(resources.files("justmytype_intl_cjk") / _FONT))
    cells = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    chars = {char for pair in cells for char in pair.decode("gb2312", errors="ignore")}
    cutter = subset.Subsetter(subset.Options())
    cutter.populate(unicodes=[*range(32, 256), *(ord(char) for char in chars)])
    cutter.subset(font)
    font.save(folder / "variable.ttf")
    for weight in _WEIGHTS:
        variable = TTFont(folder / "variable.ttf")
        instancer.instantiateVariableFont(variable, {"wght": weight}).save(folder / f"{weight}.ttf")

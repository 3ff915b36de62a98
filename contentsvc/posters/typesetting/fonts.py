"""Finds a font for each character: a brand's own fonts first, then the packaged fonts."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from cachetools import LRUCache
from PIL import Image, ImageDraw, ImageFont

from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters.typesetting.coverage import Coverage, read_coverage
from contentsvc.posters.typesetting.unhinted import unhinted

__all__ = ["Face", "Fonts", "Glyph", "warm_up"]

_PACK = "justmytype_intl_cjk"
#: The font for simplified Chinese, then fonts with rare and traditional characters that it lacks.
_PACK_FILES = (
    "fonts/ofl/notosanssc/NotoSansSC[wght].ttf",
    "fonts/ofl/notosanstc/NotoSansTC[wght].ttf",
    "fonts/ofl/notosansjp/NotoSansJP[wght].ttf",
)
#: Monochrome emoji, which take the colour of the text around them; the licence is in the same
#: folder. Noto Emoji 2.0 at weight 600, without the ligatures that join several emoji.
_EMOJI = Path(__file__).parent / "emoji" / "NotoEmoji.ttf"
_SUFFIXES = {".ttf", ".otf", ".ttc"}
#: Advances are measured at this size, in pixels, because hinting rounds them at small sizes.
_MASTER = 200
_STYLE_WEIGHTS = {
    "thin": 100,
    "extralight": 200,
    "light": 300,
    "regular": 400,
    "normal": 400,
    "medium": 500,
    "semibold": 600,
    "bold": 700,
    "extrabold": 800,
    "black": 900,
    "heavy": 900,
}
#: The most open fonts in the cache. Each takes about 0.3 MB and maps 3 MB of the font file, which
#: all of them share; opening a font takes a third of a millisecond.
_MOST_OPEN = 16
#: The most bytes of drawn characters in the cache. The characters of a poster take about 0.25 MB,
#: and the largest character, at 1000 pixels, takes 1 to 2 MB.
_GLYPH_BYTES = 12 * 1024 * 1024
#: The most laid-out texts in the cache; each takes a few kilobytes.
_MOST_LAYOUTS = 2000
_LaidOut = TypeVar("_LaidOut")


@dataclass(frozen=True, slots=True)
class Glyph:
    """A drawn character: its mask, and the mask's offset from the start of the baseline."""

    mask: Image.Image
    offset: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Face:
    """One of the fonts in a font file: its index, its weights and the characters it can draw."""

    path: Path
    index: int
    #: The lightest and the heaviest weight; equal unless the font is variable.
    weights: tuple[int, int]
    coverage: Coverage

    @property
    def is_variable(self) -> bool:
        """Return True if the font has every weight from its lightest to its heaviest."""
        return self.weights[0] != self.weights[1]

    def distance(self, weight: int) -> int:
        """Return the difference between *weight* and the nearest weight that the font has."""
        low, high = self.weights
        return max(low - weight, weight - high, 0)


def warm_up() -> None:
    """Read the packaged Chinese font now, so that processes forked later share its memory."""
    unhinted(_pack_face(0).path)


class Fonts:
    """The fonts for posters: a brand's own fonts first, then the packaged ones.

    Safe to share between threads.

    Args:
        folder: a folder with the brand's own fonts (`.ttf`, `.otf`, `.ttc`).

    Raises:
        RenderError: the folder does not exist, or has no readable font.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._own = _own_faces(folder) if folder else ()
        stats = [(face, face.path.stat()) for face in self._own]
        self._key = "|".join(
            f"{face.path}#{face.index}@{stat.st_size}.{stat.st_mtime_ns}" for face, stat in stats
        )
        self._opened: LRUCache[tuple[int, int, int], ImageFont.FreeTypeFont] = LRUCache(_MOST_OPEN)
        self._advances: dict[tuple[int, str], float] = {}
        self._glyphs: LRUCache[tuple[str, int, int, int], Glyph] = LRUCache(_GLYPH_BYTES, _bytes_of)
        self._layouts: LRUCache[tuple[int, Hashable], tuple[object, Any]] = LRUCache(_MOST_LAYOUTS)
        self._lock = threading.RLock()

    @property
    def key(self) -> str:
        """Return a text that identifies the brand's own font files, for cache keys."""
        return self._key

    def covers(self, char: str) -> bool:
        """Return True if some font can draw *char*."""
        return self._find(char, 400) is not None

    def font(self, char: str, size: int, weight: int) -> ImageFont.FreeTypeFont:
        """Return a font that can draw *char*, at *size* pixels and *weight* (100 to 900).

        If no font can, return the first font.
        """
        number = self._find(char, weight)
        return self.open(0 if number is None else number, size, weight)

    def face_number(self, char: str, weight: int) -> int:
        """Return the position of the first font that can draw *char*; 0 if no font can."""
        return self._find(char, weight) or 0

    def open(self, number: int, size: int, weight: int) -> ImageFont.FreeTypeFont:
        """Return the font at position *number*, at *size* pixels and *weight* (100 to 900)."""
        key = (number, size, weight)
        with self._lock:
            font = self._opened.get(key)
            if font is None:
                font = self._opened[key] = _open(self._face(number, weight), size, weight)
            return font

    def glyph(self, char: str, size: int, weight: int, quarter: int = 0) -> Glyph:
        """Draw *char* as a mask, shifted to the right by *quarter* quarters of a pixel."""
        key = (char, size, weight, quarter)
        with self._lock:
            try:
                return self._glyphs[key]
            except KeyError:
                glyph = _drawn(self.font(char, size, weight), char, quarter / 4)
            if _bytes_of(glyph) <= _GLYPH_BYTES:
                self._glyphs[key] = glyph
            return glyph

    def cached_layout(
        self, layer: object, texts: Hashable, lay_out: Callable[[], _LaidOut]
    ) -> _LaidOut:
        """Return the layout of *texts* in *layer*.

        On a cache miss, call *lay_out* and cache its result.
        """
        key = (id(layer), texts)
        with self._lock:
            cached = self._layouts.get(key)
            # The cache also holds the layer, so that its id cannot be reused by another object.
            if cached is None or cached[0] is not layer:
                cached = self._layouts[key] = (layer, lay_out())
            layout: _LaidOut = cached[1]
            return layout

    def advance(self, char: str, weight: int) -> float:
        """Return the width of *char* in ems, which is exact at every font size."""
        key = (weight, char)
        with self._lock:
            if key not in self._advances:
                length = self.font(char, _MASTER, weight).getlength(char)
                self._advances[key] = length / _MASTER
            return self._advances[key]

    def _find(self, char: str, weight: int) -> int | None:
        """Return the position of the first font that can draw *char*, or None if no font can.

        Position 0 is the brand's own face nearest to *weight*; the packaged faces follow.
        """
        if self._own and char in self._nearest(weight).coverage:
            return 0
        first = 1 if self._own else 0
        for index in range(len(_PACK_FILES) + 1):
            if char in _pack_face(index).coverage:
                return first + index
        return None

    def _face(self, number: int, weight: int) -> Face:
        if self._own and number == 0:
            return self._nearest(weight)
        return _pack_face(number - (1 if self._own else 0))

    def _nearest(self, weight: int) -> Face:
        return min(self._own, key=lambda face: face.distance(weight))


def _bytes_of(glyph: Glyph) -> int:
    return glyph.mask.width * glyph.mask.height


def _drawn(font: ImageFont.FreeTypeFont, char: str, shift: float) -> Glyph:
    left, top, right, bottom = font.getbbox(char, anchor="ls")
    # The bounding box is in whole pixels; the shift and rounding can add one on each side.
    at = (math.floor(left) - 1, math.floor(top) - 1)
    size = (math.ceil(right) - at[0] + 2, math.ceil(bottom) - at[1] + 1)
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).text((shift - at[0], -at[1]), char, fill=255, font=font, anchor="ls")
    return Glyph(mask, at)


def _open(face: Face, size: int, weight: int) -> ImageFont.FreeTypeFont:
    # Raqm needs a system library that slim images lack, so this package positions glyphs itself.
    font = ImageFont.truetype(
        unhinted(face.path), size, index=face.index, layout_engine=ImageFont.Layout.BASIC
    )
    if face.is_variable:
        font.set_variation_by_axes([min(max(weight, face.weights[0]), face.weights[1])])
    return font


@lru_cache(maxsize=len(_PACK_FILES) + 1)
def _pack_face(index: int) -> Face:
    """Return the packaged font at position *index*. CJK fonts come first, emoji last."""
    if index == len(_PACK_FILES):
        return Face(_EMOJI, 0, (600, 600), read_coverage(_EMOJI))
    try:
        path = Path(str(resources.files(_PACK) / _PACK_FILES[index]))
    except ModuleNotFoundError as error:
        raise RenderError("font-package-missing", package=_PACK) from error
    return Face(path, 0, (100, 900), read_coverage(path))


def _own_faces(folder: Path) -> tuple[Face, ...]:
    if not folder.is_dir():
        raise RenderError("font-folder-missing", folder=str(folder))
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise RenderError("font-folder-empty", folder=str(folder))
    return tuple(_read_face(path) for path in files)


def _read_face(path: Path) -> Face:
    try:
        index = _simplified_index(path)
        font = ImageFont.truetype(str(path), 20, index=index, layout_engine=ImageFont.Layout.BASIC)
        return Face(path, index, _weights(font), read_coverage(path, index))
    except (OSError, ValueError, RenderError) as error:
        reason = error.message if isinstance(error, RenderError) else Message.plain(str(error))
        raise RenderError("font-unreadable", file=str(path), reason=reason) from error


def _simplified_index(path: Path) -> int:
    """Return the index of the simplified Chinese font in a font collection, or 0 if it has none."""
    if path.suffix.lower() != ".ttc":
        return 0
    for index in range(16):
        try:
            name = ImageFont.truetype(str(path), 20, index=index).getname()[0] or ""
        except OSError:
            break
        if "SC" in name.split():
            return index
    return 0


def _weights(font: ImageFont.FreeTypeFont) -> tuple[int, int]:
    try:
        axes = font.get_variation_axes()
    except OSError:
        style = (font.getname()[1] or "").lower().replace(" ", "")
        weight = _STYLE_WEIGHTS.get(style, 400)
        return (weight, weight)
    return (int(axes[0]["minimum"] or 0), int(axes[0]["maximum"] or 0))

"""Fits texts to their boxes before painting, and records the steps that paint them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from PIL import Image

from contentsvc.posters.painting.shape_layers import Easel
from contentsvc.posters.template.layers import TextLayer
from contentsvc.posters.template.parts import Fill, Plate
from contentsvc.posters.typesetting import characters as chars
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.typesetting.measuring import SetLine
from contentsvc.posters.typesetting.paragraphs import Fitted, Style, fit

__all__ = [
    "Block",
    "Lettering",
    "drawable",
    "lay_out",
    "measurer",
    "paint_block",
    "paint_plate",
    "style_of",
]

#: The distance of a hanzi's baseline from the top of its cell, in ems (Noto Sans SC: 0.88).
_BASELINE = 0.88
#: The diameter of the dot on a badge and its distance from the text, in ems.
_DOT, _DOT_GAP = 0.42, 0.28


@dataclass(frozen=True, slots=True)
class Lettering:
    """How to paint a block of text: fonts, weight, fill (a colour or gradient) and line height."""

    fonts: Fonts
    weight: int
    fill: Fill
    line: float


@dataclass(frozen=True, slots=True)
class Block:
    """A text that was fitted to its box: its lines, and the position of each line."""

    fitted: Fitted
    #: Left edge and baseline of each line, in pixels.
    starts: tuple[tuple[float, float], ...]

    @property
    def left(self) -> float:
        """Return the left edge of the leftmost line."""
        return min((x for x, _ in self.starts), default=0)

    @property
    def right(self) -> float:
        """Return the right edge of the rightmost line."""
        pairs = zip(self.starts, self.fitted.lines, strict=True)
        return max((x + line.width * self.fitted.size for (x, _), line in pairs), default=0)

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Return the left, top, right and bottom edge of the block's lines."""
        size = self.fitted.size
        top = self.starts[0][1] - _BASELINE * size
        return (self.left, top, self.right, self.starts[-1][1] + (1 - _BASELINE) * size)


def drawable(text: str, fonts: Fonts) -> tuple[str, list[str]]:
    """Return *text* without the characters that no font can draw, and a list of those characters.

    They would appear as boxes.
    """
    cleaned = chars.clean(text)
    missing = [
        char
        for char in cleaned
        if char not in "\n \u3000" and not chars.is_joiner(char) and not fonts.covers(char)
    ]
    characters = (char for char in cleaned if char not in missing and not chars.is_joiner(char))
    return chars.clean("".join(characters)), list(dict.fromkeys(missing))


def measurer(fonts: Fonts, weight: int) -> Callable[[str], float]:
    """Return a function that returns a character's width, in ems, at the given font weight."""
    return lambda char: fonts.advance(char, weight)


def style_of(layer: TextLayer) -> Style:
    """Return the font sizes, line height and other limits for fitting the text of *layer*."""
    return Style(
        layer.size,
        min(layer.min or layer.size, layer.size),
        layer.max_lines,
        layer.line,
        layer.tracking,
        layer.balance,
    )


def lay_out(layer: TextLayer, text: str, fonts: Fonts, max_size: int | None = None) -> Block:
    """Fit *text* to the layer's box. The font size is at most *max_size* pixels.

    *max_size* is the smallest font size in the layer's group; None means no limit.
    """
    x, y, width, height = layer.box
    pad, dot = _plate_room(layer.plate)
    style = style_of(layer)
    if max_size is not None:
        style = replace(style, size=max_size, least=min(style.least, max_size))
    inner = width - 2 * pad
    if dot:
        inner -= (_DOT + _DOT_GAP) * style.size
    fitted = fit(text, measurer(fonts, layer.weight), (inner, height), style)
    dot_width = (_DOT + _DOT_GAP) * fitted.size if dot else 0
    left = x + pad + dot_width
    room = width - 2 * pad - dot_width
    return Block(fitted, tuple(_starts(layer, fitted, (left, y, room, height))))


def _plate_room(plate: Plate | None) -> tuple[float, bool]:
    return (plate.pad[0], plate.dot is not None) if plate else (0, False)


def _starts(
    layer: TextLayer, fitted: Fitted, box: tuple[float, float, float, float]
) -> Iterator[tuple[float, float]]:
    x, y, width, height = box
    pitch = fitted.size * layer.line
    slack = height - pitch * len(fitted.lines)
    top = y + {"top": 0, "middle": slack / 2, "bottom": slack}[layer.valign]
    share = {"left": 0, "center": 0.5, "right": 1}[layer.align]
    for index, line in enumerate(fitted.lines):
        free = width - line.width * fitted.size
        # Each line is centred vertically in its line height.
        baseline = top + pitch * index + (pitch - fitted.size) / 2 + _BASELINE * fitted.size
        yield x + free * share, baseline


def paint_block(easel: Easel, block: Block, lettering: Lettering, opacity: float) -> None:
    """Record in *easel* the steps that paint the letters of *block* at *opacity* (0 to 1)."""
    size = block.fitted.size
    pad = size
    left, top = round(block.left) - pad, round(block.starts[0][1]) - 2 * pad
    relative = tuple((x - left, y - top) for x, y in block.starts)
    width = round(block.right - left) + pad
    height = round(relative[-1][1]) + pad
    key = (
        "lettering",
        lettering.fonts.key,
        block.fitted,
        lettering.weight,
        relative,
    )
    mask = easel.cache.get(key, lambda: _draw((width, height), relative, block.fitted, lettering))
    box = mask.getbbox()
    if box:
        easel.stamp(mask.crop(box), (left + box[0], top + box[1]), lettering.fill, opacity)


def _draw(
    size: tuple[int, int],
    starts: tuple[tuple[float, float], ...],
    fitted: Fitted,
    lettering: Lettering,
) -> Image.Image:
    mask = Image.new("L", size, 0)
    for (x, baseline), line in zip(starts, fitted.lines, strict=True):
        for char, offset in _glyphs(line):
            # Positions in quarters of a pixel look even, and allow the reuse of cached glyphs.
            quarters = round((x + offset * fitted.size) * 4)
            glyph = lettering.fonts.glyph(char, fitted.size, lettering.weight, quarters % 4)
            at = (quarters // 4 + glyph.offset[0], round(baseline) + glyph.offset[1])
            mask.paste(255, at, glyph.mask)
    return mask


def _glyphs(line: SetLine) -> Iterable[tuple[str, float]]:
    return ((placed.char, placed.x) for placed in line.placed)


def paint_plate(easel: Easel, block: Block, plate: Plate, opacity: float) -> None:
    """Record in *easel* the steps that paint *plate*: the background (and dot) of a text."""
    size = block.fitted.size
    dot_width = (_DOT + _DOT_GAP) * size if plate.dot else 0
    top = block.starts[0][1] - _BASELINE * size
    bottom = block.starts[-1][1] + (1 - _BASELINE) * size
    across, down = plate.pad
    x, y = round(block.left - dot_width - across), round(top - down)
    extent = (round(block.right + across) - x, round(bottom + down) - y)
    key, mask = easel.rounded(extent, plate.radius)
    if plate.shadow:
        easel.shadow(key, mask, (x, y), plate.shadow, opacity)
    easel.stamp(mask, (x, y), plate.fill, opacity)
    if plate.dot:
        _, dot = easel.rounded((round(_DOT * size),) * 2, size)
        middle = round((top + bottom) / 2 - dot.height / 2)
        easel.stamp(dot, (round(block.left - dot_width), middle), plate.dot, opacity)

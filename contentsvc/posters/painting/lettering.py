"""Lays out lettering before anything is painted, then paints it."""

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

#: Where a hanzi's baseline stands in its cell, from the top, in ems (Noto Sans SC: 0.88).
_BASELINE = 0.88
#: A dot on a badge, and its distance from the words, in ems of them.
_DOT, _DOT_GAP = 0.42, 0.28


@dataclass(frozen=True, slots=True)
class Lettering:
    """What one set of lines is painted with."""

    fonts: Fonts
    weight: int
    fill: Fill
    line: float


@dataclass(frozen=True, slots=True)
class Block:
    """Fitted lines with the place that each starts at."""

    fitted: Fitted
    #: Left edge and baseline of each line, in pixels.
    starts: tuple[tuple[float, float], ...]

    @property
    def left(self) -> float:
        """Give the left edge of the leftmost line."""
        return min((x for x, _ in self.starts), default=0)

    @property
    def right(self) -> float:
        """Give the right edge of the longest line."""
        pairs = zip(self.starts, self.fitted.lines, strict=True)
        return max((x + line.width * self.fitted.size for (x, _), line in pairs), default=0)

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Give left, top, right and bottom of the letters' cells."""
        size = self.fitted.size
        top = self.starts[0][1] - _BASELINE * size
        return (self.left, top, self.right, self.starts[-1][1] + (1 - _BASELINE) * size)


def drawable(text: str, fonts: Fonts) -> tuple[str, list[str]]:
    """Take out of *text* what no font can draw, and name it; never a silent box."""
    cleaned = chars.clean(text)
    missing = [
        char
        for char in cleaned
        if char not in "\n \u3000" and not chars.is_joiner(char) and not fonts.covers(char)
    ]
    kept = (char for char in cleaned if char not in missing and not chars.is_joiner(char))
    return chars.clean("".join(kept)), list(dict.fromkeys(missing))


def measurer(fonts: Fonts, weight: int) -> Callable[[str], float]:
    """Give the measure of characters at *weight*, in ems."""
    return lambda char: fonts.advance(char, weight)


def style_of(layer: TextLayer) -> Style:
    """Say how *layer* is to be fitted."""
    return Style(
        layer.size,
        min(layer.min or layer.size, layer.size),
        layer.max_lines,
        layer.line,
        layer.tracking,
        layer.balance,
    )


def lay_out(layer: TextLayer, text: str, fonts: Fonts, most: int | None = None) -> Block:
    """Fit *text* into the layer's box, at no more than *most* pixels where its group says so."""
    x, y, width, height = layer.box
    pad, dot = _plate_room(layer.plate)
    style = style_of(layer)
    if most is not None:
        style = replace(style, size=most, least=min(style.least, most))
    inner = width - 2 * pad
    if dot:
        inner -= (_DOT + _DOT_GAP) * style.size
    fitted = fit(text, measurer(fonts, layer.weight), (inner, height), style)
    lead = (_DOT + _DOT_GAP) * fitted.size if dot else 0
    left = x + pad + lead
    room = width - 2 * pad - lead
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
    for place, line in enumerate(fitted.lines):
        free = width - line.width * fitted.size
        # A line's cell stands in the middle of its pitch.
        baseline = top + pitch * place + (pitch - fitted.size) / 2 + _BASELINE * fitted.size
        yield x + free * share, baseline


def paint_block(easel: Easel, block: Block, lettering: Lettering, opacity: float) -> None:
    """Paint the letters of *block*."""
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
            # Quarters of a pixel space evenly to the eye, and let a drawn one serve again.
            quarters = round((x + offset * fitted.size) * 4)
            glyph = lettering.fonts.glyph(char, fitted.size, lettering.weight, quarters % 4)
            at = (quarters // 4 + glyph.offset[0], round(baseline) + glyph.offset[1])
            mask.paste(255, at, glyph.mask)
    return mask


def _glyphs(line: SetLine) -> Iterable[tuple[str, float]]:
    return ((placed.char, placed.x) for placed in line.placed)


def paint_plate(easel: Easel, block: Block, plate: Plate, opacity: float) -> None:
    """Paint the ground that *block* stands on."""
    size = block.fitted.size
    lead = (_DOT + _DOT_GAP) * size if plate.dot else 0
    top = block.starts[0][1] - _BASELINE * size
    bottom = block.starts[-1][1] + (1 - _BASELINE) * size
    across, down = plate.pad
    x, y = round(block.left - lead - across), round(top - down)
    extent = (round(block.right + across) - x, round(bottom + down) - y)
    key, mask = easel.rounded(extent, plate.radius)
    if plate.shadow:
        easel.shadow(key, mask, (x, y), plate.shadow, opacity)
    easel.stamp(mask, (x, y), plate.fill, opacity)
    if plate.dot:
        _, dot = easel.rounded((round(_DOT * size),) * 2, size)
        middle = round((top + bottom) / 2 - dot.height / 2)
        easel.stamp(dot, (round(block.left - lead), middle), plate.dot, opacity)

"""Lays out and paints lines of text that mix font sizes, round stickers, and countdowns."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from contentsvc.posters import shapes
from contentsvc.posters.painting.lettering import Block, Lettering, measurer, paint_block
from contentsvc.posters.painting.shape_layers import Easel
from contentsvc.posters.template.layers import Countdown, Seal, Spans
from contentsvc.posters.template.parts import Run
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.typesetting.measuring import SetLine
from contentsvc.posters.typesetting.paragraphs import Fitted, Style, fit, set_line

__all__ = [
    "Span",
    "lay_out_countdown",
    "lay_out_spans",
    "paint_countdown",
    "paint_seal",
    "paint_spans",
]

_STEP = 0.97
#: The height of a strike-through line over the baseline and its thickness, as shares of the font
#: size.
_STRIKE_UP, _STRIKE_THICK = 0.36, 0.07
#: The width of a seal's texts, as a multiple of its radius.
_SEAL_WIDTH = 1.5


@dataclass(frozen=True, slots=True)
class Span:
    """A laid-out run of a line. A run is a piece of text in one font size."""

    run: Run
    block: Block


def lay_out_spans(layer: Spans, texts: Sequence[tuple[Run, str]], fonts: Fonts) -> list[Span]:
    """Lay out *texts* side by side on one baseline. If they are too wide, all are scaled down."""
    x, y, width, height = layer.box
    scale, lines = _scaled(layer, texts, fonts)
    tallest = max((run.size for run, _ in texts), default=0) * scale
    slack = height - tallest
    top = y + {"top": 0, "middle": slack / 2, "bottom": slack}[layer.valign]
    baseline = top + 0.88 * tallest
    free = width - _total_width(texts, lines, scale)
    left = x + max(free, 0) * {"left": 0, "center": 0.5, "right": 1}[layer.align]
    spans = []
    for (run, _), line in zip(texts, lines, strict=True):
        size = max(round(run.size * scale), 1)
        left += run.gap * scale
        spans.append(
            Span(run, Block(Fitted(size, (line.lines[0],), line.lost), ((left, baseline),)))
        )
        left += line.lines[0].width * size
    return spans


def _scaled(
    layer: Spans, texts: Sequence[tuple[Run, str]], fonts: Fonts
) -> tuple[float, list[Fitted]]:
    """Scale *texts* until they fit the layer's box side by side; return the scale and the lines.

    Each text becomes one line. If the texts are too wide even at the smallest scale, the longest is
    cut.
    """
    lines = [
        _whole(set_line(text, measurer(fonts, run.weight), run.tracking)) for run, text in texts
    ]
    scale = 1.0
    while _total_width(texts, lines, scale) > layer.box[2]:
        if scale * _STEP < layer.least:
            return scale, _cut_longest(layer, texts, lines, scale, fonts)
        scale *= _STEP
    return scale, lines


def _whole(line: SetLine) -> Fitted:
    return Fitted(0, (line,))


def _total_width(texts: Sequence[tuple[Run, str]], lines: Sequence[Fitted], scale: float) -> float:
    return sum(
        run.gap * scale + line.lines[0].width * max(round(run.size * scale), 1)
        for (run, _), line in zip(texts, lines, strict=True)
    )


def _cut_longest(
    layer: Spans, texts: Sequence[tuple[Run, str]], lines: list[Fitted], scale: float, fonts: Fonts
) -> list[Fitted]:
    sizes = [max(round(run.size * scale), 1) for run, _ in texts]
    widths = [line.lines[0].width * size for line, size in zip(lines, sizes, strict=True)]
    longest = widths.index(max(widths))
    room = layer.box[2] - _total_width(texts, lines, scale) + widths[longest]
    run, text = texts[longest]
    size = sizes[longest]
    style = Style(size, size, tracking=run.tracking)
    # Leave room for the ellipsis at least, however wide the other runs are.
    cut = fit(text, measurer(fonts, run.weight), (max(room, size), size * 2), style)
    return [*lines[:longest], cut, *lines[longest + 1 :]]


def paint_spans(easel: Easel, spans: Sequence[Span], fonts: Fonts, opacity: float) -> None:
    """Record in *easel* the steps that paint *spans*. A run with `strike` is struck through."""
    for span in spans:
        run, block = span.run, span.block
        paint_block(easel, block, Lettering(fonts, run.weight, run.fill, 1), opacity)
        if run.strike and block.right > block.left:
            size = block.fitted.size
            thick = max(round(size * _STRIKE_THICK), 2)
            bar = Image.new("L", (round(block.right - block.left + size * 0.16), thick), 255)
            at = (
                round(block.left - size * 0.08),
                round(block.starts[0][1] - size * _STRIKE_UP - thick / 2),
            )
            easel.stamp(bar, at, run.fill, opacity)


#: The total padding of a tile beside its number, the tile's height, and the font size of the texts
#: between the tiles, as shares of the numbers' font size.
_TILE_PAD, _TILE_HIGH, _UNIT = 0.5, 1.5, 0.46
#: The height of a digit's middle over its baseline, in ems (Noto Sans SC: 0.37).
_DIGIT_MIDDLE = 0.37
_NUMBERS = re.compile(r"\d+|\D+")


def lay_out_countdown(layer: Countdown, text: str, fonts: Fonts) -> list[Span]:
    """Lay out a countdown: its numbers, which get tiles, and the texts between them.

    Numbers and texts are scaled down together if they are too wide.
    """
    pieces = [piece.strip() for piece in _NUMBERS.findall(text) if piece.strip()]
    runs = [
        (_piece_run(layer, piece, gap=layer.gap if index else 0), piece)
        for index, piece in enumerate(pieces)
    ]
    pads = _TILE_PAD * layer.size * sum(piece.isdigit() for piece in pieces)
    x, y, width, height = layer.box
    inner = Spans(
        type="spans",
        box=(x, y, max(width - pads, 1), height),
        # The runs are passed separately, because a Spans layer accepts at most twelve.
        runs=(Run(text="", size=6),),
        least=0.3,
    )
    spans = lay_out_spans(inner, runs, fonts)
    return _spread(layer, spans)


def _piece_run(layer: Countdown, piece: str, gap: float) -> Run:
    if piece.isdigit():
        return Run(text=piece, size=layer.size, weight=layer.weight, fill=layer.fill, gap=gap)
    size = max(round(layer.size * _UNIT), 6)
    return Run(text=piece, size=size, weight=layer.weight, fill=layer.ink, gap=gap)


def _spread(layer: Countdown, spans: list[Span]) -> list[Span]:
    """Return *spans* moved apart to make room for the numbers' tiles, and centred vertically."""
    x, y, width, height = layer.box
    whole = spans[-1].block.right - spans[0].block.left if spans else 0
    pads = [_TILE_PAD * span.block.fitted.size * span.run.text.isdigit() for span in spans]
    left = (
        x + max(width - whole - sum(pads), 0) * {"left": 0, "center": 0.5, "right": 1}[layer.align]
    )
    moved, start = [], spans[0].block.left if spans else 0
    added = 0.0
    for span, pad in zip(spans, pads, strict=True):
        size = span.block.fitted.size
        at = left + (span.block.left - start) + added + pad / 2
        moved.append(
            Span(span.run, Block(span.block.fitted, ((at, y + height / 2 + 0.37 * size),)))
        )
        added += pad
    return moved


def paint_countdown(easel: Easel, layer: Countdown, spans: Sequence[Span], fonts: Fonts) -> None:
    """Record in *easel* the steps that paint a countdown: numbers on tiles, with texts between."""
    for span in spans:
        size = span.block.fitted.size
        if span.run.text.isdigit():
            left = span.block.left - _TILE_PAD * size / 2
            wide = round(span.block.right - span.block.left + _TILE_PAD * size)
            high = round(size * _TILE_HIGH)
            _, tile = easel.rounded((wide, high), layer.radius)
            middle = layer.box[1] + layer.box[3] / 2
            easel.stamp(tile, (round(left), round(middle - high / 2)), layer.tile, layer.opacity)
        style = Lettering(fonts, layer.weight, span.run.fill, 1)
        paint_block(easel, span.block, style, layer.opacity)


def paint_seal(
    easel: Easel, layer: Seal, texts: Sequence[tuple[Run, str]], fonts: Fonts
) -> list[str]:
    """Record in *easel* the steps that paint a round sticker; return the texts that are cut off."""
    x, y, radius = layer.at
    side = round(radius * 2)
    at = (round(x - radius), round(y - radius))
    key = ("seal", side, layer.teeth)
    mask = easel.cache.get(key, lambda: _scalloped(side, layer.teeth))
    if layer.shadow:
        easel.shadow(key, mask, at, layer.shadow, layer.opacity)
    easel.stamp(mask, at, layer.fill, layer.opacity)
    if layer.ring:
        easel.stamp(_ring(side), at, layer.ring, layer.opacity)
    lines = [
        fit(text, measurer(fonts, run.weight), (radius * _SEAL_WIDTH, run.size * 2),
            Style(run.size, max(run.size // 2, 6), tracking=run.tracking))
        for run, text in texts
    ]  # fmt: skip
    pitch = [line.size * 1.16 for line in lines]
    top = (side - sum(pitch)) / 2
    for (run, _), line, tall in zip(texts, lines, pitch, strict=True):
        lettering = _turned(line, run, (side, top + tall / 2), fonts, layer.rotate)
        easel.stamp(lettering, at, run.fill, layer.opacity)
        top += tall
    return [line.lost for line in lines if line.lost]


def _scalloped(side: int, teeth: int) -> Image.Image:
    middle = radius = side / 2
    depth = 0.035 * side if teeth else 0
    points = []
    for step in range(720):
        turn = math.radians(step / 2)
        reach = radius - depth * (1 - math.cos(turn * teeth)) / 2
        points.append((middle + reach * math.cos(turn), middle + reach * math.sin(turn)))
    return shapes.polygon((side, side), points)


def _ring(side: int) -> Image.Image:
    large = Image.new("L", (side * 4, side * 4), 0)
    edge = side * 4 * 0.1
    box = (edge, edge, side * 4 - edge, side * 4 - edge)
    ImageDraw.Draw(large).ellipse(box, outline=255, width=max(round(side * 0.045), 4))
    return large.reduce(4)


def _turned(
    line: Fitted, run: Run, position: tuple[int, float], fonts: Fonts, turn: float
) -> Image.Image:
    side, middle = position
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    left = (side - line.lines[0].width * line.size) / 2
    for placed in line.lines[0].placed:
        font = fonts.font(placed.char, line.size, run.weight)
        at = (left + placed.x * line.size, middle + line.size * 0.38)
        draw.text(at, placed.char, fill=255, font=font, anchor="ls")
    return mask.rotate(turn, Image.Resampling.BICUBIC)

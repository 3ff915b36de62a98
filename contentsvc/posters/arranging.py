"""Lays out and paints lettering of several pieces: spans, lists, seals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from contentsvc.posters import shapes
from contentsvc.posters.fonts import Fonts
from contentsvc.posters.layers import Bullet, ListLayer, Run, Seal, Spans, TextLayer
from contentsvc.posters.lettering import Block, Lettering, lay_out, measurer, paint_block
from contentsvc.posters.measuring import SetLine
from contentsvc.posters.painting import Easel
from contentsvc.posters.typesetting import Fitted, Style, fit, set_line

__all__ = ["RowBlock", "Span", "lay_out_list", "lay_out_spans", "paint_list", "paint_seal",
           "paint_spans"]  # fmt: skip

_STEP = 0.97
#: Of the letters' size: how high a strike stands over the baseline, and its thickness.
_STRIKE_UP, _STRIKE_THICK = 0.36, 0.07
#: How much of a seal's breadth its words may take.
_SEAL_ROOM = 1.5
_INDEX_WEIGHT = 800


@dataclass(frozen=True, slots=True)
class Span:
    """One run of a line of mixed sizes, laid out."""

    run: Run
    block: Block


@dataclass(frozen=True, slots=True)
class RowBlock:
    """One row of a list, laid out: its ground and its lettering."""

    place: tuple[int, int, int, int]
    block: Block


def lay_out_spans(layer: Spans, texts: Sequence[tuple[Run, str]], fonts: Fonts) -> list[Span]:
    """Put the runs beside each other on one baseline, smaller together where they are too wide."""
    x, y, width, height = layer.box
    scale, lines = _scaled(layer, texts, fonts)
    tallest = max((run.size for run, _ in texts), default=0) * scale
    slack = height - tallest
    top = y + {"top": 0, "middle": slack / 2, "bottom": slack}[layer.valign]
    baseline = top + 0.88 * tallest
    free = width - _breadth(texts, lines, scale)
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
    """Find the scale at which the runs fit; at the least one the longest run is cut."""
    lines = [
        _whole(set_line(text, measurer(fonts, run.weight), run.tracking)) for run, text in texts
    ]
    scale = 1.0
    while _breadth(texts, lines, scale) > layer.box[2]:
        if scale * _STEP < layer.least:
            return scale, _cut_longest(layer, texts, lines, scale, fonts)
        scale *= _STEP
    return scale, lines


def _whole(line: SetLine) -> Fitted:
    return Fitted(0, (line,))


def _breadth(texts: Sequence[tuple[Run, str]], lines: Sequence[Fitted], scale: float) -> float:
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
    room = layer.box[2] - _breadth(texts, lines, scale) + widths[longest]
    run, text = texts[longest]
    size = sizes[longest]
    style = Style(size, size, tracking=run.tracking)
    # A run keeps room for its ellipsis at least, however crowded its neighbours are.
    cut = fit(text, measurer(fonts, run.weight), (max(room, size), size * 2), style)
    return [*lines[:longest], cut, *lines[longest + 1 :]]


def paint_spans(easel: Easel, spans: Sequence[Span], fonts: Fonts, opacity: float) -> None:
    """Paint runs that were laid out, and strike through those that ask for it."""
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


def lay_out_list(
    layer: ListLayer, items: Sequence[str], fonts: Fonts
) -> tuple[list[RowBlock], list[str]]:
    """Put the items in rows, all in one size; give the rows and the items without room."""
    places = _row_places(layer, len(items))
    shown = items[: len(places)]
    layers = [_row_text(layer, place) for place in places]
    blocks = [lay_out(row, text, fonts) for row, text in zip(layers, shown, strict=True)]
    most = min((block.fitted.size for block in blocks), default=layer.size)
    blocks = [lay_out(row, text, fonts, most) for row, text in zip(layers, shown, strict=True)]
    rows = [RowBlock(place, block) for place, block in zip(places, blocks, strict=True)]
    return rows, list(items[len(places) :])


def _row_places(layer: ListLayer, count: int) -> list[tuple[int, int, int, int]]:
    x, y, width, height = layer.box
    row = layer.row
    shown = min(count, int((height + row.gap) // (row.height + row.gap)))
    if shown < 1:
        return []
    tall = row.height
    if row.stretch:
        tall = min((height - row.gap * (shown - 1)) / shown, max(row.most, row.height))
    return [
        (round(x), round(y + place * (tall + row.gap)), round(width), round(tall))
        for place in range(shown)
    ]


def _row_text(layer: ListLayer, place: tuple[int, int, int, int]) -> TextLayer:
    x, y, width, height = place
    bullet = layer.bullet
    lead = layer.row.pad + (bullet.size + bullet.gap if bullet.kind != "none" else 0)
    return TextLayer(
        type="text",
        text="",
        box=(x + lead, y, max(width - lead - layer.row.pad, 1), height),
        size=layer.size,
        min=layer.min,
        weight=layer.weight,
        line=layer.line,
        max_lines=layer.max_lines,
        valign="middle",
    )


def paint_list(easel: Easel, layer: ListLayer, rows: Sequence[RowBlock], fonts: Fonts) -> None:
    """Paint rows that were laid out."""
    for number, row in enumerate(rows, 1):
        x, y, width, height = row.place
        if layer.row.fill:
            _, mask = easel.rounded((width, height), layer.row.radius)
            easel.stamp(mask, (x, y), layer.row.fill, layer.opacity)
        if layer.row.rule and number < len(rows):
            rule = Image.new("L", (width, 2), 255)
            easel.stamp(rule, (x, round(y + height + layer.row.gap / 2) - 1), layer.row.rule)
        _paint_bullet(easel, layer, row, number, fonts)
        paint_block(easel, row.block, Lettering(fonts, layer.weight, layer.fill, 1), layer.opacity)


def _paint_bullet(easel: Easel, layer: ListLayer, row: RowBlock, number: int, fonts: Fonts) -> None:
    bullet = layer.bullet
    x, y, _, height = row.place
    left = round(x + layer.row.pad)
    middle = y + height / 2
    if bullet.kind in {"number", "check", "dot"}:
        side = round(bullet.size * (0.4 if bullet.kind == "dot" else 1))
        _, ball = easel.rounded((side, side), side)
        at = (left + (bullet.size - side) // 2, round(middle - side / 2))
        easel.stamp(ball, at, bullet.fill, layer.opacity)
    if bullet.kind == "check":
        easel.stamp(_tick(bullet.size), (left, round(middle - bullet.size / 2)), bullet.ink)
    if bullet.kind in {"number", "index"}:
        _paint_number(easel, bullet, (left, middle), number, fonts)


def _tick(size: int) -> Image.Image:
    large = Image.new("L", (size * 4, size * 4), 0)
    points = [
        (share * size * 4, up * size * 4)
        for share, up in ((0.28, 0.52), (0.44, 0.67), (0.73, 0.36))
    ]
    ImageDraw.Draw(large).line(points, fill=255, width=round(size * 0.44), joint="curve")
    return large.reduce(4)


def _paint_number(
    easel: Easel, bullet: Bullet, at: tuple[int, float], number: int, fonts: Fonts
) -> None:
    is_index = bullet.kind == "index"
    text = f"{number:02d}" if is_index else str(number)
    size = round(bullet.size * (0.8 if is_index else 0.58))
    line = set_line(text, measurer(fonts, _INDEX_WEIGHT))
    left = at[0] + (bullet.size - line.width * size) / 2
    block = Block(Fitted(size, (line,)), ((left, round(at[1] + size * 0.365)),))
    fill = bullet.fill if is_index else bullet.ink
    paint_block(easel, block, Lettering(fonts, _INDEX_WEIGHT, fill, 1), 1)


def paint_seal(
    easel: Easel, layer: Seal, texts: Sequence[tuple[Run, str]], fonts: Fonts
) -> list[str]:
    """Paint a sticker; give the words that had no room on it."""
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
        fit(text, measurer(fonts, run.weight), (radius * _SEAL_ROOM, run.size * 2),
            Style(run.size, max(run.size // 2, 6), tracking=run.tracking))
        for run, text in texts
    ]  # fmt: skip
    pitch = [line.size * 1.16 for line in lines]
    top = (side - sum(pitch)) / 2
    for (run, _), line, tall in zip(texts, lines, pitch, strict=True):
        words = _turned(line, run, (side, top + tall / 2), fonts, layer.rotate)
        easel.stamp(words, at, run.fill, layer.opacity)
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
    line: Fitted, run: Run, place: tuple[int, float], fonts: Fonts, turn: float
) -> Image.Image:
    side, middle = place
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    left = (side - line.lines[0].width * line.size) / 2
    for placed in line.lines[0].placed:
        font = fonts.font(placed.char, line.size, run.weight)
        at = (left + placed.x * line.size, middle + line.size * 0.38)
        draw.text(at, placed.char, fill=255, font=font, anchor="ls")
    return mask.rotate(turn, Image.Resampling.BICUBIC)

"""Lays out and paints lists: rows with a bullet, an item, and an optional last column."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from contentsvc.posters.field_values import split_item
from contentsvc.posters.painting.lettering import Block, Lettering, lay_out, measurer, paint_block
from contentsvc.posters.painting.shape_layers import Easel
from contentsvc.posters.template.layers import ListLayer, TextLayer
from contentsvc.posters.template.parts import Bullet
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.typesetting.paragraphs import Fitted, set_line

__all__ = ["RowBlock", "lay_out_list", "paint_list"]

_INDEX_WEIGHT = 800
#: The pixels between an item and the end column, and the least font size of the end column as a
#: share of its normal size.
_TAIL_GAP, _TAIL_LEAST = 20, 0.6


@dataclass(frozen=True, slots=True)
class RowBlock:
    """A laid-out row of a list: its rectangle, its item, and the text of its last column."""

    rect: tuple[int, int, int, int]
    block: Block
    tail: Block | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """Return the laid-out texts of the row: the item and, if it exists, the last column."""
        return (self.block, self.tail) if self.tail else (self.block,)


def lay_out_list(
    layer: ListLayer, items: Sequence[str], fonts: Fonts
) -> tuple[list[RowBlock], list[str]]:
    """Lay out *items* as rows of one font size; return the rows and the items that do not fit."""
    items = items[layer.skip :]
    rects = _row_rects(layer, len(items))
    shown = [split_item(item) if layer.tail else (item, "") for item in items[: len(rects)]]
    heads = [
        _row_text(layer, rect, alone=not tail) for rect, (_, tail) in zip(rects, shown, strict=True)
    ]
    blocks = _alike(heads, [head for head, _ in shown], fonts)
    tails = [_tail_text(layer, rect) for rect in rects] if layer.tail else []
    tail_blocks = (
        _alike(tails, [tail for _, tail in shown], fonts) if tails else [None] * len(shown)
    )
    rows = [RowBlock(*row) for row in zip(rects, blocks, tail_blocks, strict=True)]
    return rows, list(items[len(rects) :])


def _alike(layers: Sequence[TextLayer], texts: Sequence[str], fonts: Fonts) -> list[Block]:
    """Fit each text to its layer, then reduce all texts to the smallest font size among them."""
    blocks = [lay_out(row, text, fonts) for row, text in zip(layers, texts, strict=True)]
    smallest = min((block.fitted.size for block in blocks), default=0)
    return [
        block if block.fitted.size == smallest else lay_out(row, text, fonts, smallest)
        for row, text, block in zip(layers, texts, blocks, strict=True)
    ]


def _row_rects(layer: ListLayer, count: int) -> list[tuple[int, int, int, int]]:
    x, y, width, height = layer.box
    row = layer.row
    shown = min(count, int((height + row.gap) // (row.height + row.gap)))
    if shown < 1:
        return []
    tall = row.height
    if row.stretch:
        tall = min((height - row.gap * (shown - 1)) / shown, max(row.most, row.height))
    return [
        (round(x), round(y + index * (tall + row.gap)), round(width), round(tall))
        for index in range(shown)
    ]


def _row_text(layer: ListLayer, rect: tuple[int, int, int, int], *, alone: bool) -> TextLayer:
    x, y, width, height = rect
    bullet = layer.bullet
    lead = layer.row.pad + (bullet.size + bullet.gap if bullet.kind != "none" else 0)
    end = layer.row.pad + (layer.tail.width + _TAIL_GAP if layer.tail and not alone else 0)
    return TextLayer(
        type="text",
        text="",
        box=(x + lead, y, max(width - lead - end, 1), height),
        size=layer.size,
        min=layer.min,
        weight=layer.weight,
        line=layer.line,
        max_lines=layer.max_lines,
        valign="middle",
    )


def _tail_text(layer: ListLayer, rect: tuple[int, int, int, int]) -> TextLayer:
    x, y, width, height = rect
    tail = layer.tail
    assert tail is not None
    return TextLayer(
        type="text",
        text="",
        box=(x + width - layer.row.pad - tail.width, y, tail.width, height),
        size=tail.size,
        min=max(round(tail.size * _TAIL_LEAST), 6),
        max_lines=layer.max_lines,
        weight=tail.weight,
        line=layer.line,
        align=tail.align,
        valign="middle",
    )


#: A function that is called before lettering is painted, with its layer, rectangle and colour.
LetteringCheck = Callable[[ListLayer, tuple[float, float, float, float], str], None]


def paint_list(
    easel: Easel, layer: ListLayer, rows: Sequence[RowBlock], fonts: Fonts, check: LetteringCheck
) -> None:
    """Record in *easel* the steps that paint the *rows* of a list.

    Call *check* before each item; it records a step that tests the contrast.
    """
    for number, row in enumerate(rows, layer.skip + 1):
        x, y, width, height = row.rect
        if layer.row.fill:
            _, mask = easel.rounded((width, height), layer.row.radius)
            easel.stamp(mask, (x, y), layer.row.fill, layer.opacity)
        if layer.row.rule and number < len(rows) + layer.skip:
            rule = Image.new("L", (width, 2), 255)
            easel.stamp(rule, (x, round(y + height + layer.row.gap / 2) - 1), layer.row.rule)
        _paint_bullet(easel, layer, row, number, fonts)
        check(layer, row.block.rect, layer.fill)
        paint_block(easel, row.block, Lettering(fonts, layer.weight, layer.fill, 1), layer.opacity)
        if row.tail and layer.tail and row.tail.fitted.lines[0].placed:
            style = Lettering(fonts, layer.tail.weight, layer.tail.fill, 1)
            paint_block(easel, row.tail, style, layer.opacity)


def _paint_bullet(easel: Easel, layer: ListLayer, row: RowBlock, number: int, fonts: Fonts) -> None:
    bullet = layer.bullet
    x, y, _, height = row.rect
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

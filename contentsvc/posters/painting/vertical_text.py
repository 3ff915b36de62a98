"""Lays out and paints Chinese text in vertical columns, from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw

from contentsvc.posters.painting.lettering import measurer, style_of
from contentsvc.posters.painting.shape_layers import Easel
from contentsvc.posters.template.layers import TextLayer
from contentsvc.posters.typesetting import characters as chars
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.typesetting.paragraphs import Style, sizes

__all__ = ["Columns", "lay_out_columns", "paint_columns"]

#: Marks with a separate vertical form (Unicode, "Vertical Forms" and "CJK Compatibility Forms").
_UPRIGHT = dict(zip(
    "，、。：；！？…—（）《》〈〉「」『』【】“”",
    "︐︑︒︓︔︕︖︙︱︵︶︽︾︿﹀﹁﹂﹃﹄︻︼﹃﹄",
    strict=True,
))  # fmt: skip
#: A number of two digits shares an upright cell; longer numbers and words are rotated.
_CELLS = re.compile(
    r"(?<![0-9A-Za-z])\d{1,2}(?![0-9A-Za-z])|[0-9A-Za-z][0-9A-Za-z.,:%+\-/'&]*|.", re.DOTALL
)
#: The distance of the baseline from the top of a cell, in ems.
_BASELINE = 0.88
_ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Cell:
    """A piece of vertical text (a hanzi, short number or rotated word), and its height in ems."""

    text: str
    height: float
    rotated: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """A text laid out in columns: the font size, the columns, and any text that was cut off."""

    size: int
    #: The left edge, the top and the cells of each column.
    columns: tuple[tuple[float, float, tuple[Cell, ...]], ...]
    lost: str
    tracking: float

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Return the left, top, right and bottom edge of the columns."""
        left = min(x for x, _, _ in self.columns)
        right = max(x for x, _, _ in self.columns) + self.size
        top = min(y for _, y, _ in self.columns)
        return (left, top, right, max(y + self._deep(cells) for _, y, cells in self.columns))

    def _deep(self, cells: Sequence[Cell]) -> float:
        return sum(cell.height + self.tracking for cell in cells) * self.size


def lay_out_columns(layer: TextLayer, text: str, fonts: Fonts) -> Columns:
    """Lay out *text* in vertical columns, at the largest font size that fits the layer's box.

    If the text does not fit at the smallest font size, its end is cut off.
    """
    style = style_of(layer)
    paragraphs = [_cells(part, fonts, layer.weight) for part in chars.clean(text).split("\n")]
    for size in sizes(style):
        room, depth = _room(layer, size, style)
        columns = [column for cells in paragraphs for column in _fill(cells, depth, style.tracking)]
        if len(columns) <= room:
            return _positioned(layer, size, columns, "")
    room, depth = _room(layer, style.least, style)
    visible, rest = columns[:room], columns[room:]
    visible[-1], dropped = _with_ellipsis(visible[-1])
    lost = "".join(cell.text for cell in [*dropped, *(cell for cells in rest for cell in cells)])
    return _positioned(layer, style.least, visible, lost)


def _room(layer: TextLayer, size: int, style: Style) -> tuple[int, float]:
    """Return the number of columns that fit the layer's box, and a column's height in ems."""
    _, _, width, height = layer.box
    count = int((width - size) / (size * style.line) + 1.001) if width >= size else 1
    return max(min(style.max_lines, count), 1), height / size


def _cells(text: str, fonts: Fonts, weight: int) -> list[Cell]:
    return [_cell(match[0], fonts, weight) for match in _CELLS.finditer(text) if match[0] != " "]


def _cell(text: str, fonts: Fonts, weight: int) -> Cell:
    if len(text) > 2 or (len(text) == 2 and not text.isdigit()):  # noqa: PLR2004 - digits in a cell
        measure = measurer(fonts, weight)
        return Cell(text, sum(measure(char) for char in text) + 0.1, rotated=True)
    upright = _UPRIGHT.get(text)
    return Cell(upright if upright and fonts.covers(upright) else text, 1, rotated=False)


def _fill(cells: Sequence[Cell], depth: float, tracking: float) -> list[tuple[Cell, ...]]:
    """Divide *cells* into columns that are at most *depth* ems high.

    A punctuation mark that may not begin a column takes the cell before it along.
    """
    columns: list[list[Cell]] = [[]]
    used = 0.0
    for cell in cells:
        height = cell.height + tracking
        if columns[-1] and used + height - tracking > depth + 1e-6:
            carried = _carried(columns[-1], cell)
            columns.append(carried)
            used = sum(each.height + tracking for each in carried)
        columns[-1].append(cell)
        used += height
    return [tuple(column) for column in columns]


def _carried(column: list[Cell], first: Cell) -> list[Cell]:
    carried: list[Cell] = []
    while len(column) > 1 and not _may_break(column[-1], carried[0] if carried else first):
        carried.insert(0, column.pop())
    return carried


def _may_break(before: Cell, after: Cell) -> bool:
    return chars.may_break(_plain(before.text[-1]), _plain(after.text[0]))


def _plain(char: str) -> str:
    return next((plain for plain, upright in _UPRIGHT.items() if upright == char), char)


def _with_ellipsis(cells: tuple[Cell, ...]) -> tuple[tuple[Cell, ...], tuple[Cell, ...]]:
    mark = Cell(_UPRIGHT[_ELLIPSIS], 1, rotated=False)
    return (*cells[:-1], mark), cells[-1:]


def _positioned(
    layer: TextLayer, size: int, columns: Sequence[tuple[Cell, ...]], lost: str
) -> Columns:
    x, y, width, height = layer.box
    pitch = size * layer.line
    breadth = pitch * (len(columns) - 1) + size
    left = x + max(width - breadth, 0) * {"left": 0, "center": 0.5, "right": 1}[layer.align]
    placed = []
    for index, cells in enumerate(columns):
        depth = sum(cell.height + layer.tracking for cell in cells) * size
        # Several columns begin at the same height; a single column may be centred.
        share = {"top": 0.0, "middle": 0.5, "bottom": 1.0}[layer.valign]
        top = y + max(height - depth, 0) * (share if len(columns) == 1 else 0)
        placed.append((left + breadth - size - pitch * index, top, cells))
    return Columns(size, tuple(placed), lost, layer.tracking)


def paint_columns(easel: Easel, layer: TextLayer, columns: Columns, fonts: Fonts) -> None:
    """Record in *easel* the steps that paint a text in vertical columns."""
    left, top, right, bottom = (round(value) for value in columns.rect)
    pad = columns.size
    key = ("columns", fonts.key, columns, layer.weight)
    mask = easel.cache.get(
        key,
        lambda: _draw(
            columns, layer.weight, fonts, (left - pad, top - pad, right + pad, bottom + pad)
        ),
    )
    box = mask.getbbox()
    if box:
        at = (left - pad + box[0], top - pad + box[1])
        easel.stamp(mask.crop(box), at, layer.fill, layer.opacity)


def _draw(
    columns: Columns, weight: int, fonts: Fonts, rect: tuple[int, int, int, int]
) -> Image.Image:
    mask = Image.new("L", (rect[2] - rect[0], rect[3] - rect[1]), 0)
    for x, y, cells in columns.columns:
        top = y - rect[1]
        for cell in cells:
            piece = _piece(cell, columns.size, weight, fonts)
            middle = x - rect[0] + columns.size / 2
            mask.paste(255, (round(middle - piece.width / 2), round(top)), piece)
            top += (cell.height + columns.tracking) * columns.size
    return mask


def _piece(cell: Cell, size: int, weight: int, fonts: Fonts) -> Image.Image:
    """Return the mask of one character, number or word, upright or rotated by 90 degrees."""
    glyphs = list(_glyphs(cell.text, size, weight, fonts))
    width = round(sum(advance for _, advance in glyphs)) if glyphs else size
    piece = Image.new("L", (max(width, size) if not cell.rotated else width, round(size * 1.25)), 0)
    draw = ImageDraw.Draw(piece)
    at = (piece.width - width) / 2
    for char, advance in glyphs:
        font = fonts.font(char, size, weight)
        draw.text((at, round(_BASELINE * size)), char, fill=255, font=font, anchor="ls")
        at += advance
    return piece.transpose(Image.Transpose.ROTATE_270) if cell.rotated else piece


def _glyphs(text: str, size: int, weight: int, fonts: Fonts) -> Iterator[tuple[str, float]]:
    squeeze = 0.9 if len(text) == 2 and text.isdigit() else 1  # noqa: PLR2004 - two digits a cell
    yield from ((char, fonts.advance(char, weight) * size * squeeze) for char in text)

"""Contact sheets: pictures that show many reduced posters side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PIL import Image

__all__ = ["contact_sheet"]

#: In pixels: the sheet's width, the gap between thumbnails, the height of upright and of wide
#: thumbnails.
_WIDTH, _GAP, _HIGH, _LOW = 1600, 16, 300, 150
_GROUND = (236, 236, 238)


def contact_sheet(posters: Iterable[Image.Image]) -> Image.Image:
    """Return one picture, 1600 pixels wide, that shows *posters* side by side as thumbnails.

    Upright thumbnails are 300 pixels high, and wide thumbnails 150. Each poster is reduced before
    the next is read from *posters*, so a generator of posters takes little memory.
    """
    rows = _rows([_reduced(poster) for poster in posters])
    height = _GAP + sum(_height(row) + _GAP for row in rows)
    sheet = Image.new("RGB", (_WIDTH, height), _GROUND)
    top = _GAP
    for row in rows:
        left = _GAP
        for picture in row:
            sheet.paste(picture, (left, top))
            left += picture.width + _GAP
        top += _height(row) + _GAP
    return sheet


def _reduced(poster: Image.Image) -> Image.Image:
    high = _HIGH if poster.height >= poster.width else _LOW
    width = round(poster.width * high / poster.height)
    return poster.resize((width, high), Image.Resampling.LANCZOS, reducing_gap=3)


def _rows(pictures: Sequence[Image.Image]) -> list[list[Image.Image]]:
    rows: list[list[Image.Image]] = [[]]
    for picture in pictures:
        used = sum(shown.width + _GAP for shown in rows[-1])
        if rows[-1] and used + picture.width + 2 * _GAP > _WIDTH:
            rows.append([])
        rows[-1].append(picture)
    return rows


def _height(row: Sequence[Image.Image]) -> int:
    return max((picture.height for picture in row), default=0)

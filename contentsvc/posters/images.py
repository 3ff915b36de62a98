"""Pictures on posters: art drawn by code, stored pictures, cut to their boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from PIL import Image

from contentsvc.errors import InputError, RenderError
from contentsvc.posters.art import draw_art
from contentsvc.posters.cache import PaintCache
from contentsvc.posters.layers import ImageLayer
from contentsvc.posters.pictures import open_picture, picture_size

__all__ = ["Pictures", "fetch"]

Pictures = Callable[[str], bytes]
#: A picture may be enlarged this much before it looks soft.
_MOST_ENLARGED = 1.35


def fetch(
    layer: ImageLayer,
    name: str,
    pictures: Pictures,
    palette: Mapping[str, str],
    cache: PaintCache,
) -> tuple[Image.Image, str | None]:
    """Give the picture *name* at the size of the layer's box, and what is wrong with it, if so.

    Raises:
        RenderError: there is no such picture or art, or it cannot be opened.
    """
    size = (round(layer.box[2]), round(layer.box[3]))
    if name.startswith("art:"):
        art_key = (name, size, tuple(sorted(palette.items())))
        return cache.get(art_key, lambda: draw_art(name[4:], size, palette)), None
    data = _read(layer, name, pictures)
    digest = hashlib.sha256(data).digest()
    key = (digest, size, layer.fitting, layer.focus)
    picture = cache.get(key, lambda: _cut(layer, name, data, size))
    return picture, _note(layer, data, size)


def _note(layer: ImageLayer, data: bytes, size: tuple[int, int]) -> str | None:
    """Say whether the picture is too small for its box; its head alone is read."""
    width, height = picture_size(data, field=layer.field)
    if layer.fitting == "contain" or max(size[0] / width, size[1] / height) <= _MOST_ENLARGED:
        return None
    return f"the picture has {width}×{height} pixels; {size[0]}×{size[1]} are shown, so it is soft"


def _read(layer: ImageLayer, name: str, pictures: Pictures) -> bytes:
    try:
        return pictures(name)
    except (LookupError, OSError, InputError) as error:
        raise RenderError(f"there is no picture {name!r}: {error}", field=layer.field) from error


def _cut(layer: ImageLayer, name: str, data: bytes, size: tuple[int, int]) -> Image.Image:
    try:
        picture = open_picture(data, field=layer.field)
    except InputError as error:
        raise RenderError(f"the picture {name!r}: {error}", field=layer.field) from error
    if layer.fitting == "contain":
        return _contained(picture, size)
    return _covering(picture, size, layer.focus)


def _covering(
    picture: Image.Image, size: tuple[int, int], focus: tuple[float, float]
) -> Image.Image:
    """Cut the part around *focus* that fills *size*, and resize it alone."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    wide, high = size[0] / scale, size[1] / scale
    left = min(max(picture.width * focus[0] - wide / 2, 0), picture.width - wide)
    top = min(max(picture.height * focus[1] - high / 2, 0), picture.height - high)
    box = (left, top, min(left + wide, picture.width), min(top + high, picture.height))
    return picture.resize(size, Image.Resampling.LANCZOS, box, reducing_gap=2.0)


def _contained(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
    small = picture.resize(inner, Image.Resampling.LANCZOS, reducing_gap=2.0).convert("RGBA")
    whole = Image.new("RGBA", size, (0, 0, 0, 0))
    whole.paste(small, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return whole

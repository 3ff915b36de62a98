"""Gets the picture of an image layer and fits it to the layer's box."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from PIL import Image

from contentsvc.errors import InputError, RenderError
from contentsvc.messages import Message
from contentsvc.posters.art import draw_art
from contentsvc.posters.paint_cache import PaintCache
from contentsvc.posters.picture_files import open_picture, picture_size
from contentsvc.posters.template.layers import ImageLayer

__all__ = ["Pictures", "digest_of", "fetch"]

Pictures = Callable[[str], bytes]
#: The largest factor by which a picture can be enlarged before it looks soft.
_MAX_ENLARGEMENT = 1.35
#: The smallest share of a picture that may be visible without a warning.
_MIN_VISIBLE = 0.4


def fetch(
    layer: ImageLayer,
    name: str,
    pictures: Pictures,
    palette: Mapping[str, str],
    cache: PaintCache,
) -> tuple[Image.Image, list[tuple[str, Message]]]:
    """Return the picture *name* at the size of the layer's box, and warnings about it.

    Each warning is a pair of a code (see `PosterWarning`) and a message.

    Raises:
        RenderError: there is no such picture or art, or it cannot be opened.
    """
    size = (round(layer.box[2]), round(layer.box[3]))
    if name.startswith("art:"):
        art_key = (name, size, tuple(sorted(palette.items())))
        return cache.get(art_key, lambda: draw_art(name[4:], size, palette)), []
    data = _read(layer, name, pictures)
    digest = hashlib.sha256(data).digest()
    key = (digest, size, layer.fitting, layer.focus)
    picture = cache.get(key, lambda: _fitted(layer, name, data, size))
    return picture, _picture_warnings(layer, data, size)


def digest_of(name: str, pictures: Pictures) -> bytes:
    """Return the SHA-256 digest of the picture *name*, or empty bytes if it cannot be read."""
    try:
        return hashlib.sha256(pictures(name)).digest()
    except (LookupError, OSError, InputError):
        return b""


def _picture_warnings(
    layer: ImageLayer, data: bytes, size: tuple[int, int]
) -> list[tuple[str, Message]]:
    """Return warnings if the picture is too small for its box or has a very different shape."""
    width, height = picture_size(data, field=layer.field)
    if layer.fitting == "contain":
        return []
    warnings = []
    across, down = size[0] / width, size[1] / height
    if max(across, down) > _MAX_ENLARGEMENT:
        message = Message(
            "picture-small",
            width=width,
            height=height,
            shown_width=size[0],
            shown_height=size[1],
        )
        warnings.append(("small_picture", message))
    visible = min(across, down) / max(across, down)
    if visible < _MIN_VISIBLE:
        message = Message("picture-wrong-ratio", share=visible, width=size[0], height=size[1])
        warnings.append(("wrong_ratio", message))
    return warnings


def _read(layer: ImageLayer, name: str, pictures: Pictures) -> bytes:
    try:
        return pictures(name)
    except LookupError as error:
        raise RenderError("picture-missing", name=name, field=layer.field) from error
    except (OSError, InputError) as error:
        raise _unreadable(layer, name, error) from error


def _unreadable(layer: ImageLayer, name: str, error: OSError | InputError) -> RenderError:
    reason = error.message if isinstance(error, InputError) else Message.plain(str(error))
    return RenderError("picture-unreadable", name=name, reason=reason, field=layer.field)


def _fitted(layer: ImageLayer, name: str, data: bytes, size: tuple[int, int]) -> Image.Image:
    try:
        picture = open_picture(data, field=layer.field)
    except InputError as error:
        raise _unreadable(layer, name, error) from error
    if layer.fitting == "contain":
        return _contained(picture, size)
    return _covering(picture, size, layer.focus)


def _covering(
    picture: Image.Image, size: tuple[int, int], focus: tuple[float, float]
) -> Image.Image:
    """Crop *picture* around *focus* to the proportions of *size*, and resize the crop to *size*."""
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

"""Colours of single pixels."""

from __future__ import annotations

from typing import cast

from PIL import Image

__all__ = ["rgb"]


def rgb(image: Image.Image, at: tuple[int, int]) -> tuple[int, int, int]:
    """Return red, green and blue (0 to 255) of the pixel *at* (x, y) of an RGB *image*."""
    assert image.mode == "RGB"
    return cast("tuple[int, int, int]", image.getpixel(at))

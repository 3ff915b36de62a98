"""Checks that a poster can be read: texts must have enough contrast and must not overlap."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from contentsvc.posters.colours import Rgba, mix

__all__ = ["Lettered", "Rect4", "contrast", "crossings", "ground_contrast"]

#: The left, top, right and bottom edge of a rectangle, in pixels.
Rect4 = tuple[float, float, float, float]
#: Pixels by which the cells of letters may overlap, from rounding. A cell is a twelfth larger than
#: its letter; letters whose cells overlap more look as if they touched.
_TOUCH = 1
#: The numbers of samples of the background, across and down.
_SAMPLES = (12, 4)
#: The share of samples that may have a lower contrast, since a small bright spot hides no word.
_WORSE = 0.2


@dataclass(frozen=True, slots=True)
class Lettered:
    """The rectangle that a piece of lettering, a QR code or a sticker covers."""

    name: str
    field: str | None
    rect: Rect4


def crossings(pieces: Sequence[Lettered]) -> Iterator[tuple[Lettered, Lettered]]:
    """Yield each pair of *pieces* from different layers that overlap."""
    for index, first in enumerate(pieces):
        for second in pieces[index + 1 :]:
            if first.name != second.name and _cross(first.rect, second.rect):
                yield first, second


def _cross(first: Rect4, second: Rect4) -> bool:
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    return across > _TOUCH and down > _TOUCH


def contrast(first: Rgba, second: Rgba) -> float:
    """Return the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted((_luminance(first[:3]), _luminance(second[:3])))
    return (lighter + 0.05) / (darker + 0.05)


def ground_contrast(canvas: Image.Image, rect: Rect4, fill: Rgba) -> float:
    """Return the contrast ratio (1 to 21) between text in the colour *fill* and its background.

    The background is the area *rect* of *canvas*. A fifth of it may have a lower contrast than the
    returned value.
    """
    left, top, right, bottom = (round(value) for value in rect)
    box = (max(left, 0), max(top, 0), min(right, canvas.width), min(bottom, canvas.height))
    if box[2] <= box[0] or box[3] <= box[1]:
        return 21
    small = canvas.resize(_SAMPLES, Image.Resampling.NEAREST, box)
    # Most backgrounds are even, so a few colours represent all samples.
    ratios = sorted(
        (_contrast_on(ground, fill), count)
        for count, ground in small.getcolors(_SAMPLES[0] * _SAMPLES[1]) or ()
        if isinstance(ground, tuple)
    )
    allowed = int(_SAMPLES[0] * _SAMPLES[1] * _WORSE)
    for ratio, count in ratios:
        allowed -= count
        if allowed < 0:
            return ratio
    return 21


@lru_cache(maxsize=4096)
def _contrast_on(ground: tuple[int, ...], fill: Rgba) -> float:
    behind: Rgba = (ground[0], ground[1], ground[2], 1.0)
    return contrast(mix(behind, (*fill[:3], 1.0), fill[3]), behind)


@lru_cache(maxsize=4096)
def _luminance(colour: tuple[int, int, int]) -> float:
    red, green, blue = (_linear(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=256)
def _linear(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - constants of sRGB

"""Judges a laid-out poster as a reader would: what lies over what, what is hard to see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from contentsvc.posters.colours import Rgba, mix

__all__ = ["Lettered", "Rect4", "contrast", "crossings", "ground_contrast"]

#: Left, top, right, bottom.
Rect4 = tuple[float, float, float, float]
#: Letters' cells may touch by as many pixels, because a cell is larger than what is drawn in it.
_TOUCH = 8
#: Samples of the ground that are looked at, across and down.
_SAMPLES = (12, 4)
#: Of the samples, how many may be worse: a reader follows a word over a small bright spot.
_WORSE = 0.2


@dataclass(frozen=True, slots=True)
class Lettered:
    """One piece of lettering, or a code or a sticker, and the room it takes."""

    name: str
    field: str | None
    rect: Rect4


def crossings(pieces: Sequence[Lettered]) -> Iterator[tuple[Lettered, Lettered]]:
    """Give each pair of *pieces* of different layers of which one lies over the other."""
    for place, first in enumerate(pieces):
        for second in pieces[place + 1 :]:
            if first.name != second.name and _cross(first.rect, second.rect):
                yield first, second


def _cross(first: Rect4, second: Rect4) -> bool:
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    return across > _TOUCH and down > _TOUCH


def contrast(first: Rgba, second: Rgba) -> float:
    """Give the contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    one, other = sorted((_luminance(first[:3]), _luminance(second[:3])))
    return (other + 0.05) / (one + 0.05)


def ground_contrast(canvas: Image.Image, rect: Rect4, fill: Rgba) -> float:
    """Give the contrast that letters in *fill* have over most of the ground under *rect*."""
    left, top, right, bottom = (round(value) for value in rect)
    box = (max(left, 0), max(top, 0), min(right, canvas.width), min(bottom, canvas.height))
    if box[2] <= box[0] or box[3] <= box[1]:
        return 21
    small = canvas.resize(_SAMPLES, Image.Resampling.NEAREST, box)
    # Grounds are mostly even, so a few colours stand for all samples.
    ratios = sorted(
        (_contrast_on(ground, fill), count)
        for count, ground in small.getcolors(_SAMPLES[0] * _SAMPLES[1]) or ()
        if isinstance(ground, tuple)
    )
    worse = int(_SAMPLES[0] * _SAMPLES[1] * _WORSE)
    for ratio, count in ratios:
        worse -= count
        if worse < 0:
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
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - the numbers of sRGB itself

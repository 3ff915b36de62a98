"""Masks and gradients: smooth edges without painting the whole picture larger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFilter

from contentsvc.posters.colours import Rgba, mix

__all__ = [
    "circle",
    "figure",
    "gradient",
    "polygon",
    "rounded",
    "soft",
    "soft_spot",
    "ticket",
    "with_opacity",
]

#: Edges are drawn this many times larger and reduced.
_OVER = 4
#: Blurs are done at a size that leaves this many pixels of radius.
_BLUR_KEPT = 6

Corners = tuple[float, float, float, float]


def circle(radius: float) -> Image.Image:
    """Draw a filled circle as a mask of `2 * radius` pixels a side."""
    side = max(round(radius * 2), 1)
    large = Image.new("L", (side * _OVER, side * _OVER), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side * _OVER - 1, side * _OVER - 1), fill=255)
    return large.reduce(_OVER)


def rounded(
    size: tuple[int, int], radii: Corners, notches: Sequence[tuple[float, float]] = ()
) -> Image.Image:
    """Draw a filled rectangle with four radii (from the top left, clockwise) as a mask.

    *notches* are (x, radius) pairs: half circles cut out of the top and the bottom edge.
    """
    width, height = size
    mask = Image.new("L", size, 255)
    limit = min(width, height) / 2
    for place, radius in enumerate(radii):
        _round_corner(mask, place, min(radius, limit))
    for x, radius in notches:
        hole = circle(radius)
        left = round(x) - hole.width // 2
        mask.paste(0, (left, -(hole.height // 2)), hole)
        mask.paste(0, (left, height - hole.height // 2), hole)
    return mask


def _round_corner(mask: Image.Image, place: int, radius: float) -> None:
    side = round(radius)
    if side < 1:
        return
    ball = circle(side)
    right, bottom = place in (1, 2), place in (2, 3)
    corner = ball.crop((side * right, side * bottom, side * right + side, side * bottom + side))
    mask.paste(corner, ((mask.width - side) * right, (mask.height - side) * bottom))


def polygon(size: tuple[int, int], points: Sequence[tuple[float, float]]) -> Image.Image:
    """Draw a filled polygon as a mask of *size*."""
    large = Image.new("L", (size[0] * _OVER, size[1] * _OVER), 0)
    ImageDraw.Draw(large).polygon([(x * _OVER, y * _OVER) for x, y in points], fill=255)
    return large.reduce(_OVER)


def ticket(
    size: tuple[int, int], radius: float, place: float, notch: float, *, across: bool
) -> Image.Image:
    """Draw a coupon as a mask: half circles cut out where its perforated line meets the edges."""
    width, height = size
    mask = rounded(size, (radius,) * 4)
    hole = circle(notch)
    half = hole.width // 2
    for far in (False, True):
        if across:
            at = (width - half if far else -half, round(height * place) - half)
        else:
            at = (round(width * place) - half, height - half if far else -half)
        mask.paste(0, at, hole)
    return mask


def figure(name: str, size: tuple[int, int]) -> Image.Image:
    """Draw one of the figures that a picture can be cut to as a mask of *size*."""
    width, height = size
    if name == "arch":
        round_ = min(width / 2, height)
        return (
            rounded(size, (round_, round_, 24, 24))
            if width <= height * 2
            else rounded(size, (height / 2,) * 4)
        )
    outline = _OUTLINES[name]()
    return polygon(size, [(x * width, y * height) for x, y in outline])


def _circle_outline() -> list[tuple[float, float]]:
    turns = (math.radians(step) for step in range(360))
    return [(0.5 + math.cos(turn) / 2, 0.5 + math.sin(turn) / 2) for turn in turns]


def _squircle_outline() -> list[tuple[float, float]]:
    """Follow a superellipse of degree four, softer than a rounded square."""
    found = []
    for step in range(360):
        x, y = math.cos(math.radians(step)), math.sin(math.radians(step))
        reach = (abs(x) ** 4 + abs(y) ** 4) ** -0.25 / 2
        found.append((0.5 + x * reach, 0.5 + y * reach))
    return found


def _hexagon_outline() -> list[tuple[float, float]]:
    return [(0.5, 0), (1, 0.25), (1, 0.75), (0.5, 1), (0, 0.75), (0, 0.25)]


def _heart_outline() -> list[tuple[float, float]]:
    found = []
    for step in range(360):
        turn = math.radians(step)
        x = 16 * math.sin(turn) ** 3
        y = (
            13 * math.cos(turn)
            - 5 * math.cos(2 * turn)
            - 2 * math.cos(3 * turn)
            - math.cos(4 * turn)
        )
        # The curve runs from -16 to 16 across, and from 12 down to -17.
        found.append(((x + 16) / 32, (12 - y) / 29))
    return found


_OUTLINES = {
    "circle": _circle_outline,
    "heart": _heart_outline,
    "hexagon": _hexagon_outline,
    "squircle": _squircle_outline,
}


def soft(mask: Image.Image, blur: float) -> tuple[Image.Image, int]:
    """Blur *mask* by *blur* pixels as CSS counts them; give it with the margin it grew by.

    The blur runs on a reduced picture, where it costs a fraction and looks the same.
    """
    margin = math.ceil(blur)
    wide = Image.new("L", (mask.width + 2 * margin, mask.height + 2 * margin), 0)
    wide.paste(mask, (margin, margin))
    # CSS calls twice the standard deviation the blur radius.
    sigma = blur / 2
    step = max(int(sigma // _BLUR_KEPT), 1)
    small = wide.reduce(step) if step > 1 else wide
    small = small.filter(ImageFilter.GaussianBlur(sigma / step))
    return (small.resize(wide.size, Image.Resampling.BICUBIC) if step > 1 else small), margin


def with_opacity(mask: Image.Image, opacity: float) -> Image.Image:
    """Thin *mask* to *opacity* (0 to 1)."""
    if opacity >= 1:
        return mask
    table = [round(value * opacity) for value in range(256)]
    return mask.point(table)


def gradient(
    size: tuple[int, int], stops: Sequence[tuple[float, Rgba]], angle: float, *, radial: bool
) -> Image.Image:
    """Paint a gradient as RGBA.

    *stops* are (place from 0 to 1, colour), sorted; *angle* is in degrees as CSS has it: 180 runs
    from top to bottom, 90 from left to right.
    """
    straight = None if radial else _thin_size(size, angle)
    if straight and straight != size:
        # Along an edge every row (or column) is alike, so one is painted and stretched.
        thin = gradient(straight, stops, angle, radial=False)
        return thin.resize(size, Image.Resampling.NEAREST)
    ramp = _radial_ramp(size) if radial else _linear_ramp(size, angle)
    return Image.merge("RGBA", [ramp.point(table) for table in _tables(tuple(stops))])


@lru_cache(maxsize=256)
def _tables(stops: tuple[tuple[float, Rgba], ...]) -> tuple[list[int], ...]:
    """Give, for each band, what each step of a ramp becomes."""
    ladder = [_colour_at(stops, place / 255) for place in range(256)]
    colours = ([round(colour[band]) for colour in ladder] for band in range(3))
    return (*colours, [round(colour[3] * 255) for colour in ladder])


def _thin_size(size: tuple[int, int], angle: float) -> tuple[int, int] | None:
    if angle % 180 == 0:
        return (1, size[1])
    return (size[0], 1) if angle % 90 == 0 else None


def _linear_ramp(size: tuple[int, int], angle: float) -> Image.Image:
    """Read Pillow's own ramp at a slant, which is quicker than filling pixels from Python."""
    width, height = size
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    length = abs(width * sine) + abs(height * cosine)
    scale = 255.9 / length
    start = 128 - scale * (width * sine - height * cosine) / 2
    slant = (0, 0, 128, scale * sine, -scale * cosine, start)
    return Image.linear_gradient("L").transform(
        size, Image.Transform.AFFINE, slant, Image.Resampling.BILINEAR
    )


def _radial_ramp(size: tuple[int, int]) -> Image.Image:
    """Stretch Pillow's own ramp, which is black in the middle, so that it ends at the edges."""
    # Pillow's reaches white at the corners only: measured, 181 at the middle of an edge.
    table = [min(round(value * 255 / 181), 255) for value in range(256)]
    return Image.radial_gradient("L").point(table).resize(size, Image.Resampling.BILINEAR)


def soft_spot(size: tuple[int, int]) -> Image.Image:
    """Draw an ellipse that fades from its middle to nothing at its edge, without a visible rim."""
    fade = [round(255 * (1 - value / 255) ** 2 * (1 + 2 * value / 255)) for value in range(256)]
    return _radial_ramp(size).point(fade)


def _colour_at(stops: Sequence[tuple[float, Rgba]], place: float) -> Rgba:
    before = stops[0]
    for after in stops:
        if place <= after[0]:
            span = after[0] - before[0]
            return mix(before[1], after[1], (place - before[0]) / span if span else 0)
        before = after
    return before[1]

"""Masks and gradients: smooth edges without painting the whole picture larger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from PIL import Image, ImageDraw, ImageFilter

from contentsvc.posters.colours import Rgba

__all__ = [
    "circle",
    "figure",
    "gradient",
    "polygon",
    "rounded",
    "soft",
    "soft_ball",
    "soft_spot",
    "ticket",
    "with_opacity",
]

#: Edges are drawn this many times larger and reduced; in figures of more pixels, half as many.
_OVER, _LARGE = 4, 160_000
#: Blurs are done at a size that leaves this many pixels of radius.
_BLUR_KEPT = 6

Corners = tuple[float, float, float, float]


def circle(radius: float) -> Image.Image:
    """Draw a filled circle as a mask of `2 * radius` pixels a side."""
    side = max(round(radius * 2), 1)
    over = _over(side * side)
    large = Image.new("L", (side * over, side * over), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side * over - 1, side * over - 1), fill=255)
    return large.reduce(over)


def _over(pixels: int) -> int:
    """Say how many times larger a figure is drawn; of a large one less of it is edge."""
    return _OVER if pixels <= _LARGE else _OVER // 2


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
    over = _over(size[0] * size[1])
    large = Image.new("L", (size[0] * over, size[1] * over), 0)
    ImageDraw.Draw(large).polygon([(x * over, y * over) for x, y in points], fill=255)
    return large.reduce(over)


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
    step = _blur_step(blur)
    size = (mask.width + 2 * margin, mask.height + 2 * margin)
    edge = math.ceil(margin / step) * step
    room = [-(-(side + 2 * edge) // step) * step for side in mask.size]
    wide = Image.new("L", (room[0], room[1]), 0)
    wide.paste(mask, (edge, edge))
    small = wide.reduce(step) if step > 1 else wide
    # CSS calls twice the standard deviation the blur radius.
    small = small.filter(ImageFilter.GaussianBlur(blur / 2 / step))
    start = (edge - margin) / step
    box = (start, start, start + size[0] / step, start + size[1] / step)
    return small.resize(size, Image.Resampling.BILINEAR, box), margin


def soft_ball(radius: float, blur: float) -> Image.Image:
    """Draw a circle blurred by *blur* pixels, with its margin; it is never drawn at its size."""
    step = _blur_step(blur)
    side = 2 * (math.ceil(radius) + math.ceil(blur))
    small = Image.new("L", (-(-side // step),) * 2, 0)
    middle, reach = side / 2 / step, radius / step
    box = (middle - reach, middle - reach, middle + reach - 1, middle + reach - 1)
    ImageDraw.Draw(small).ellipse(box, fill=255)
    small = small.filter(ImageFilter.GaussianBlur(blur / 2 / step))
    return small.resize((side, side), Image.Resampling.BILINEAR, (0, 0, side / step, side / step))


def _blur_step(blur: float) -> int:
    return max(int(blur / 2 // _BLUR_KEPT), 1)


def with_opacity(mask: Image.Image, opacity: float) -> Image.Image:
    """Thin *mask* to *opacity* (0 to 1)."""
    if opacity >= 1:
        return mask
    return Image.blend(Image.new("L", mask.size, 0), mask, max(opacity, 0))


def gradient(
    size: tuple[int, int], stops: Sequence[tuple[float, Rgba]], angle: float, *, radial: bool
) -> Image.Image:
    """Paint a gradient, as RGB where all its *stops* are opaque and as RGBA elsewhere.

    *stops* are (place from 0 to 1, colour), sorted; *angle* is in degrees as CSS has it: 180 runs
    from top to bottom, 90 from left to right.
    """
    width, height = size
    if radial:
        ladder, ramp = _ladder(tuple(stops), 256), _radial_ramp(size)
        bands = [ramp.point(list(band.tobytes())) for band in ladder.split()]
        return Image.merge(ladder.mode, bands)
    if angle % 180 == 90:  # noqa: PLR2004 - a quarter turn
        row = _ladder(tuple(stops), width)
        row = row if angle % 360 == 90 else row.transpose(Image.Transpose.ROTATE_180)  # noqa: PLR2004 - a quarter turn
        return row.resize(size, Image.Resampling.NEAREST)
    if angle % 180 == 0:
        turn = Image.Transpose.ROTATE_270 if angle % 360 else Image.Transpose.ROTATE_90
        column = _ladder(tuple(stops), height).transpose(turn)
        return column.resize(size, Image.Resampling.NEAREST)
    return _slanted(tuple(stops), size, angle)


@lru_cache(maxsize=128)
def _ladder(stops: tuple[tuple[float, Rgba], ...], length: int) -> Image.Image:
    """Paint *stops* as one row of pixels; whoever takes it leaves it as it is."""
    mode = "RGB" if all(stop[3] >= 1 for _, stop in stops) else "RGBA"
    row = Image.new(mode, (length, 1), _pixel(stops[0][1]))
    for (start, first), (end, second) in pairwise(stops):
        left, right = round(start * length), round(end * length)
        if right > left:
            pair = Image.new(mode, (2, 1), _pixel(first))
            pair.putpixel((1, 0), _pixel(second))
            # From the middle of one pixel to that of the other, so both ends are reached.
            box = (0.5, 0, 1.5, 1)
            row.paste(pair.resize((right - left, 1), Image.Resampling.BILINEAR, box), (left, 0))
    row.paste(_pixel(stops[-1][1]), (round(stops[-1][0] * length), 0, length, 1))
    return row


def _pixel(colour: Rgba) -> tuple[int, int, int, int]:
    return (*colour[:3], round(colour[3] * 255))


def _slanted(
    stops: tuple[tuple[float, Rgba], ...], size: tuple[int, int], angle: float
) -> Image.Image:
    """Read a row of one step a pixel at a slant, which is quicker than filling from Python."""
    width, height = size
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    length = abs(width * sine) + abs(height * cosine)
    start = (length - width * sine + height * cosine) / 2
    return _ladder(stops, math.ceil(length)).transform(
        size, Image.Transform.AFFINE, (sine, -cosine, start, 0, 0, 0), Image.Resampling.NEAREST
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

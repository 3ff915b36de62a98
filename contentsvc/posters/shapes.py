"""Draws masks of shapes with smooth edges, blurred masks, and gradients.

None of them needs an enlarged copy of the whole picture.
"""

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

#: The factor by which shapes are enlarged for drawing and then reduced. Shapes of more than
#: `_LARGE` pixels use half of this factor.
_ENLARGED, _LARGE = 4, 160_000
#: Before a blur, the picture is reduced until the blur radius has about this many pixels.
_BLUR_PIXELS = 6

Corners = tuple[float, float, float, float]


def circle(radius: float) -> Image.Image:
    """Return the mask of a filled circle, `2 * radius` pixels wide and high."""
    side = max(round(radius * 2), 1)
    factor = _enlargement(side * side)
    large = Image.new("L", (side * factor, side * factor), 0)
    ImageDraw.Draw(large).ellipse((0, 0, side * factor - 1, side * factor - 1), fill=255)
    return large.reduce(factor)


def _enlargement(pixels: int) -> int:
    """Return the factor by which to enlarge a shape of *pixels* pixels while drawing it.

    Large shapes need a smaller factor, because their edge is a smaller part of them.
    """
    return _ENLARGED if pixels <= _LARGE else _ENLARGED // 2


def rounded(
    size: tuple[int, int], radii: Corners, notches: Sequence[tuple[float, float]] = ()
) -> Image.Image:
    """Return the mask of a filled rectangle. *radii* are its corner radii, clockwise from top left.

    *notches* are (x, radius) pairs of half circles that are cut out of the top and the bottom edge.
    """
    width, height = size
    mask = Image.new("L", size, 255)
    limit = min(width, height) / 2
    for corner, radius in enumerate(radii):
        _round_corner(mask, corner, min(radius, limit))
    for x, radius in notches:
        hole = circle(radius)
        left = round(x) - hole.width // 2
        mask.paste(0, (left, -(hole.height // 2)), hole)
        mask.paste(0, (left, height - hole.height // 2), hole)
    return mask


def _round_corner(mask: Image.Image, corner: int, radius: float) -> None:
    side = round(radius)
    if side < 1:
        return
    ball = circle(side)
    right, bottom = corner in (1, 2), corner in (2, 3)
    rounded_corner = ball.crop(
        (side * right, side * bottom, side * right + side, side * bottom + side)
    )
    mask.paste(rounded_corner, ((mask.width - side) * right, (mask.height - side) * bottom))


def polygon(size: tuple[int, int], points: Sequence[tuple[float, float]]) -> Image.Image:
    """Return the mask of a filled polygon, as a picture of *size* pixels."""
    factor = _enlargement(size[0] * size[1])
    large = Image.new("L", (size[0] * factor, size[1] * factor), 0)
    ImageDraw.Draw(large).polygon([(x * factor, y * factor) for x, y in points], fill=255)
    return large.reduce(factor)


def ticket(
    size: tuple[int, int], radius: float, position: float, notch: float, *, across: bool
) -> Image.Image:
    """Return the mask of a coupon, with a half circle cut out at each end of its perforated line.

    *position* is the position of the line as a share (0 to 1) of the width or, if *across* is true,
    of the height. *notch* is the radius of the half circles.
    """
    width, height = size
    mask = rounded(size, (radius,) * 4)
    hole = circle(notch)
    half = hole.width // 2
    for far in (False, True):
        if across:
            at = (width - half if far else -half, round(height * position) - half)
        else:
            at = (round(width * position) - half, height - half if far else -half)
        mask.paste(0, at, hole)
    return mask


def figure(name: str, size: tuple[int, int]) -> Image.Image:
    """Return the mask of a named figure, such as `heart`, as a picture of *size* pixels."""
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
    """Return the outline of a squircle, a superellipse of degree four, in a square of side 1."""
    points = []
    for step in range(360):
        x, y = math.cos(math.radians(step)), math.sin(math.radians(step))
        reach = (abs(x) ** 4 + abs(y) ** 4) ** -0.25 / 2
        points.append((0.5 + x * reach, 0.5 + y * reach))
    return points


def _hexagon_outline() -> list[tuple[float, float]]:
    return [(0.5, 0), (1, 0.25), (1, 0.75), (0.5, 1), (0, 0.75), (0, 0.25)]


def _heart_outline() -> list[tuple[float, float]]:
    points = []
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
        points.append(((x + 16) / 32, (12 - y) / 29))
    return points


_OUTLINES = {
    "circle": _circle_outline,
    "heart": _heart_outline,
    "hexagon": _hexagon_outline,
    "squircle": _squircle_outline,
}


def soft(mask: Image.Image, blur: float) -> tuple[Image.Image, int]:
    """Blur *mask* by *blur* pixels, as CSS does; return it and the width of the added margin.

    The blur runs on a reduced picture, which looks the same and takes a fraction of the time.
    """
    margin = math.ceil(blur)
    step = _blur_step(blur)
    size = (mask.width + 2 * margin, mask.height + 2 * margin)
    edge = math.ceil(margin / step) * step
    room = [-(-(side + 2 * edge) // step) * step for side in mask.size]
    wide = Image.new("L", (room[0], room[1]), 0)
    wide.paste(mask, (edge, edge))
    small = wide.reduce(step) if step > 1 else wide
    # The blur radius of CSS is twice the standard deviation.
    small = small.filter(ImageFilter.GaussianBlur(blur / 2 / step))
    start = (edge - margin) / step
    box = (start, start, start + size[0] / step, start + size[1] / step)
    return small.resize(size, Image.Resampling.BILINEAR, box), margin


def soft_ball(radius: float, blur: float) -> Image.Image:
    """Return the mask of a circle, blurred by *blur* pixels and including a margin for the blur.

    The circle is drawn and blurred at a reduced size, then enlarged.
    """
    step = _blur_step(blur)
    side = 2 * (math.ceil(radius) + math.ceil(blur))
    small = Image.new("L", (-(-side // step),) * 2, 0)
    middle, reach = side / 2 / step, radius / step
    box = (middle - reach, middle - reach, middle + reach - 1, middle + reach - 1)
    ImageDraw.Draw(small).ellipse(box, fill=255)
    small = small.filter(ImageFilter.GaussianBlur(blur / 2 / step))
    return small.resize((side, side), Image.Resampling.BILINEAR, (0, 0, side / step, side / step))


def _blur_step(blur: float) -> int:
    return max(int(blur / 2 // _BLUR_PIXELS), 1)


def with_opacity(mask: Image.Image, opacity: float) -> Image.Image:
    """Return *mask* multiplied by *opacity* (0 to 1)."""
    if opacity >= 1:
        return mask
    return Image.blend(Image.new("L", mask.size, 0), mask, max(opacity, 0))


def gradient(
    size: tuple[int, int], stops: Sequence[tuple[float, Rgba]], angle: float, *, radial: bool
) -> Image.Image:
    """Return a picture of a gradient: RGB if all colours in *stops* are opaque, else RGBA.

    *stops* are sorted pairs of a position (0 to 1) and a colour. *angle* is in degrees, as in CSS:
    180 runs from top to bottom, 90 from left to right.
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
    """Return the gradient of *stops* as a row of *length* pixels.

    The row is cached: do not change it.
    """
    mode = "RGB" if all(stop[3] >= 1 for _, stop in stops) else "RGBA"
    row = Image.new(mode, (length, 1), _pixel(stops[0][1]))
    for (start, first), (end, second) in pairwise(stops):
        left, right = round(start * length), round(end * length)
        if right > left:
            pair = Image.new(mode, (2, 1), _pixel(first))
            pair.putpixel((1, 0), _pixel(second))
            # Interpolate between the centres of the two pixels, so that both end colours are exact.
            box = (0.5, 0, 1.5, 1)
            row.paste(pair.resize((right - left, 1), Image.Resampling.BILINEAR, box), (left, 0))
    row.paste(_pixel(stops[-1][1]), (round(stops[-1][0] * length), 0, length, 1))
    return row


def _pixel(colour: Rgba) -> tuple[int, int, int, int]:
    return (*colour[:3], round(colour[3] * 255))


def _slanted(
    stops: tuple[tuple[float, Rgba], ...], size: tuple[int, int], angle: float
) -> Image.Image:
    """Return a picture of a gradient at *angle* degrees.

    Pillow's affine transform is faster than a loop in Python.
    """
    width, height = size
    sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
    length = abs(width * sine) + abs(height * cosine)
    start = (length - width * sine + height * cosine) / 2
    return _ladder(stops, math.ceil(length)).transform(
        size, Image.Transform.AFFINE, (sine, -cosine, start, 0, 0, 0), Image.Resampling.NEAREST
    )


def _radial_ramp(size: tuple[int, int]) -> Image.Image:
    """Return a radial gradient, black in the middle and white at the edges."""
    # Pillow's gradient is white only at the corners; at the middle of an edge it is 181.
    table = [min(round(value * 255 / 181), 255) for value in range(256)]
    return Image.radial_gradient("L").point(table).resize(size, Image.Resampling.BILINEAR)


def soft_spot(size: tuple[int, int]) -> Image.Image:
    """Return the mask of an ellipse that fades from its middle to nothing at its edge."""
    fade = [round(255 * (1 - value / 255) ** 2 * (1 + 2 * value / 255)) for value in range(256)]
    return _radial_ramp(size).point(fade)

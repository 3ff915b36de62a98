"""A pen for smooth shapes. Its units are scaled to fit a picture of any size."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from contentsvc.posters import shapes
from contentsvc.posters.art.curves import (
    Point,
    ellipse_points,
    rounded_points,
    smooth,
    turned,
)
from contentsvc.posters.colours import resolve

__all__ = ["Pen"]

#: A colour, or the colours of a gradient from top to bottom.
Paint = str | Sequence[str]
#: Shapes of up to `_SMALL` pixels are drawn four times larger, of up to `_MIDDLE` pixels three
#: times, and all others twice. In a large shape, fewer of the pixels are edges that need smoothing.
_SMALL, _MIDDLE = 10_000, 90_000


class Pen:
    """Draws smooth shapes on a new, transparent picture of *size* pixels.

    To smooth a shape, the pen draws it enlarged, then reduces it. If *smooth* is false, the pen
    draws each shape at its final size: this is faster, and good enough for very pale art.
    """

    def __init__(
        self, size: tuple[int, int], palette: Mapping[str, str], *, smooth: bool = True
    ) -> None:
        self.width, self.height = size
        self._palette = palette
        self._smooth = smooth
        # The bands are red, green and blue premultiplied by opacity, and the opacity. Pillow pastes
        # all four bands of CMYK alike, which composites correctly; in RGBA it does not.
        self._image = Image.new("CMYK", size, (0, 0, 0, 0))
        self._scale, self._left, self._top = 1.0, 0.0, 0.0

    def finish(self) -> Image.Image:
        """Return the finished picture: RGB if it is opaque everywhere, else RGBA."""
        *colours, opacity = self._image.split()
        if opacity.getextrema() == (255, 255):
            return Image.merge("RGB", colours)
        return Image.merge("RGBa", [*colours, opacity]).convert("RGBA")

    def frame(self, width: float, height: float, anchor: float = 1.0) -> None:
        """Set the units: *width* × *height* units fit the picture and are centred horizontally.

        *anchor* is their vertical position if the picture is taller: 1 at the bottom, 0 at the top.
        """
        scale = min(self.width / width, self.height / height)
        self._scale = scale
        self._left = (self.width - width * scale) / 2
        self._top = (self.height - height * scale) * anchor

    def whole(self) -> tuple[float, float, float, float]:
        """Return the picture's left, top, width and height in the units that `frame` set."""
        return (
            -self._left / self._scale,
            -self._top / self._scale,
            self.width / self._scale,
            self.height / self._scale,
        )

    def ground(self, paint: Sequence[str]) -> None:
        """Fill the picture with a vertical gradient of opaque colours, the first at the top."""
        _, self._image = self._ramp(paint, self._image.size)

    def round(
        self, box: tuple[float, float, float, float], radius: float, paint: Paint, turn: float = 0
    ) -> None:
        """Fill the rounded rectangle *box* (x, y, width, height), rotated by *turn* degrees.

        The centre of the rotation is the centre of the rectangle.
        """
        x, y, width, height = box
        outline = rounded_points(x, y, width, height, min(radius, width / 2, height / 2))
        self.shape(turned(outline, (x + width / 2, y + height / 2), turn), paint)

    def ellipse(
        self, at: Point, radii: Point, paint: Paint, *, turn: float = 0, alpha: float = 1
    ) -> None:
        """Fill an ellipse with the centre *at*, rotated by *turn* degrees."""
        if turn:
            self.shape(turned(ellipse_points(at, radii), at, turn), paint, alpha=alpha)
            return
        (x, y), (across, down) = self._move(at), radii
        across, down = across * self._scale, down * self._scale
        corner, size = self._bounds([(x - across, y - down), (x + across, y + down)])
        if size[0] < 1 or size[1] < 1:
            return
        level = round(255 * alpha * self._opacity(paint))
        factor = self._enlargement(size)
        mask = Image.new("L", (size[0] * factor, size[1] * factor), 0)
        x, y = x - corner[0], y - corner[1]
        box = [
            (x - across) * factor,
            (y - down) * factor,
            (x + across) * factor,
            (y + down) * factor,
        ]
        ImageDraw.Draw(mask).ellipse(box, fill=level)
        self._fill(mask.reduce(factor) if factor > 1 else mask, corner, paint)

    def shape(
        self,
        points: Sequence[Point],
        paint: Paint,
        *,
        alpha: float = 1,
        inside: Sequence[Point] = (),
    ) -> None:
        """Fill the polygon *points*, clipped to the polygon *inside* if one is given."""
        moved = self._moved(points)
        corner, size = self._bounds(moved)
        if size[0] < 1 or size[1] < 1:
            return
        alpha *= self._opacity(paint)
        mask = self._mask([moved], corner, size, 255 if inside else round(255 * alpha))
        if inside:
            inner = self._mask([self._moved(inside)], corner, size, round(255 * alpha))
            mask = ImageChops.multiply(mask, inner)
        self._fill(mask, corner, paint)

    def _bounds(self, moved: Sequence[Point]) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return a shape's bounding box, clipped to the picture: its top left corner and its size.

        *moved* is the outline of the shape; all values are in pixels. If no part of the shape is
        visible, the width or the height is below 1.
        """
        across, down = zip(*moved, strict=True)
        left, top = max(math.floor(min(across)), 0), max(math.floor(min(down)), 0)
        right = min(math.ceil(max(across)) + 1, self.width)
        bottom = min(math.ceil(max(down)) + 1, self.height)
        return (left, top), (right - left, bottom - top)

    def curve(self, points: Sequence[Point], paint: Paint, *, alpha: float = 1) -> None:
        """Fill a smooth closed curve through *points*."""
        self.shape(smooth(points, closed=True), paint, alpha=alpha)

    def stroke(self, points: Sequence[Point], width: float, paint: str) -> None:
        """Draw a line with round ends through *points*."""
        moved = self._moved(points)
        thick = max(width * self._scale, 1)
        reach = thick / 2 + 1
        corners = [(x + step, y + step) for x, y in moved for step in (-reach, reach)]
        corner, size = self._bounds(corners)
        if size[0] < 1 or size[1] < 1:
            return
        factor = self._enlargement(size)
        mask = Image.new("L", (size[0] * factor, size[1] * factor), 0)
        draw = ImageDraw.Draw(mask)
        line = [((x - corner[0]) * factor, (y - corner[1]) * factor) for x, y in moved]
        opacity = round(255 * self._opacity(paint))
        draw.line(line, fill=opacity, width=max(round(thick * factor), 1), joint="curve")
        half = thick * factor / 2
        for x, y in (line[0], line[-1]):
            draw.ellipse((x - half, y - half, x + half, y + half), fill=opacity)
        self._fill(mask.reduce(factor) if factor > 1 else mask, corner, paint)

    def arc(self, at: Point, radii: Point, span: Point, width: float, paint: str) -> None:
        """Draw an arc of an ellipse from the first to the second angle of *span*.

        The angles are degrees, clockwise from the right.
        """
        points = [
            (
                at[0]
                + radii[0] * math.cos(math.radians(span[0] + (span[1] - span[0]) * step / 40)),
                at[1]
                + radii[1] * math.sin(math.radians(span[0] + (span[1] - span[0]) * step / 40)),
            )
            for step in range(41)
        ]
        self.stroke(points, width, paint)

    def glow(self, at: Point, radii: Point, paint: str, alpha: float = 1) -> None:
        """Paint a soft oval spot, centred on *at*, that fades to nothing at its edge.

        *radii* are its horizontal and its vertical radius.
        """
        x, y = self._move(at)
        wide, high = (max(round(radius * self._scale), 2) for radius in radii)
        ball = shapes.soft_spot((wide * 2, high * 2))
        corner = (round(x - wide), round(y - high))
        self._fill(shapes.with_opacity(ball, alpha * self._opacity(paint)), corner, paint)

    def shade(
        self, box: tuple[float, float, float, float], radius: float, blur: float, paint: str,
        alpha: float,
    ) -> None:  # fmt: skip
        """Paint the soft shadow of a rounded rectangle."""
        x, y, width, height = box
        moved = self._moved(rounded_points(x, y, width, height, radius))
        pad = round(blur * self._scale * 2)
        left, top = round(min(p[0] for p in moved)) - pad, round(min(p[1] for p in moved)) - pad
        size = (round(width * self._scale) + 2 * pad, round(height * self._scale) + 2 * pad)
        mask = Image.new("L", size, 0)
        opacity = round(255 * alpha * self._opacity(paint))
        ImageDraw.Draw(mask).polygon([(x - left, y - top) for x, y in moved], fill=opacity)
        mask = mask.reduce(2).filter(ImageFilter.GaussianBlur(blur * self._scale / 2))
        self._fill(mask.resize(size, Image.Resampling.BILINEAR), (left, top), paint)

    def star(
        self, at: Point, radius: float, paint: str, *, turn: float = 0, points: int = 5
    ) -> None:
        """Draw a filled star, centred on *at*, with the given number of *points*."""
        outline = []
        for step in range(points * 2):
            reach = radius if step % 2 == 0 else radius * 0.5
            angle = math.radians(turn - 90 + step * 180 / points)
            outline.append((at[0] + reach * math.cos(angle), at[1] + reach * math.sin(angle)))
        self.shape(outline, paint)

    def sparkle(self, at: Point, radius: float, paint: str, alpha: float = 1) -> None:
        """Draw a filled four-pointed star, centred on *at*. Its sides curve inwards."""
        turns = [math.radians(step * 5) for step in range(72)]
        outline = [
            (at[0] + radius * math.cos(turn) ** 3, at[1] + radius * math.sin(turn) ** 3)
            for turn in turns
        ]
        self.shape(outline, paint, alpha=alpha)

    def cloud(self, at: Point, size: float, paint: Paint, alpha: float = 1) -> None:
        """Draw a filled cloud that is *size* units wide. *at* is the middle of its flat base."""
        x, y = at
        puffs = ((-0.3, -0.2, 0.2), (-0.05, -0.32, 0.28), (0.26, -0.2, 0.2))
        discs = [
            self._moved(ellipse_points((x + dx * size, y + dy * size), (radius * size,) * 2))
            for dx, dy, radius in puffs
        ]
        foot = rounded_points(x - size / 2, y - size * 0.28, size, size * 0.28, size * 0.14)
        parts = [*discs, self._moved(foot)]
        corner, extent = self._bounds([point for part in parts for point in part])
        if extent[0] < 1 or extent[1] < 1:
            return
        alpha *= self._opacity(paint)
        self._fill(self._mask(parts, corner, extent, round(255 * alpha)), corner, paint)

    def _move(self, point: Point) -> Point:
        return (point[0] * self._scale + self._left, point[1] * self._scale + self._top)

    def _moved(self, points: Sequence[Point]) -> list[Point]:
        scale, left, top = self._scale, self._left, self._top
        return [(x * scale + left, y * scale + top) for x, y in points]

    def _enlargement(self, size: tuple[int, int]) -> int:
        if not self._smooth:
            return 1
        pixels = size[0] * size[1]
        return 4 if pixels <= _SMALL else 3 if pixels <= _MIDDLE else 2

    def _mask(
        self,
        outlines: Sequence[Sequence[Point]],
        corner: tuple[int, int],
        size: tuple[int, int],
        level: int,
    ) -> Image.Image:
        """Return a greyscale mask of *size* pixels in which *outlines* have the grey value *level*.

        *level* is from 0 to 255. *outlines* are polygons in pixels of the picture, and *corner* is
        the point of the picture at the mask's top left corner.
        """
        factor = self._enlargement(size)
        left, top = corner
        mask = Image.new("L", (size[0] * factor, size[1] * factor), 0)
        draw = ImageDraw.Draw(mask)
        for points in outlines:
            draw.polygon([((x - left) * factor, (y - top) * factor) for x, y in points], fill=level)
        return mask.reduce(factor) if factor > 1 else mask

    def _opacity(self, paint: Paint) -> float:
        """Return the opacity of the colour *paint* (0 to 1), or 1 if *paint* is a gradient.

        The opacity of a gradient differs by row, so `_fill` applies it.
        """
        return resolve(paint, self._palette)[3] if isinstance(paint, str) else 1

    def _fill(self, mask: Image.Image, at: tuple[int, int], paint: Paint) -> None:
        """Fill *mask*, placed with its top left corner at *at*, with a colour or a gradient.

        If *paint* is a single colour, *mask* includes its opacity already. The colours of the
        picture are premultiplied by its opacity, so pasting through a mask composites correctly
        over both opaque and empty pixels.
        """
        if isinstance(paint, str):
            red, green, blue, _ = resolve(paint, self._palette)
            # Pasting a picture of one colour takes half the time of pasting the colour.
            ink = Image.new("CMYK", mask.size, (red, green, blue, 255))
            self._image.paste(ink, at, mask)
            return
        ramp, ink = self._ramp(paint, mask.size)
        if ramp is not None:
            mask = ImageChops.multiply(mask, ramp)
        self._image.paste(ink, at, mask)

    def _ramp(
        self, paint: Sequence[str], size: tuple[int, int]
    ) -> tuple[Image.Image | None, Image.Image]:
        """Return a vertical gradient as two pictures: its opacity and its colours.

        The opacity is None if all colours are opaque.
        """
        last = len(paint) - 1
        stops = [(index / last, resolve(name, self._palette)) for index, name in enumerate(paint)]
        # All columns are alike, so one column is painted and stretched.
        bands = shapes.gradient((1, size[1]), stops, 180, radial=False).split()
        full = Image.new("L", (1, size[1]), 255)
        ink = Image.merge("CMYK", [*bands[:3], full]).resize(size, Image.Resampling.NEAREST)
        if len(bands) == 3:  # noqa: PLR2004 - red, green and blue
            return None, ink
        return bands[3].resize(size, Image.Resampling.NEAREST), ink

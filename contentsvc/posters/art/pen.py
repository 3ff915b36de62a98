"""A pen for pictures drawn by code: smooth shapes in a scene's own coordinates."""

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
from contentsvc.posters.colours import Rgba, resolve

__all__ = ["Pen"]

#: One colour, or several from top to bottom.
Paint = str | Sequence[str]
#: Pictures up to this many pixels are drawn at three times their size, larger ones at twice.
_SMALL = 300_000


class Pen:
    """Draws on a transparent ground that is larger than wanted, and reduced in the end."""

    def __init__(
        self, size: tuple[int, int], palette: Mapping[str, str], over: int | None = None
    ) -> None:
        self.width, self.height = size
        self._palette = palette
        self._over = over or (3 if size[0] * size[1] <= _SMALL else 2)
        # Red, green and blue weighed by opacity, then opacity. Pillow pastes the four bands of CMYK
        # all alike, which lays paint over paint; in RGBA it treats what is empty in its own way.
        self._image = Image.new("CMYK", (size[0] * self._over, size[1] * self._over), (0, 0, 0, 0))
        self._scale, self._left, self._top = float(self._over), 0.0, 0.0

    def finish(self) -> Image.Image:
        """Give the picture at the size that was asked for."""
        small = self._image.reduce(self._over) if self._over > 1 else self._image
        return Image.merge("RGBa", small.split()).convert("RGBA")

    def frame(self, width: float, height: float, anchor: float = 1.0) -> None:
        """Draw from now on in a scene of *width* × *height*, shown whole and centred.

        *anchor* says where it stands when there is room over it: 1 at the bottom, 0 at the top.
        """
        scale = min(self.width / width, self.height / height)
        self._scale = scale * self._over
        self._left = (self.width - width * scale) / 2 * self._over
        self._top = (self.height - height * scale) * anchor * self._over

    def whole(self) -> tuple[float, float, float, float]:
        """Give the left, top, width and height of the whole picture in the scene's numbers."""
        return (
            -self._left / self._scale,
            -self._top / self._scale,
            self._image.width / self._scale,
            self._image.height / self._scale,
        )

    def ground(self, paint: Sequence[str]) -> None:
        """Fill the whole picture with opaque colours from top to bottom."""
        _, self._image = self._ramp(paint, self._image.size)

    def round(
        self, box: tuple[float, float, float, float], radius: float, paint: Paint, turn: float = 0
    ) -> None:
        """Fill a rounded rectangle (x, y, width, height), turned around its middle."""
        x, y, width, height = box
        outline = rounded_points(x, y, width, height, min(radius, width / 2, height / 2))
        self.shape(turned(outline, (x + width / 2, y + height / 2), turn), paint)

    def ellipse(
        self, at: Point, radii: Point, paint: Paint, *, turn: float = 0, alpha: float = 1
    ) -> None:
        """Fill an ellipse around *at*."""
        self.shape(turned(ellipse_points(at, radii), at, turn), paint, alpha=alpha)

    def shape(
        self,
        points: Sequence[Point],
        paint: Paint,
        *,
        alpha: float = 1,
        inside: Sequence[Point] = (),
    ) -> None:
        """Fill a polygon; of it only what is *inside* another, where that is given."""
        moved = [self._move(point) for point in points]
        left, top = (math.floor(min(axis)) for axis in zip(*moved, strict=True))
        right, bottom = (math.ceil(max(axis)) + 1 for axis in zip(*moved, strict=True))
        left, top = max(left, 0), max(top, 0)
        size = (min(right, self._image.width) - left, min(bottom, self._image.height) - top)
        if size[0] < 1 or size[1] < 1:
            return
        mask = self._mask(moved, (left, top), size)
        if inside:
            kept = self._mask([self._move(point) for point in inside], (left, top), size)
            mask = ImageChops.multiply(mask, kept)
        self._fill(mask, (left, top), paint, alpha)

    def curve(self, points: Sequence[Point], paint: Paint, *, alpha: float = 1) -> None:
        """Fill a smooth closed curve through *points*."""
        self.shape(smooth(points, closed=True), paint, alpha=alpha)

    def stroke(self, points: Sequence[Point], width: float, paint: str) -> None:
        """Draw a line with round ends through *points*."""
        draw = ImageDraw.Draw(self._image)
        colour = self._weighed(paint)
        moved = [self._move(point) for point in points]
        thick = max(round(width * self._scale), 1)
        draw.line(moved, fill=colour, width=thick, joint="curve")
        for x, y in (moved[0], moved[-1]):
            half = thick / 2
            draw.ellipse((x - half, y - half, x + half, y + half), fill=colour)

    def arc(self, at: Point, radii: Point, span: Point, width: float, paint: str) -> None:
        """Draw a part of an ellipse from *span*'s first to its second angle, 0 to the right."""
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
        """Paint a soft spot that fades to nothing at *radii*."""
        x, y = self._move(at)
        wide, high = (max(round(radius * self._scale), 2) for radius in radii)
        ball = shapes.soft_spot((wide * 2, high * 2))
        self._fill(ball, (round(x - wide), round(y - high)), paint, alpha)

    def shade(
        self, box: tuple[float, float, float, float], radius: float, blur: float, paint: str,
        alpha: float,
    ) -> None:  # fmt: skip
        """Paint the soft shadow of a rounded rectangle."""
        x, y, width, height = box
        moved = [self._move(point) for point in rounded_points(x, y, width, height, radius)]
        pad = round(blur * self._scale * 2)
        left, top = round(moved[0][0]) - pad, round(min(p[1] for p in moved)) - pad
        left = round(min(p[0] for p in moved)) - pad
        size = (round(width * self._scale) + 2 * pad, round(height * self._scale) + 2 * pad)
        mask = self._mask(moved, (left, top), size).reduce(4)
        mask = mask.filter(ImageFilter.GaussianBlur(blur * self._scale / 4)).resize(size)
        self._fill(mask, (left, top), paint, alpha)

    def star(
        self, at: Point, radius: float, paint: str, *, turn: float = 0, points: int = 5
    ) -> None:
        """Fill a star with rounded looks."""
        outline = []
        for step in range(points * 2):
            reach = radius if step % 2 == 0 else radius * 0.5
            angle = math.radians(turn - 90 + step * 180 / points)
            outline.append((at[0] + reach * math.cos(angle), at[1] + reach * math.sin(angle)))
        self.shape(outline, paint)

    def sparkle(self, at: Point, radius: float, paint: str, alpha: float = 1) -> None:
        """Fill a four-pointed glint with hollow sides."""
        turns = [math.radians(step * 5) for step in range(72)]
        outline = [
            (at[0] + radius * math.cos(turn) ** 3, at[1] + radius * math.sin(turn) ** 3)
            for turn in turns
        ]
        self.shape(outline, paint, alpha=alpha)

    def cloud(self, at: Point, size: float, paint: Paint, alpha: float = 1) -> None:
        """Fill a cloud whose flat foot is *size* wide and stands at *at* (its middle)."""
        x, y = at
        left, top = self._move((x - size * 0.6, y - size * 0.7))
        corner = (math.floor(left), math.floor(top))
        heap = Image.new("L", (round(1.2 * size * self._scale), round(0.8 * size * self._scale)), 0)
        draw = ImageDraw.Draw(heap)
        for dx, dy, radius in ((-0.3, -0.2, 0.2), (-0.05, -0.32, 0.28), (0.26, -0.2, 0.2)):
            self._disc(draw, (x + dx * size, y + dy * size), radius * size, corner)
        foot = rounded_points(x - size / 2, y - size * 0.28, size, size * 0.28, size * 0.14)
        moved = (self._move(point) for point in foot)
        draw.polygon([(across - corner[0], down - corner[1]) for across, down in moved], fill=255)
        self._fill(heap, corner, paint, alpha)

    def _disc(
        self, draw: ImageDraw.ImageDraw, at: Point, radius: float, corner: tuple[int, int]
    ) -> None:
        x, y = self._move(at)
        x, y = x - corner[0], y - corner[1]
        reach = radius * self._scale
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=255)

    def _move(self, point: Point) -> Point:
        return (point[0] * self._scale + self._left, point[1] * self._scale + self._top)

    def _mask(
        self, points: Sequence[Point], corner: tuple[int, int], size: tuple[int, int]
    ) -> Image.Image:
        mask = Image.new("L", size, 0)
        moved = [(x - corner[0], y - corner[1]) for x, y in points]
        ImageDraw.Draw(mask).polygon(moved, fill=255)
        return mask

    def _solid(self, paint: str) -> tuple[int, int, int, int]:
        red, green, blue, alpha = resolve(paint, self._palette)
        return (red, green, blue, round(alpha * 255))

    def _weighed(self, paint: str) -> tuple[int, int, int, int]:
        """Give a colour as the picture holds it, weighed by its opacity."""
        red, green, blue, alpha = self._solid(paint)
        return (red * alpha // 255, green * alpha // 255, blue * alpha // 255, alpha)

    def _fill(self, mask: Image.Image, at: tuple[int, int], paint: Paint, alpha: float) -> None:
        """Paint through *mask*.

        The picture's colours are weighed by its opacity, so that pasting through a mask lays the
        paint over what is there, whether that is opaque or empty.
        """
        if isinstance(paint, str):
            red, green, blue, opacity = self._solid(paint)
            thin = shapes.with_opacity(mask, alpha * opacity / 255)
            self._image.paste((red, green, blue, 255), at, thin)
            return
        ramp, ink = self._ramp(paint, mask.size)
        thin = shapes.with_opacity(mask, alpha)
        if ramp is not None:
            thin = ImageChops.multiply(thin, ramp)
        self._image.paste(ink, at, thin)

    def _ramp(
        self, paint: Sequence[str], size: tuple[int, int]
    ) -> tuple[Image.Image | None, Image.Image]:
        """Give a gradient's opacity, where it is not opaque all over, and its opaque colours."""
        stops = self._stops(paint)
        # From top to bottom all rows are alike, so a column is painted and stretched.
        column = shapes.gradient((1, size[1]), stops, 180, radial=False)
        *colours, opacity = column.split()
        full = Image.new("L", column.size, 255)
        ink = Image.merge("CMYK", [*colours, full]).resize(size, Image.Resampling.NEAREST)
        if all(colour[3] >= 1 for _, colour in stops):
            return None, ink
        return opacity.resize(size, Image.Resampling.NEAREST), ink

    def _stops(self, paint: Sequence[str]) -> list[tuple[float, Rgba]]:
        last = len(paint) - 1
        return [(place / last, resolve(name, self._palette)) for place, name in enumerate(paint)]

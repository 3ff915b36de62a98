"""Records the painting steps of shapes: rectangles, lines, pictures, coupons and others."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from PIL import Image, ImageChops, ImageDraw, ImageOps

from contentsvc.posters import shapes
from contentsvc.posters.canvas_steps import Paste, Step
from contentsvc.posters.colours import Rgba, resolve
from contentsvc.posters.paint_cache import PaintCache
from contentsvc.posters.template.layers import Blob, Line, Progress, Rect, Ticket
from contentsvc.posters.template.parts import Fill, Gradient, Radius, Shadow, Stroke

__all__ = ["Easel", "PixelRect", "corners"]

#: The left and top edge, the width and the height of a rectangle, in whole pixels.
PixelRect = tuple[int, int, int, int]


def corners(radius: Radius) -> shapes.Corners:
    """Return the corner radii, clockwise from the top left; one number applies to all four."""
    return radius if isinstance(radius, tuple) else (radius,) * 4


@dataclass(frozen=True, slots=True)
class Easel:
    """Records painting steps, with colours from a palette and a cache of masks and gradients."""

    palette: Mapping[str, str]
    cache: PaintCache
    steps: list[Step] = field(default_factory=list)

    def colour(self, colour: str) -> Rgba:
        """Return the red, green, blue and opacity of *colour*, a hex code or a palette name."""
        return resolve(colour, self.palette)

    def stamp(self, mask: Image.Image, at: tuple[int, int], fill: Fill, opacity: float = 1) -> None:
        """Record a step that paints *fill*, a colour or a gradient, through *mask*.

        *at* is the top left corner of the mask on the poster.
        """
        if isinstance(fill, str):
            red, green, blue, alpha = self.colour(fill)
            thin = shapes.with_opacity(mask, alpha * opacity)
            self.steps.append(Paste((red, green, blue), at, thin, mask.size))
            return
        paint = self._gradient(fill, mask.size)
        thin = shapes.with_opacity(mask, opacity)
        if paint.mode == "RGBA":
            thin = ImageChops.multiply(paint.getchannel("A"), thin)
            paint = paint.convert("RGB")
        self.steps.append(Paste(paint, at, thin, mask.size))

    def _lay(
        self,
        paint: Image.Image | tuple[int, int, int],
        at: tuple[int, int],
        mask: Image.Image,
        rim: int,
    ) -> None:
        """Record steps that paste *paint* through *mask* in three parts: top, middle and bottom.

        The mask must be opaque except in *rim* rows at its top and bottom. Pasting the opaque rows
        without a mask is several times as fast.
        """
        width, height = mask.size
        rim = min(rim, height // 2)
        parts = ((0, rim, True), (rim, height - rim, False), (height - rim, height, True))
        for top, bottom, is_rim in parts:
            if bottom > top:
                box = (0, top, width, bottom)
                piece = paint.crop(box) if isinstance(paint, Image.Image) else paint
                corner, size = (at[0], at[1] + top), (width, bottom - top)
                self.steps.append(Paste(piece, corner, mask.crop(box) if is_rim else None, size))

    def _gradient(self, fill: Gradient, size: tuple[int, int]) -> Image.Image:
        last = len(fill.stops) - 1
        stops = [
            (index / last, self.colour(stop))
            if isinstance(stop, str)
            else (stop[0], self.colour(stop[1]))
            for index, stop in enumerate(fill.stops)
        ]
        key = ("gradient", size, tuple(stops), fill.angle, fill.radial)
        return self.cache.get(
            key, lambda: shapes.gradient(size, stops, fill.angle, radial=fill.radial)
        )

    def shadow(
        self, key: Hashable, mask: Image.Image, at: tuple[int, int], shadow: Shadow, opacity: float
    ) -> None:
        """Record a step that paints the shadow of a shape.

        *mask* is the mask of the shape, *at* its top left corner, and *key* its cache key.
        """
        margin = math.ceil(shadow.blur)
        blurred = self.cache.get(
            ("shadow", key, shadow.blur), lambda: shapes.soft(mask, shadow.blur)[0]
        )
        corner = (at[0] - margin + round(shadow.dx), at[1] - margin + round(shadow.dy))
        self.stamp(blurred, corner, shadow.fill, shadow.alpha * opacity)

    def rounded(
        self,
        size: tuple[int, int],
        radius: Radius,
        notches: tuple[tuple[float, float], ...] = (),
    ) -> tuple[Hashable, Image.Image]:
        """Return the cache key and the mask of a rectangle with rounded corners and notches."""
        key = ("rounded", size, corners(radius), notches)
        return key, self.cache.get(key, lambda: shapes.rounded(size, corners(radius), notches))

    def rect(self, layer: Rect, rect: PixelRect) -> None:
        """Record the steps that paint the rectangle *layer*, at *rect* instead of its own box."""
        x, y, width, height = rect
        key, mask = self.rounded((width, height), layer.radius, layer.notches)
        if layer.shadow:
            self.shadow(key, mask, (x, y), layer.shadow, layer.opacity)
        if layer.fill and layer.opacity >= 1 and self._is_opaque(layer.fill):
            deep = max(*corners(layer.radius), *(radius for _, radius in layer.notches), -1)
            self._lay(self._paint(layer.fill, mask.size), (x, y), mask, math.ceil(deep) + 1)
        elif layer.fill:
            self.stamp(mask, (x, y), layer.fill, layer.opacity)
        if layer.stroke:
            edge = self._edge(mask, layer.radius, round(layer.stroke.width))
            self.stamp(edge, (x, y), layer.stroke.fill, layer.opacity)

    def _paint(self, fill: Fill, size: tuple[int, int]) -> Image.Image | tuple[int, int, int]:
        if isinstance(fill, str):
            red, green, blue, _ = self.colour(fill)
            return (red, green, blue)
        return self._gradient(fill, size)

    def _is_opaque(self, fill: Fill) -> bool:
        stops = [fill] if isinstance(fill, str) else fill.stops
        return all(
            self.colour(stop if isinstance(stop, str) else stop[1])[3] >= 1 for stop in stops
        )

    def _edge(self, mask: Image.Image, radius: Radius, width: int) -> Image.Image:
        """Return a mask of only the border of *mask*, *width* pixels wide."""
        inner_size = (max(mask.width - 2 * width, 1), max(mask.height - 2 * width, 1))
        radii = tuple(max(each - width, 0) for each in corners(radius))
        _, inner = self.rounded(inner_size, (radii[0], radii[1], radii[2], radii[3]))
        hole = ImageOps.expand(inner, width).resize(mask.size)
        return ImageChops.subtract(mask, hole)

    def ticket(self, layer: Ticket) -> None:
        """Record the steps that paint a coupon and its perforated line."""
        x, y, width, height = (round(value) for value in layer.box)
        size = (width, height)
        key = ("ticket", size, layer.radius, layer.at, layer.notch, layer.across)
        mask = self.cache.get(
            key,
            lambda: shapes.ticket(size, layer.radius, layer.at, layer.notch, across=layer.across),
        )
        if layer.shadow:
            self.shadow(key, mask, (x, y), layer.shadow, layer.opacity)
        self.stamp(mask, (x, y), layer.fill, layer.opacity)
        if layer.rule:
            self.line(_perforation(layer))

    def progress(self, layer: Progress, share: float) -> None:
        """Record the steps that paint a progress bar filled to *share* (0 to 1)."""
        x, y, width, height = (round(value) for value in layer.box)
        _, track = self.rounded((width, height), layer.radius)
        self.stamp(track, (x, y), layer.track, layer.opacity)
        full = round(width * share)
        if full > 0:
            # Even a small share is at least as wide as high, so that both ends are round.
            _, bar = self.rounded((max(full, height), height), layer.radius)
            self.stamp(bar, (x, y), layer.fill, layer.opacity)

    def figure(self, size: tuple[int, int], name: str) -> tuple[Hashable, Image.Image]:
        """Return the cache key and the mask of a named figure, such as `heart`."""
        key = ("figure", name, size)
        return key, self.cache.get(key, lambda: shapes.figure(name, size))

    def rim(self, picture: PixelRect, stroke: Stroke, figure: str | None, radius: Radius) -> None:
        """Record a step that paints a picture's border, as a larger shape behind the picture."""
        x, y, width, height = picture
        wide = round(stroke.width)
        size = (width + 2 * wide, height + 2 * wide)
        if figure:
            _, mask = self.figure(size, figure)
        else:
            radii = tuple(each + wide if each else 0 for each in corners(radius))
            _, mask = self.rounded(size, (radii[0], radii[1], radii[2], radii[3]))
        self.stamp(mask, (x - wide, y - wide), stroke.fill)

    def blob(self, layer: Blob) -> None:
        """Record a step that paints a soft spot of colour."""
        x, y, radius = layer.at
        key = ("blob", radius, layer.blur)
        mask = self.cache.get(key, lambda: shapes.soft_ball(radius, layer.blur))
        at = (round(x) - mask.width // 2, round(y) - mask.height // 2)
        self.stamp(mask, at, layer.fill, layer.opacity)

    def line(self, layer: Line) -> None:
        """Record a step that paints a straight line, solid or dashed."""
        x1, y1, x2, y2 = layer.points
        pad = math.ceil(layer.width)
        left, top = math.floor(min(x1, x2)) - pad, math.floor(min(y1, y2)) - pad
        size = (math.ceil(abs(x2 - x1)) + 2 * pad, math.ceil(abs(y2 - y1)) + 2 * pad)
        mask = Image.new("L", size, 0)
        draw = ImageDraw.Draw(mask)
        for start, end in _dashes(layer):
            points = [
                (x1 + (x2 - x1) * share - left, y1 + (y2 - y1) * share - top)
                for share in (start, end)
            ]
            draw.line(points, fill=255, width=max(round(layer.width), 1))
        self.stamp(mask, (left, top), layer.fill, layer.opacity)

    def picture(
        self,
        picture: Image.Image,
        at: tuple[int, int],
        mask: Image.Image,
        opacity: float = 1,
        rim: int | None = None,
    ) -> None:
        """Record the steps that paste *picture* through *mask*, which has the same size.

        If *rim* is given, the mask is opaque except in *rim* pixels at its top and bottom.
        """
        if rim is not None and opacity >= 1 and picture.mode == "RGB":
            self._lay(picture, at, mask, rim)
            return
        mask = shapes.with_opacity(mask, opacity)
        if picture.mode == "RGBA":
            mask = ImageChops.multiply(mask, picture.getchannel("A"))
            picture = picture.convert("RGB")
        self.steps.append(Paste(picture, at, mask, mask.size))


def _perforation(layer: Ticket) -> Line:
    x, y, width, height = layer.box
    pad = layer.notch + 16
    if layer.across:
        middle = y + height * layer.at
        points = (x + pad, middle, x + width - pad, middle)
    else:
        middle = x + width * layer.at
        points = (middle, y + pad, middle, y + height - pad)
    fill = layer.rule or "white"
    return Line(type="line", points=points, fill=fill, width=3, dash=layer.dash)


def _dashes(layer: Line) -> list[tuple[float, float]]:
    """Return the start and the end of each dash of a line, as shares (0 to 1) of its length."""
    if layer.dash is None:
        return [(0, 1)]
    on, off = layer.dash
    x1, y1, x2, y2 = layer.points
    length = math.hypot(x2 - x1, y2 - y1) or 1
    count = math.ceil(length / (on + off))
    return [
        (index * (on + off) / length, min((index * (on + off) + on) / length, 1))
        for index in range(count)
    ]

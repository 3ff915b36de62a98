"""Outlines of shapes, as lists of points."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["Point", "ellipse_points", "rounded_points", "smooth", "turned"]

Point = tuple[float, float]
#: The weights of the four nearest points at each step of a Catmull-Rom curve.
_STEPS = tuple(
    (
        0.5 * (-share + 2 * share**2 - share**3),
        0.5 * (2 - 5 * share**2 + 3 * share**3),
        0.5 * (share + 4 * share**2 - 3 * share**3),
        0.5 * (-(share**2) + share**3),
    )
    for share in (step / 14 for step in range(14))
)
_TURNS = tuple(
    (math.cos(math.radians(step * 3)), math.sin(math.radians(step * 3))) for step in range(120)
)
_QUARTER = tuple(
    (math.cos(math.radians(step * 6)), math.sin(math.radians(step * 6))) for step in range(16)
)


def smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """Return a Catmull-Rom curve through *points*, as a list of points."""
    count = len(points)
    curve: list[Point] = []
    for index in range(count if closed else count - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = (
            points[(index + step) % count]
            if closed
            else points[min(max(index + step, 0), count - 1)]
            for step in (-1, 0, 1, 2)
        )
        curve += [
            (a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3)
            for a, b, c, d in _STEPS
        ]
    return curve if closed else [*curve, points[-1]]


def ellipse_points(at: Point, radii: Point) -> list[Point]:
    """Return the outline of an ellipse with the centre *at*."""
    (x, y), (across, down) = at, radii
    return [(x + across * cosine, y + down * sine) for cosine, sine in _TURNS]


def rounded_points(x: float, y: float, width: float, height: float, radius: float) -> list[Point]:
    """Return the outline of a rounded rectangle."""
    radius = min(radius, width / 2, height / 2)
    quarter = [(radius * cosine, radius * sine) for cosine, sine in _QUARTER]
    left, right = x + radius, x + width - radius
    top, bottom = y + radius, y + height - radius
    return [
        *((right + dx, bottom + dy) for dx, dy in quarter),
        *((left - dy, bottom + dx) for dx, dy in quarter),
        *((left - dx, top - dy) for dx, dy in quarter),
        *((right + dy, top - dx) for dx, dy in quarter),
    ]


def turned(points: Sequence[Point], around: Point, turn: float) -> list[Point]:
    """Rotate *points* by *turn* degrees around the point *around*."""
    if not turn:
        return list(points)
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    return [
        (
            around[0] + (x - around[0]) * cosine - (y - around[1]) * sine,
            around[1] + (x - around[0]) * sine + (y - around[1]) * cosine,
        )
        for x, y in points
    ]

"""Outlines of shapes as points."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["Point", "ellipse_points", "rounded_points", "smooth", "turned"]

Point = tuple[float, float]
_CURVE_STEPS = 14


def smooth(points: Sequence[Point], *, closed: bool) -> list[Point]:
    """Run a Catmull-Rom curve through *points*."""
    count = len(points)
    curve: list[Point] = []
    for place in range(count if closed else count - 1):
        before, start, end, after = (
            points[(place + step) % count]
            if closed
            else points[min(max(place + step, 0), count - 1)]
            for step in (-1, 0, 1, 2)
        )
        curve += [
            (
                _between(before[0], start[0], end[0], after[0], step / _CURVE_STEPS),
                _between(before[1], start[1], end[1], after[1], step / _CURVE_STEPS),
            )
            for step in range(_CURVE_STEPS)
        ]
    return curve if closed else [*curve, points[-1]]


def _between(before: float, start: float, end: float, after: float, share: float) -> float:
    return 0.5 * (
        2 * start
        + (end - before) * share
        + (2 * before - 5 * start + 4 * end - after) * share**2
        + (3 * start - before - 3 * end + after) * share**3
    )


def ellipse_points(at: Point, radii: Point) -> list[Point]:
    """Give the outline of an ellipse around *at*."""
    return [
        (
            at[0] + radii[0] * math.cos(math.radians(step * 3)),
            at[1] + radii[1] * math.sin(math.radians(step * 3)),
        )
        for step in range(120)
    ]


def rounded_points(x: float, y: float, width: float, height: float, radius: float) -> list[Point]:
    """Give the outline of a rounded rectangle."""
    radius = min(radius, width / 2, height / 2)
    middles = (
        (x + width - radius, y + height - radius, 0),
        (x + radius, y + height - radius, 90),
        (x + radius, y + radius, 180),
        (x + width - radius, y + radius, 270),
    )
    return [
        (
            middle_x + radius * math.cos(math.radians(start + step * 6)),
            middle_y + radius * math.sin(math.radians(start + step * 6)),
        )
        for middle_x, middle_y, start in middles
        for step in range(16)
    ]


def turned(points: Sequence[Point], around: Point, turn: float) -> list[Point]:
    """Turn *points* by *turn* degrees *around* a point."""
    sine, cosine = math.sin(math.radians(turn)), math.cos(math.radians(turn))
    return [
        (
            around[0] + (x - around[0]) * cosine - (y - around[1]) * sine,
            around[1] + (x - around[0]) * sine + (y - around[1]) * cosine,
        )
        for x, y in points
    ]

"""Draws misty mountains under a large sun, for posters with quotations."""

from __future__ import annotations

import math

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_hills"]

#: The number of ridges, from the farthest, that have mist in front of them.
_MISTY = 3


def draw_hills(pen: Pen) -> None:
    """Draw mountains and a sun (1080 × 900 units, scaled to fit) on a transparent background."""
    pen.frame(1080, 900)
    left, top, width, height = pen.whole()
    pen.glow((762, 330), (326, 326), "primary+30", 0.6)
    pen.ellipse((762, 330), (168, 168), ["primary", "primary+26", "primary+58"])
    _cranes(pen)
    right, foot = left + width, top + height + 20
    for number, (base, rise, pitch, start) in enumerate(
        ((470, 92, 210, 0.4), (560, 110, 260, 2.1), (664, 92, 230, 3.6), (760, 74, 280, 5.2))
    ):
        ridge = [
            (x, base - rise * _ridge(x / pitch + start)) for x in _steps(left - 60, right + 60, 36)
        ]
        shade = 66 - number * 21
        tones = [f"mist+{max(shade, 0)}", f"mist+{min(shade + 30, 92)}"]
        pen.shape([*smooth(ridge, closed=False), (right + 60, foot), (left - 60, foot)], tones)
        if number < _MISTY:
            pen.glow((540 + (number - 1) * 260, base + 96), (620, 70), "paper", 0.85)
    _boat(pen)


def _steps(start: float, end: float, step: int) -> list[float]:
    return [start + index * step for index in range(math.ceil((end - start) / step) + 1)]


def _ridge(turn: float) -> float:
    """Return the height (0 to 1) of a mountain ridge at *turn* radians.

    The ridge is a sum of sine waves.
    """
    wave = math.sin(turn) + 0.5 * math.sin(2.3 * turn + 1) + 0.22 * math.sin(5.1 * turn)
    return (wave + 1.7) / 3.4


def _cranes(pen: Pen) -> None:
    for x, y, size in ((372, 356, 28), (446, 322, 20), (300, 398, 17)):
        left: list[Point] = smooth(
            [(x - size * 2, y - size * 0.5), (x - size, y - size * 0.62), (x, y)], closed=False
        )
        right: list[Point] = smooth(
            [(x, y), (x + size, y - size * 0.62), (x + size * 2, y - size * 0.4)], closed=False
        )
        pen.stroke(left, size * 0.13, "mist")
        pen.stroke(right, size * 0.13, "mist")


def _boat(pen: Pen) -> None:
    pen.curve([(250, 838), (300, 850), (372, 850), (424, 834), (396, 866), (280, 868)], "ink")
    pen.stroke([(338, 848), (342, 800)], 4, "ink")
    pen.ellipse((343, 792), (9, 10), "ink")
    pen.shape([(318, 790), (343, 768), (368, 790)], "ink")
    for y, wide in ((884, 200), (896, 120)):
        pen.stroke([(338 - wide / 2, y), (338 + wide / 2, y)], 2.5, "#FFFFFF88")

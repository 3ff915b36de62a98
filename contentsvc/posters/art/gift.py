"""Draws an opening gift box, and rays of light for the background of a sale poster."""

from __future__ import annotations

import math

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_gift", "draw_rays"]

_CONFETTI = (
    (120, 130, 24, "gold"), (210, 300, -30, "white"), (80, 420, 60, "gold+40"),
    (300, 90, 12, "accent+30"), (390, 190, -50, "gold"), (640, 120, 40, "white"),
    (720, 250, -20, "gold"), (820, 110, 70, "accent+30"), (850, 380, 15, "gold+40"),
    (770, 470, -40, "white"), (170, 520, 33, "accent+30"), (560, 60, -15, "gold+30"),
)  # fmt: skip


def draw_rays(pen: Pen) -> None:
    """Draw rays of light from a point at 36 % of the height, on a transparent background."""
    width, height = pen.width, pen.height
    middle = (width / 2, height * 0.36)
    reach = math.hypot(width, height)
    points: list[Point] = []
    for step in range(18):
        start, end = math.radians(step * 20 - 4), math.radians(step * 20 + 5)
        points += [middle, *(_far(middle, reach, turn) for turn in (start, end))]
    pen.shape(points, "#FFFFFF", alpha=0.075)
    pen.glow(middle, (width * 0.62, width * 0.62), "#FFE3A3", 0.5)


def _far(middle: Point, reach: float, turn: float) -> Point:
    return (middle[0] + reach * math.cos(turn), middle[1] + reach * math.sin(turn))


def draw_gift(pen: Pen) -> None:
    """Draw an opening gift box (936 × 620 units, scaled to fit) on a transparent background."""
    pen.frame(936, 620)
    pen.glow((468, 330), (440, 300), "#FFF3C9", 0.75)
    for x, y, turn, paint in _CONFETTI:
        pen.round((x, y, 26, 14), 5, paint, turn=turn)
    for x, y, radius in ((250, 190, 18), (700, 180, 22), (150, 240, 12), (800, 300, 14)):
        pen.sparkle((x, y), radius, "white")
    pen.glow((468, 586), (330, 36), "primary-60", 0.5)
    _coins(pen)
    _bolt(pen)
    _box(pen)


def _coins(pen: Pen) -> None:
    for x, y, radius, turn in (
        (300, 250, 40, -18),
        (640, 268, 46, 16),
        (232, 372, 30, 10),
        (716, 390, 32, -12),
    ):
        pen.ellipse((x, y + 4), (radius, radius), "gold-30", turn=turn)
        pen.ellipse((x, y), (radius, radius), ["gold+34", "gold"], turn=turn)
        pen.arc((x, y), (radius * 0.74, radius * 0.74), (0, 360), radius * 0.07, "gold-18")
        half = radius * 0.3
        pen.stroke([(x - half, y - half), (x, y), (x + half, y - half)], radius * 0.13, "gold-38")
        pen.stroke([(x, y), (x, y + half * 1.3)], radius * 0.13, "gold-38")
        for drop in (0.1, 0.5):
            pen.stroke(
                [(x - half * 0.9, y + half * drop), (x + half * 0.9, y + half * drop)],
                radius * 0.11,
                "gold-38",
            )


def _bolt(pen: Pen) -> None:
    bolt = [(500, 96), (390, 292), (462, 292), (424, 440), (566, 232), (484, 232), (548, 96)]
    pen.shape([(x + 10, y + 12) for x, y in bolt], "primary-40", alpha=0.35)
    pen.shape(bolt, ["#FFF6CF", "gold"])
    pen.shape([(508, 110), (416, 278), (438, 278), (522, 110)], "#FFFFFF", alpha=0.65)


def _box(pen: Pen) -> None:
    pen.shape([(286, 384), (468, 352), (650, 384), (468, 424)], ["primary-45", "primary-30"])
    pen.round((290, 398, 356, 190), 26, ["primary+10", "primary-16"])
    pen.round((290, 398, 356, 40), 0, "primary-22", turn=0)
    pen.round((434, 398, 68, 190), 0, ["gold+30", "gold"])
    for turn, side in ((-9, -1), (9, 1)):
        x = 468 + side * 128
        pen.round((x - 116, 366 - 6, 232, 58), 16, ["primary+26", "primary+6"], turn=turn)
        pen.round((x - side * 64 - 20, 366 - 6, 40, 58), 0, ["gold+40", "gold+10"], turn=turn)
    for side in (-1, 1):
        loop = [
            (468, 470),
            (468 + side * 52, 430),
            (468 + side * 96, 446),
            (468 + side * 84, 490),
            (468 + side * 30, 494),
        ]
        pen.shape(smooth(loop, closed=True), ["gold+46", "gold+8"])
        inner = [
            (468 + side * 22, 472),
            (468 + side * 56, 448),
            (468 + side * 76, 462),
            (468 + side * 52, 482),
        ]
        pen.shape(smooth(inner, closed=True), "gold-24")
        tail = [(468, 484), (468 + side * 54, 540), (468 + side * 34, 548), (468 + side * 22, 566)]
        pen.shape(smooth([*tail, (460, 500)], closed=True), ["gold+20", "gold-8"])
    pen.ellipse((468, 480), (25, 23), ["gold+50", "gold"])

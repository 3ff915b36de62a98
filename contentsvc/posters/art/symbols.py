"""Draws symbols and patterns: a play button, dots, arcs, streamers, logos of sample brands."""

from __future__ import annotations

import math

from contentsvc.posters.art.curves import smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_arcs", "draw_dots", "draw_isle", "draw_leaf", "draw_play", "draw_streamers"]


def draw_play(pen: Pen) -> None:
    """Draw a round play button (200 × 200 units, scaled to fit) on a transparent background."""
    pen.frame(200, 200)
    pen.glow((100, 108), (100, 92), "ink", 0.35)
    pen.ellipse((100, 100), (74, 74), "white", alpha=0.94)
    pen.shape([(82, 66), (82, 134), (138, 100)], "primary")


def draw_dots(pen: Pen) -> None:
    """Draw dots that grow towards the upper right corner, on a transparent background."""
    step = 46.0
    for row in range(math.ceil(pen.height / step) + 1):
        for column in range(math.ceil(pen.width / step) + 1):
            x, y = column * step + (row % 2) * step / 2, row * step
            far = (x / pen.width + (1 - y / pen.height)) / 2
            radius = 11 * max(far - 0.35, 0) / 0.65
            if radius > 1:
                pen.ellipse((x, y), (radius, radius), "#FFFFFF", alpha=0.16)


def draw_arcs(pen: Pen) -> None:
    """Draw thin quarter circles around the lower right corner, on a transparent background."""
    for step in range(9):
        radius = (0.22 + step * 0.1) * pen.width
        pen.arc((pen.width, pen.height), (radius, radius), (180, 270), 2.5, "accent@40")


def draw_streamers(pen: Pen) -> None:
    """Draw confetti and streamers all over a transparent background."""
    paints = ("gold", "white", "gold+40", "accent+30", "warm+30")
    for step in range(46):
        # Steps by the two plastic ratios spread points evenly without forming rows.
        x = (0.5 + step * 0.7548776662) % 1 * pen.width
        y = (0.5 + step * 0.5698402910) % 1 * pen.height
        size = 12 + step % 5 * 4
        if step % 4 == 0:
            pen.ellipse((x, y), (size * 0.45, size * 0.45), paints[step % 5])
        else:
            pen.round((x, y, size, size * 0.5), 3, paints[step % 5], turn=step * 37)


def draw_leaf(pen: Pen) -> None:
    """Draw two leaves in a disc, the logo of a sample brand (100 × 100 units, scaled to fit)."""
    pen.frame(100, 100)
    pen.ellipse((50, 50), (50, 50), ["primary+8", "primary-10"])
    pen.stroke([(50, 84), (50, 50)], 6, "white")
    left = [(50, 60), (28, 58), (16, 40), (18, 24), (36, 28), (48, 42)]
    right = [(50, 50), (54, 30), (68, 18), (84, 18), (82, 36), (68, 48)]
    pen.shape(smooth(left, closed=True), "white")
    pen.shape(smooth(right, closed=True), "gold+30")


def draw_isle(pen: Pen) -> None:
    """Draw a light over an island, the logo of a sample brand (100 × 100 units, scaled to fit)."""
    pen.frame(100, 100)
    pen.round((0, 0, 100, 100), 26, ["primary+12", "primary-14"])
    pen.ellipse((50, 46), (22, 22), ["gold+40", "gold"])
    isle = smooth([(8, 70), (30, 56), (50, 62), (72, 52), (92, 70)], closed=False)
    pen.shape([*isle, (92, 74), (8, 74)], "white")
    pen.round((20, 80, 60, 6), 3, "#FFFFFFAA")

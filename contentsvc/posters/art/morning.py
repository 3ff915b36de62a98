"""Draws a sunrise over hills and water, for posters of the morning news (早报)."""

from __future__ import annotations

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_morning"]


def draw_morning(pen: Pen) -> None:
    """Draw a sunrise over hills and water (1080 × 620 units, scaled to fit)."""
    pen.ground(["sky", "sky+30", "dawn", "dawn+35"])
    pen.frame(1080, 620)
    left, top, width, height = pen.whole()
    pen.glow((846, 366), (520, 460), "#FFF2C4", 0.8)
    for radius, alpha in ((250, 0.22), (196, 0.3)):
        pen.ellipse((846, 366), (radius, radius), "#FFF3CF", alpha=alpha)
    pen.ellipse((846, 366), (140, 140), ["#FFD668", "#FF9A62"])
    pen.cloud((1010, 236), 120, "white", 0.8)
    pen.cloud((560, 90), 96, "white", 0.6)
    _birds(pen)
    right, foot = left + width, top + height + 40
    for ridge, paint in _RIDGES:
        line: list[Point] = [(left - 60, ridge[0][1]), *ridge, (right + 60, ridge[-1][1])]
        pen.shape([*smooth(line, closed=False), (right + 60, foot), (left - 60, foot)], paint)
    _trees(pen)


_RIDGES: tuple[tuple[list[Point], list[str]], ...] = (
    (
        [
            (60, 400),
            (190, 350),
            (320, 392),
            (450, 340),
            (600, 396),
            (760, 372),
            (900, 404),
            (1040, 360),
        ],
        ["#F2B993", "#F6CBA8"],
    ),
    (
        [(40, 430), (180, 452), (340, 420), (520, 462), (700, 430), (880, 456), (1050, 420)],
        ["#8FC3A8", "#A9D3B6"],
    ),
    (
        [(40, 520), (200, 478), (380, 516), (560, 492), (760, 526), (920, 486), (1050, 500)],
        ["#5BA58C", "#6FB498"],
    ),
    (
        [(40, 560), (220, 556), (420, 576), (640, 548), (860, 572), (1050, 548)],
        ["#3C8274", "#2F6F66"],
    ),
)


def _birds(pen: Pen) -> None:
    for x, y, size in ((884, 192, 15), (922, 174, 11), (850, 208, 9)):
        pen.arc((x - size, y), (size, size * 0.6), (190, 340), 4, "#7A5A4A")
        pen.arc((x + size, y), (size, size * 0.6), (200, 350), 4, "#7A5A4A")


def _trees(pen: Pen) -> None:
    for x, y, size in (
        (130, 566, 40),
        (182, 574, 28),
        (900, 568, 34),
        (950, 566, 46),
        (996, 570, 26),
    ):
        pen.round((x - 3, y - 4, 6, size * 0.5), 2, "#275A54")
        for step in range(3):
            reach = size * (0.5 - step * 0.11)
            foot = y - step * size * 0.42
            pen.shape([(x - reach, foot), (x, foot - size * 0.72), (x + reach, foot)], "#2C6B61")

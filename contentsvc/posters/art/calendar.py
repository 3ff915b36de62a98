"""Draws a wall calendar with ticked days, a plant and a cup, for daily check-ins."""

from __future__ import annotations

from contentsvc.posters.art.curves import smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_calendar"]

_LEAF, _LEAF_DARK, _POT = "#57B894", "#3E9E7C", "#F2A978"
#: The height above the scene that the sun needs, in units of the scene.
_ROOM_FOR_SUN = -200
#: The number of ticked days.
_DONE = 15


def draw_calendar(pen: Pen) -> None:
    """Draw a calendar, a plant and a cup (936 × 600 units, scaled to fit)."""
    pen.ground(["accent+62", "accent+74", "#FFF3DD"])
    pen.frame(936, 600)
    left, top, width, _ = pen.whole()
    if top < _ROOM_FOR_SUN:
        _sky(pen, top)
    pen.glow((468, 250), (420, 330), "#FFFFFF", 0.75)
    pen.cloud((150, 190), 150, "white", 0.85)
    pen.cloud((800, 150), 128, "white", 0.85)
    for x, y, radius in (
        (92, 300, 11),
        (262, 84, 12),
        (690, 70, 10),
        (868, 262, 12),
        (724, 300, 9),
    ):
        pen.sparkle((x, y), radius, "gold")
    pen.round((left, 530, width, 90), 0, ["#F7D9B0", "#EFC792"])
    pen.round((left, 526, width, 8), 0, "#FFE9C9")
    _board(pen)
    _plant(pen)
    _cup(pen)


def _sky(pen: Pen, top: float) -> None:
    """Draw a sun in the space that a tall picture leaves above the calendar.

    *top* is the y coordinate of the picture's top edge, in units; it is negative.
    """
    pen.glow((262, top * 0.42), (250, 250), "#FFF3C9", 0.9)
    pen.ellipse((262, top * 0.42), (88, 88), ["#FFE08A", "gold"])
    pen.cloud((350, top * 0.42 + 86), 200, "white", 0.95)
    pen.cloud((640, top * 0.62), 150, "white", 0.8)
    for x, share, radius in ((520, 0.8, 12), (130, 0.82, 10), (800, 0.34, 12)):
        pen.sparkle((x, top * share), radius, "gold")


def _board(pen: Pen) -> None:
    pen.shade((296, 150, 344, 380), 34, 22, "accent-45", 0.35)
    pen.round((288, 118, 360, 412), 36, ["#FFFFFF", "#FFFAF4"])
    pen.round((288, 118, 360, 110), 36, ["primary+12", "primary"])
    pen.round((288, 182, 360, 50), 0, "primary")
    for x in (360, 432, 504, 576):
        pen.round((x - 13, 92, 26, 62), 13, "#FFFFFF")
        pen.round((x - 7, 98, 14, 50), 7, "accent-30")
    pen.round((398, 176, 140, 20), 10, "#FFFFFF")
    for row in range(4):
        for column in range(6):
            _day(pen, row, column)
    _tick(pen)


def _day(pen: Pen, row: int, column: int) -> None:
    x, y = 314 + column * 53, 254 + row * 66
    done = row * 6 + column < _DONE
    pen.round((x, y, 43, 46), 13, "accent+66" if done else "#F3ECE4")
    if done:
        pen.stroke([(x + 13, y + 24), (x + 19, y + 31), (x + 31, y + 16)], 4.5, "accent")


def _tick(pen: Pen) -> None:
    pen.ellipse((598, 452), (104, 104), "primary", alpha=0.16)
    pen.ellipse((598, 452), (86, 86), ["primary+22", "primary"])
    pen.arc((598, 452), (72, 72), (0, 360), 3, "#FFFFFFAA")
    pen.stroke([(560, 454), (588, 484), (640, 424)], 17, "#FFFFFF")


def _plant(pen: Pen) -> None:
    pen.stroke([(168, 470), (170, 380), (166, 330)], 7, _LEAF_DARK)
    for points, paint in (
        ([(168, 400), (120, 392), (82, 350), (92, 318), (136, 330), (162, 366)], _LEAF),
        ([(170, 378), (196, 330), (240, 304), (262, 324), (242, 366), (200, 384)], _LEAF_DARK),
        ([(166, 340), (136, 296), (140, 248), (166, 228), (190, 256), (188, 306)], "#6CCBA6"),
    ):
        pen.shape(smooth(points, closed=True), paint)
    pen.stroke([(166, 338), (165, 262)], 3, _LEAF_DARK)
    pen.stroke([(166, 396), (110, 340)], 3, _LEAF_DARK)
    pen.stroke([(172, 374), (236, 330)], 3, _LEAF)
    pen.shape([(108, 446), (228, 446), (212, 542), (124, 542)], [_POT, "#E08F5C"])
    pen.round((98, 428, 140, 34), 12, "#F7BC92")
    pen.ellipse((152, 500), (5, 7), "#7A4A2E")
    pen.ellipse((184, 500), (5, 7), "#7A4A2E")
    pen.arc((168, 506), (9, 8), (15, 165), 4, "#7A4A2E")


def _cup(pen: Pen) -> None:
    pen.arc((848, 482), (32, 30), (-80, 100), 12, "#FFFFFF")
    pen.shape(
        smooth(
            [(728, 432), (848, 432), (844, 500), (824, 536), (752, 536), (732, 500)], closed=True
        ),
        ["#FFFFFF", "#FFF0E2"],
    )
    pen.ellipse((788, 434), (62, 15), "#FFFDF9")
    pen.ellipse((788, 436), (52, 11), "#B9774B")
    pen.stroke([(768, 484), (784, 500), (810, 474)], 8, "accent")
    for x in (764, 792, 818):
        steam = smooth([(x, 410), (x + 9, 394), (x - 7, 376), (x + 3, 356)], closed=False)
        pen.stroke(steam, 5, "#FFFFFFCC")

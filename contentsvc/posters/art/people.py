"""Draws people: an adviser, friends around a parcel, and a face for a small frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_expert", "draw_face", "draw_friends"]

_SKIN, _SKIN_DARK, _LIP = "#FFD9BD", "#F3B994", "#D9705F"
_HAIR = "#4A342B"
#: The colours of hair and shirt, and whether the hair is long, for each friend.
_FRIENDS = (
    ("#3B2A25", "primary", True),
    ("#5A3B2A", "accent", False),
    ("#2E2A33", "gold", True),
    ("#6A4632", "accent+20", False),
    ("#40302B", "primary+30", True),
)


def draw_expert(pen: Pen) -> None:
    """Draw a smiling adviser in white among question marks (936 × 560 units, scaled to fit)."""
    pen.ground(["accent+58", "accent+70", "accent+84"])
    pen.frame(936, 560)
    left, _, width, _ = pen.whole()
    pen.ellipse((468, 330), (300, 300), "white", alpha=0.34)
    pen.ellipse((468, 330), (236, 236), "white", alpha=0.4)
    for x, y, size in ((left + 70, 470, 46), (left + width - 90, 500, 60)):
        pen.round((x - size / 2, y - size / 6, size, size / 3), 6, "white", turn=0)
        pen.round((x - size / 6, y - size / 2, size / 3, size), 6, "white")
    _bubble(pen, (176, 170), (120, 84), "white", tail=1)
    _question(pen, (176, 162), 1.0, "accent")
    _bubble(pen, (770, 130), (104, 72), "primary", tail=-1)
    for step in (-34, 0, 34):
        pen.ellipse((770 + step, 126), (10, 10), "white")
    _bubble(pen, (806, 318), (86, 62), "white", tail=-1)
    _heart(pen, (806, 314), 30, "primary")
    for x, y, radius in ((300, 70, 13), (636, 52, 11), (110, 330, 12), (664, 226, 9)):
        pen.sparkle((x, y), radius, "white")
    _coat(pen)
    _head(pen, (468, 250), 1.0, _HAIR, long=True)
    _glasses(pen)


def _bubble(pen: Pen, at: Point, radii: Point, paint: str, *, tail: int) -> None:
    x, y = at
    wide, high = radii
    pen.shade((x - wide, y - high + 14, wide * 2, high * 2 - 14), high * 0.7, 14, "accent-40", 0.2)
    pen.round((x - wide, y - high, wide * 2, high * 2), high * 0.72, paint)
    pen.shape(
        [
            (x + tail * 20, y + high - 8),
            (x + tail * 74, y + high - 20),
            (x + tail * 86, y + high + 36),
        ],
        paint,
    )


def _question(pen: Pen, at: Point, size: float, paint: str) -> None:
    x, y = at
    pen.arc((x, y - 14 * size), (24 * size, 24 * size), (-190, 60), 13 * size, paint)
    pen.stroke([(x + 10 * size, y + 8 * size), (x, y + 22 * size)], 13 * size, paint)
    pen.ellipse((x, y + 44 * size), (8 * size, 8 * size), paint)


def _heart(pen: Pen, at: Point, size: float, paint: str) -> None:
    points = []
    for step in range(60):
        turn = math.radians(step * 6)
        across = 16 * math.sin(turn) ** 3
        down = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn)
        points.append((at[0] + across * size / 16, at[1] - down * size / 16))
    pen.shape(points, paint)


def _coat(pen: Pen) -> None:
    body = smooth(
        [
            (206, 640),
            (226, 500),
            (300, 436),
            (400, 408),
            (536, 408),
            (636, 436),
            (710, 500),
            (730, 640),
        ],
        closed=False,
    )
    pen.shape(body, ["#FFFFFF", "#EAF1F1"])
    pen.shape([(396, 410), (540, 410), (500, 560), (436, 560)], ["accent+34", "accent+18"])
    pen.round((428, 352, 80, 90), 36, _SKIN_DARK)
    pen.shape([(398, 408), (432, 396), (468, 452), (440, 492)], "#FFFFFF")
    pen.shape([(538, 408), (504, 396), (468, 452), (496, 492)], "#F4F8F8")
    pen.stroke([(330, 470), (350, 560)], 3, "#CFDEDD")
    pen.stroke([(606, 470), (586, 560)], 3, "#CFDEDD")
    tube = smooth([(404, 404), (384, 470), (420, 540), (480, 528)], closed=False)
    pen.stroke(tube, 9, "ink+24")
    pen.stroke(smooth([(532, 404), (556, 452), (560, 500)], closed=False), 9, "ink+24")
    pen.ellipse((560, 512), (17, 17), "ink+24")
    pen.ellipse((560, 512), (9, 9), "#DCE6E6")
    pen.round((596, 500, 70, 46), 8, "#FFFFFF")
    pen.round((608, 510, 46, 8), 4, "primary")
    pen.round((608, 526, 34, 6), 3, "#CFDEDD")


def _head(pen: Pen, at: Point, size: float, hair: str, *, long: bool) -> None:
    x, y = at

    def to(points: Sequence[Point]) -> list[Point]:
        return [(x + across * size, y + down * size) for across, down in points]

    if long:
        pen.curve(
            to(
                [
                    (-112, -40),
                    (-70, -128),
                    (0, -146),
                    (70, -128),
                    (112, -40),
                    (122, 70),
                    (96, 138),
                    (0, 120),
                    (-96, 138),
                    (-122, 70),
                ]
            ),
            hair,
        )
    for side in (-1, 1):
        pen.ellipse((x + side * 96 * size, y + 16 * size), (17 * size, 23 * size), _SKIN_DARK)
    pen.ellipse((x, y + 6 * size), (96 * size, 112 * size), [_SKIN, "#FFCFAE"])
    fringe = [
        (-102, 10),
        (-100, -70),
        (-56, -124),
        (10, -134),
        (70, -116),
        (100, -64),
        (102, 10),
        (84, -34),
        (40, -66),
        (-14, -58),
        (-66, -40),
        (-88, -10),
    ]
    pen.curve(to(fringe), hair)
    for side in (-1, 1):
        pen.glow((x + side * 56 * size, y + 48 * size), (28 * size, 22 * size), "#FF8A73", 0.5)
        pen.ellipse((x + side * 38 * size, y + 14 * size), (8 * size, 10 * size), "#3A2A24")
        pen.ellipse((x + side * 38 * size + 3 * size, y + 10 * size), (3 * size, 3 * size), "white")
        brow = [
            (x + side * 22 * size, y - 14 * size),
            (x + side * 40 * size, y - 20 * size),
            (x + side * 56 * size, y - 13 * size),
        ]
        pen.stroke(smooth(brow, closed=False), 5 * size, hair)
    pen.arc((x, y + 30 * size), (7 * size, 8 * size), (20, 160), 4 * size, _SKIN_DARK)
    pen.arc((x, y + 52 * size), (26 * size, 20 * size), (14, 166), 6 * size, _LIP)


def _glasses(pen: Pen) -> None:
    for x in (430, 506):
        pen.arc((x, 264), (30, 28), (0, 360), 5, "ink+10")
    pen.stroke([(460, 262), (476, 262)], 5, "ink+10")


def draw_face(pen: Pen) -> None:
    """Draw a friendly face for a small frame (400 × 400 units, scaled to fit)."""
    pen.ground(["gold+56", "primary+66"])
    pen.frame(400, 400)
    pen.shape(
        smooth(
            [(70, 460), (96, 350), (160, 310), (240, 310), (304, 350), (330, 460)], closed=False
        ),
        ["accent+10", "accent"],
    )
    pen.round((172, 268, 56, 70), 26, _SKIN_DARK)
    _head(pen, (200, 194), 0.92, _HAIR, long=True)


def draw_friends(pen: Pen) -> None:
    """Draw five friends around a parcel (936 × 600 units, scaled to fit).

    The background is transparent.
    """
    pen.frame(936, 600)
    pen.glow((468, 330), (470, 330), "gold+60", 0.7)
    spots = ((170, 330, 0.62), (766, 330, 0.62), (318, 196, 0.7), (618, 196, 0.7), (468, 236, 0.82))
    for (x, y, size), (hair, shirt, long) in zip(spots, _FRIENDS, strict=True):
        _friend(pen, (x, y), size, (hair, shirt), long=long)
    _parcel(pen)
    for x, y, radius, paint in (
        (84, 130, 20, "gold"),
        (850, 120, 16, "white"),
        (430, 50, 14, "gold"),
        (250, 70, 12, "white"),
        (700, 60, 18, "gold+30"),
    ):
        pen.sparkle((x, y), radius, paint)


def _friend(pen: Pen, at: Point, size: float, paints: tuple[str, str], *, long: bool) -> None:
    x, y = at
    hair, shirt = paints
    wide = 170 * size
    shoulders = [
        (x - wide, y + 420 * size),
        (x - wide * 0.92, y + 200 * size),
        (x - wide * 0.4, y + 132 * size),
        (x + wide * 0.4, y + 132 * size),
        (x + wide * 0.92, y + 200 * size),
        (x + wide, y + 420 * size),
    ]
    pen.shape(smooth(shoulders, closed=False), [f"{shirt}", f"{shirt}"])
    pen.round((x - 32 * size, y + 84 * size, 64 * size, 80 * size), 30 * size, _SKIN_DARK)
    _head(pen, at, size, hair, long=long)


def _parcel(pen: Pen) -> None:
    pen.shade((268, 440, 400, 150), 20, 24, "primary-50", 0.4)
    pen.round((258, 400, 420, 200), 22, ["#F6C98B", "#E3A962"])
    pen.round((258, 400, 420, 52), 22, ["#FFDCA6", "#F6C98B"])
    pen.round((432, 400, 72, 200), 0, ["primary+16", "primary-8"])
    pen.round((300, 520, 96, 46), 10, "#FFFFFF")
    pen.round((314, 534, 66, 7), 3, "#D9B98B")
    pen.round((314, 547, 44, 7), 3, "#D9B98B")
    _heart(pen, (468, 500), 46, "#FFFFFF")

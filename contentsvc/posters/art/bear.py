"""Draws a bear asleep in front of the moon, for evening posts to mothers."""

from __future__ import annotations

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_bear"]

_FUR, _FUR_DARK, _MUZZLE, _NOSE = "#C68A5B", "#B27748", "#FBE3CC", "#4A2A1E"
_BLANKET, _BLANKET_DOT = "#8ECFBF", "#BFE6DB"


def draw_bear(pen: Pen) -> None:
    """Draw a sleeping bear in front of the moon (936 × 540 units, scaled to fit)."""
    pen.ground(["warm+40", "warm+53", "warm+72"])
    pen.frame(936, 540)
    _moon(pen)
    _sky(pen)
    _body(pen)
    _head(pen)
    _cap(pen)
    _blanket(pen)
    _paws(pen)
    _bottle(pen)


def _moon(pen: Pen) -> None:
    pen.glow((472, 242), (330, 330), "#FFF1C9", 0.55)
    pen.ellipse((472, 240), (194, 194), "#FFE9B8")
    pen.ellipse((484, 244), (176, 176), "#FFF4DB")


def _sky(pen: Pen) -> None:
    pen.cloud((220, 326), 200, ["#FFFFFF", "#FFF6F0"])
    pen.cloud((748, 266), 160, ["#FFFFFF", "#FFF6F0"])
    for x, y, radius, turn, paint in (
        (246, 118, 21, -12, "gold"),
        (668, 90, 16, 14, "gold"),
        (320, 46, 11, 8, "primary+20"),
    ):
        pen.star((x, y), radius, paint, turn=turn)
    for x, y, radius in ((418, 24, 9), (562, 20, 12), (138, 190, 13), (648, 168, 9), (822, 326, 11),
                         (124, 354, 9), (868, 150, 8)):  # fmt: skip
        pen.sparkle((x, y), radius * 1.25, "white", 0.95)


def _body(pen: Pen) -> None:
    pen.ellipse((470, 470), (140, 150), _FUR_DARK)


def _head(pen: Pen) -> None:
    for x, turn, inward in ((374, -10, 3), (562, 14, -3)):
        pen.ellipse((x, 170), (36, 40), _FUR, turn=turn)
        pen.ellipse((x + inward, 172), (21, 25), "#E9B98F", turn=turn)
    pen.ellipse((470, 250), (131, 120), ["#D09768", "#C68A5B", "#BA7D4E"])
    pen.glow((452, 214), (120, 80), "#E3B48C", 0.5)
    for x in (382, 558):
        pen.glow((x, 284), (38, 32), "#FF5A4A", 0.62)
    pen.ellipse((470, 308), (62, 50), _MUZZLE)
    for x in (414, 526):
        pen.arc((x, 250), (19, 15), (12, 168), 5, _NOSE)
    pen.ellipse((470, 266), (21, 15), _NOSE)
    pen.ellipse((463, 261), (6, 4), "#8A5A48")
    pen.stroke([(470, 280), (470, 298)], 4, _NOSE)
    pen.arc((458, 298), (12, 11), (8, 172), 4, _NOSE)
    pen.arc((482, 298), (12, 11), (8, 172), 4, _NOSE)


def _cap(pen: Pen) -> None:
    cap = smooth(
        [(384, 172), (404, 112), (446, 66), (506, 52), (566, 66), (606, 100), (628, 142),
         (606, 146), (586, 136), (576, 172)],
        closed=True,
    )  # fmt: skip
    pen.shape(cap, ["primary+8", "primary"])
    for left in (398, 462, 526, 590):
        stripe: list[Point] = [(left, 176), (left + 44, 40), (left + 78, 40), (left + 34, 176)]
        pen.shape(stripe, "primary+34", inside=cap)
    pen.ellipse((626, 146), (25, 25), "#FFF7EE")
    pen.ellipse((620, 140), (14, 14), "#FFFFFF", alpha=0.7)
    pen.round((368, 150, 204, 38), 19, ["#FFFDF8", "#FFF1E4"])


def _blanket(pen: Pen) -> None:
    fold = smooth(
        [(330, 420), (372, 378), (424, 362), (486, 360), (560, 378), (634, 428), (676, 500),
         (690, 560), (240, 560), (262, 490)],
        closed=True,
    )  # fmt: skip
    pen.shape(fold, ["#FFFFFF", "#E7F6F1"])
    cover = smooth(
        [(322, 448), (376, 408), (440, 392), (506, 394), (574, 414), (636, 458), (674, 520),
         (688, 570), (240, 570), (266, 504)],
        closed=True,
    )  # fmt: skip
    pen.shape(cover, ["#97D5C6", _BLANKET])
    for row in range(4):
        for column in range(10):
            at = (252 + column * 56 + (row % 2) * 28, 424 + row * 42)
            pen.shape(_dot(at), _BLANKET_DOT, inside=cover)


def _dot(at: Point) -> list[Point]:
    x, y = at
    return smooth([(x - 8, y), (x, y - 8), (x + 8, y), (x, y + 8)], closed=True)


def _paws(pen: Pen) -> None:
    for x in (398, 540):
        pen.ellipse((x, 376), (35, 30), _FUR)
        for step in (-12, 0, 12):
            pen.ellipse((x + step, 364), (4.5, 6.5), _FUR_DARK)


def _bottle(pen: Pen) -> None:
    pen.ellipse((746, 330), (12, 14), "#E9B97F")
    pen.ellipse((746, 350), (28, 22), "#F0C48B")
    pen.round((704, 356, 84, 32), 13, ["primary+30", "primary+18"])
    pen.round((708, 388, 76, 136), 26, "#FFFFFF")
    pen.round((715, 396, 62, 121), 20, "#FFE9DC")
    pen.round((715, 436, 62, 81), 20, "#FFF1CF")
    pen.round((715, 436, 62, 30), 2, "#FFF1CF")
    for step in range(4):
        pen.round((756, 408 + step * 25, 20, 5), 2.5, "primary+40")
    pen.round((722, 404, 7, 92), 3.5, "#FFFFFF")

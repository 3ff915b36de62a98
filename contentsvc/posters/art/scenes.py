"""Draws scenes: a street market, a quiet room, a letter, hearts, a podium and a winner's cup."""

from __future__ import annotations

import math

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = [
    "draw_cup",
    "draw_letter",
    "draw_love",
    "draw_market",
    "draw_podium",
    "draw_room",
]


def draw_market(pen: Pen) -> None:
    """Draw a stall under lights at a street market (1080 × 700 units, scaled to fit)."""
    pen.ground(["sky+40", "sky+66", "dawn+50"])
    pen.frame(1080, 700)
    left, top, width, height = pen.whole()
    pen.ellipse((820, 250), (120, 120), ["gold+30", "gold+60"])
    pen.cloud((230, 190), 190, "white", 0.9)
    pen.cloud((930, 150), 150, "white", 0.8)
    for x, high, paint in (
        (60, 240, "accent+30"),
        (160, 190, "accent+42"),
        (960, 230, "accent+34"),
        (1050, 180, "accent+46"),
    ):
        pen.ellipse((x, 600 - high * 0.6), (86, high * 0.62), paint)
        pen.round((x - 7, 600 - high * 0.4, 14, high * 0.4 + 10), 5, "#9A6B4A")
    pen.round((left, 596, width, top + height - 590), 0, ["#F2D9B4", "#E8C797"])
    _lights(pen, left, width)
    for x in (300, 776):
        pen.round((x, 330, 18, 276), 6, "#B07A4E")
    pen.round((270, 470, 552, 140), 14, ["#D99A63", "#C28450"])
    pen.round((270, 470, 552, 30), 12, "#EDB882")
    _crates(pen)
    for step in range(8):
        edge = 248 + step * 74.5
        stripe = [
            (edge, 250),
            (edge + 74.5, 250),
            (edge + 74.5 + (step - 3) * 6, 352),
            (edge + (step - 4) * 6, 352),
        ]
        paint = "primary" if step % 2 == 0 else "#FFFFFF"
        pen.shape(stripe, paint)
        pen.ellipse((edge + 37 + (step - 3.5) * 6, 352), (37 + 3, 30), paint)
    pen.round((236, 238, 620, 22), 11, "primary-14")


def _lights(pen: Pen, left: float, width: float) -> None:
    cord = smooth(
        [
            (left - 20, 150),
            (left + width * 0.25, 214),
            (left + width * 0.5, 166),
            (left + width * 0.75, 218),
            (left + width + 20, 150),
        ],
        closed=False,
    )
    pen.stroke(cord, 4, "ink+30")
    for x, y in cord[4 :: max(len(cord) // 13, 1)]:
        pen.glow((x, y + 18), (46, 46), "gold+50", 0.8)
        pen.ellipse((x, y + 18), (11, 14), ["#FFF6D8", "gold"])


def _crates(pen: Pen) -> None:
    for x, paint in ((330, "primary+10"), (480, "gold"), (630, "accent+10")):
        for row in range(2):
            for column in range(4 - row):
                at = (x + 14 + row * 16 + column * 32, 452 - row * 26)
                pen.ellipse(at, (19, 19), paint)
                pen.ellipse((at[0] - 6, at[1] - 6), (5, 4), "#FFFFFF", alpha=0.6)
        pen.round((x - 12, 462, 148, 44), 8, "#B87A48")
        pen.round((x - 12, 480, 148, 5), 2, "#9C6338")


def draw_room(pen: Pen) -> None:
    """Draw an armchair, a lamp, a plant and an arched window (1000 × 800 units, scaled to fit)."""
    pen.ground(["paper", "paper-4"])
    pen.frame(1000, 800)
    left, top, width, height = pen.whole()
    pen.round((left, 660, width, top + height - 650), 0, ["paper-12", "paper-18"])
    window: list[Point] = [(330, 560), (330, 300)]
    window += smooth(
        [(330, 300), (350, 200), (420, 110), (520, 76), (620, 110), (690, 200), (710, 300)],
        closed=False,
    )
    window.append((710, 560))
    pen.shape(window, ["mist+58", "primary+64", "primary+80"])
    pen.ellipse((610, 330), (74, 74), ["primary+8", "primary+40"])
    ridge = smooth(
        [(330, 500), (400, 440), (480, 486), (560, 420), (640, 478), (710, 436)], closed=False
    )
    pen.shape([*ridge, (710, 560), (330, 560)], ["mist+20", "mist+34"], inside=window)
    pen.stroke([(520, 78), (520, 560)], 6, "paper")
    pen.stroke([(332, 330), (708, 330)], 6, "paper")
    pen.round((306, 556, 428, 16), 6, "paper-22")
    pen.ellipse((500, 716), (390, 40), "primary+62")
    _chair(pen)
    _lamp(pen)
    _plant(pen)


def _chair(pen: Pen) -> None:
    for x in (404, 596):
        pen.stroke([(x, 680), (x + (x - 500) * 0.1, 728)], 12, "ink")
    pen.round((380, 420, 240, 240), 90, ["accent+14", "accent"])
    pen.round((350, 570, 300, 120), 50, ["accent+6", "accent-10"])
    pen.round((330, 520, 70, 160), 34, ["accent+24", "accent+4"])
    pen.round((600, 520, 70, 160), 34, ["accent+24", "accent+4"])
    pen.round((432, 500, 136, 96), 26, ["gold+50", "gold+26"], turn=-8)


def _lamp(pen: Pen) -> None:
    pen.glow((214, 330), (220, 220), "gold+50", 0.7)
    pen.stroke([(214, 300), (214, 716)], 9, "ink+10")
    pen.ellipse((214, 718), (60, 12), "ink+10")
    pen.shape([(160, 340), (268, 340), (248, 240), (180, 240)], ["gold+60", "gold+40"])


def _plant(pen: Pen) -> None:
    stems = (
        (806, 560, 720, 360),
        (812, 560, 900, 330),
        (808, 560, 800, 290),
        (806, 560, 700, 450),
        (814, 560, 920, 440),
    )
    for index, (x, y, tip_x, tip_y) in enumerate(stems):
        middle = ((x + tip_x) / 2 - 26, (y + tip_y) / 2)
        other = ((x + tip_x) / 2 + 30, (y + tip_y) / 2 + 20)
        pen.curve([(x, y), middle, (tip_x, tip_y), other], f"mist+{index * 9}")
    pen.shape([(744, 552), (874, 552), (856, 716), (762, 716)], ["primary+34", "primary+14"])
    pen.round((734, 536, 150, 34), 12, "primary+44")


def draw_letter(pen: Pen) -> None:
    """Draw an open envelope with an invitation in it (936 × 560 units, scaled to fit)."""
    pen.ground(["primary+36", "primary+54", "gold+66"])
    pen.frame(936, 560)
    pen.glow((468, 260), (430, 320), "#FFFFFF", 0.55)
    for x, y, turn, paint in (
        (130, 120, 24, "gold"),
        (220, 260, -30, "white"),
        (790, 110, 40, "white"),
        (840, 280, 12, "gold"),
        (90, 380, -18, "accent+30"),
        (880, 430, 50, "accent+30"),
        (320, 70, -50, "accent+30"),
        (640, 60, 20, "gold"),
    ):
        pen.round((x - 14, y - 7, 28, 14), 5, paint, turn=turn)
    pen.glow((468, 530), (330, 36), "primary-40", 0.45)
    pen.shape([(228, 250), (468, 96), (708, 250)], ["primary-22", "primary-10"])
    pen.round((228, 246, 480, 270), 26, "primary-16")
    pen.round((272, 70, 392, 380), 22, ["#FFFFFF", "#FFF8EE"])
    pen.round((292, 90, 352, 340), 14, "gold+72")
    pen.round((298, 96, 340, 328), 12, ["#FFFFFF", "#FFF9F0"])
    pen.ellipse((468, 176), (54, 54), ["gold+20", "gold"])
    pen.star((468, 176), 32, "#FFFFFF")
    for width, y in ((220, 262), (160, 292)):
        pen.round((468 - width / 2, y, width, 12), 6, "primary+52")
    pen.shape([(228, 262), (468, 420), (228, 516)], "primary+20")
    pen.shape([(708, 262), (468, 420), (708, 516)], "primary+14")
    flap = [(228, 500), (444, 372), (492, 372), (708, 500), (706, 516), (230, 516)]
    pen.shape(flap, ["primary+34", "primary+16"])
    pen.round((228, 470, 480, 46), 24, "primary+18")
    pen.ellipse((468, 400), (40, 40), ["gold+24", "gold-6"])
    pen.star((468, 400), 21, "#FFFFFF")
    for x, y, radius in ((180, 180, 16), (760, 200, 20), (700, 400, 12), (240, 440, 12)):
        pen.sparkle((x, y), radius, "white")


def draw_love(pen: Pen) -> None:
    """Draw two hearts among flowers and soft light (936 × 640 units, scaled to fit)."""
    pen.ground(["primary+58", "primary+72", "gold+76"])
    pen.frame(936, 640)
    left, top, width, height = pen.whole()
    pen.glow((468, 300), (420, 360), "#FFFFFF", 0.7)
    for x, y, size, alpha in (
        (120, 130, 26, 0.6),
        (800, 110, 34, 0.6),
        (210, 330, 18, 0.5),
        (860, 330, 20, 0.6),
        (330, 70, 16, 0.7),
        (650, 60, 14, 0.6),
    ):
        pen.shape(_heart((x, y), size), "#FFFFFF", alpha=alpha)
    pen.shape(_heart((566, 270), 176), ["primary+14", "primary"])
    pen.shape(_heart((390, 310), 190), ["primary+44", "primary+26"])
    pen.shape(_heart((352, 262), 56), "#FFFFFF", alpha=0.45)
    thread = smooth(
        [
            (left - 10, 420),
            (180, 470),
            (330, 440),
            (470, 380),
            (620, 430),
            (780, 380),
            (left + width + 10, 440),
        ],
        closed=False,
    )
    pen.stroke(thread, 6, "hot")
    foot = top + height + 10
    hill = smooth(
        [(left - 40, 560), (200, 530), (468, 560), (740, 528), (left + width + 40, 566)],
        closed=False,
    )
    pen.shape([*hill, (left + width + 40, foot), (left - 40, foot)], ["accent+50", "accent+62"])
    for x, y, size, paint in (
        (110, 556, 34, "primary+20"),
        (196, 586, 26, "gold"),
        (286, 560, 22, "white"),
        (660, 566, 24, "white"),
        (742, 552, 34, "gold"),
        (836, 580, 30, "primary+20"),
        (468, 592, 24, "primary+40"),
    ):
        _flower(pen, (x, y), size, paint)


def _heart(at: Point, size: float) -> list[Point]:
    points = []
    for step in range(90):
        turn = math.radians(step * 4)
        across = 16 * math.sin(turn) ** 3
        down = (
            13 * math.cos(turn)
            - 5 * math.cos(2 * turn)
            - 2 * math.cos(3 * turn)
            - math.cos(4 * turn)
        )
        points.append((at[0] + across * size / 16, at[1] - down * size / 16))
    return points


def _flower(pen: Pen, at: Point, size: float, paint: str) -> None:
    x, y = at
    pen.stroke([(x, y), (x, y + size * 2)], 4, "accent")
    for step in range(5):
        turn = math.radians(step * 72 - 90)
        petal = (x + math.cos(turn) * size * 0.55, y + math.sin(turn) * size * 0.55)
        pen.ellipse(petal, (size * 0.46, size * 0.46), paint)
    pen.ellipse((x, y), (size * 0.32, size * 0.32), "#FFF3C9")


def draw_podium(pen: Pen) -> None:
    """Draw the three steps of a podium (936 × 420 units, scaled to fit).

    The background is transparent.
    """
    pen.frame(936, 420)
    for x, top, wide, paint in (
        (24, 190, 296, "white"),
        (616, 230, 296, "white"),
        (306, 110, 324, "gold"),
    ):
        pen.shade((x, top, wide, 420 - top), 20, 16, "hot-50", 0.3)
        face = ["gold+44", "gold+6"] if paint == "gold" else ["#FFFFFF", "#FFE9D2"]
        pen.round((x, top, wide, 480 - top), 26, face)
        pen.round((x, top, wide, 30), 15, "#FFFFFF", turn=0)


def draw_cup(pen: Pen) -> None:
    """Draw a winner's cup with laurels (400 × 400 units, scaled to fit).

    The background is transparent.
    """
    pen.frame(400, 400)
    pen.glow((200, 190), (190, 190), "gold+60", 0.8)
    for side in (-1, 1):
        pen.arc((200 + side * 84, 130), (46, 54), (0, 360), 15, "gold-8")
        for step in range(5):
            turn = math.radians(70 - step * 26)
            at = (200 + side * 166 * math.cos(turn), 210 + 150 * math.sin(turn))
            pen.ellipse(at, (24, 11), ["gold+20", "gold-10"], turn=side * (-20 - step * 26) + 0)
    pen.shape(
        smooth(
            [(112, 60), (288, 60), (280, 170), (240, 230), (200, 244), (160, 230), (120, 170)],
            closed=True,
        ),
        ["gold+50", "gold", "gold-16"],
    )
    pen.ellipse((200, 62), (92, 18), ["gold+60", "gold+30"])
    pen.star((200, 146), 40, "#FFFFFF")
    pen.round((184, 236, 32, 60), 8, ["gold-6", "gold-24"])
    pen.round((140, 288, 120, 28), 12, ["gold+20", "gold-10"])
    pen.round((122, 314, 156, 34), 12, ["hot-30", "hot-44"])

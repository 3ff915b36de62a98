"""Draws goods: a bottle and a jar on a plinth, and a phone that shows a livestream."""

from __future__ import annotations

from contentsvc.posters.art.curves import Point, smooth
from contentsvc.posters.art.pen import Pen

__all__ = ["draw_bottle", "draw_jar", "draw_phone"]


def draw_bottle(pen: Pen) -> None:
    """Draw a pump bottle in front of an arch (800 × 900 units, scaled to fit)."""
    _stage(pen)
    _leaves(pen, (214, 700), -1)
    _leaves(pen, (610, 690), 1)
    pen.shade((312, 330, 196, 440), 44, 26, "primary-50", 0.32)
    pen.round((384, 186, 34, 70), 10, ["#FFFFFF", "#E6E0DA"])
    pen.curve(
        [(330, 176), (372, 160), (440, 160), (452, 176), (446, 202), (390, 206), (340, 200)],
        ["#FFFFFF", "#E9E3DD"],
    )
    pen.round((352, 244, 98, 60), 14, ["primary+10", "primary-6"])
    pen.round((300, 292, 202, 462), 50, ["primary+52", "primary+30"])
    pen.round((320, 336, 13, 370), 6, "#FFFFFF")
    pen.round((474, 330, 14, 384), 7, "primary+14")
    _label(pen, (401, 520), 150, 210)


def draw_jar(pen: Pen) -> None:
    """Draw a cream jar in front of an arch (800 × 900 units, scaled to fit)."""
    _stage(pen)
    _leaves(pen, (630, 640), 1)
    pen.shade((240, 520, 330, 230), 50, 26, "accent-50", 0.32)
    pen.round((222, 520, 360, 234), 54, ["#FFFFFF", "#EFEAE4"])
    pen.round((222, 520, 360, 234), 54, ["accent+66", "accent+46"])
    pen.round((244, 548, 14, 170), 7, "#FFFFFF")
    pen.round((206, 428, 392, 108), 30, ["accent+12", "accent-8"])
    for step in range(11):
        pen.round((238 + step * 32, 446, 5, 74), 2, "accent-18")
    pen.round((206, 428, 392, 22), 11, "accent+28")
    _label(pen, (402, 640), 200, 116)
    pen.curve(
        [(300, 424), (330, 372), (380, 352), (440, 344), (468, 372), (500, 396), (506, 424)],
        ["#FFFFFF", "#F4ECE4"],
    )
    pen.curve([(430, 346), (462, 318), (482, 330), (466, 360)], "#FFFFFF")


def _stage(pen: Pen) -> None:
    """Draw the wall, the arch and the plinth behind a bottle or a jar."""
    pen.ground(["primary+80", "primary+88"])
    pen.frame(800, 900)
    left, top, width, height = pen.whole()
    arch: list[Point] = [(150, 780), (150, 380)]
    arch += smooth(
        [(150, 380), (170, 260), (250, 160), (400, 116), (550, 160), (630, 260), (650, 380)],
        closed=False,
    )
    pen.shape([*arch, (650, 780)], ["primary+62", "primary+76"])
    pen.glow((400, 400), (300, 300), "#FFFFFF", 0.55)
    pen.ellipse((640, 210), (62, 62), ["gold+30", "gold+54"])
    pen.round((left - 10, 780, width + 20, top + height - 760), 0, ["primary+70", "primary+82"])
    pen.ellipse((402, 790), (330, 46), "primary+52")
    pen.round((72, 756, 660, 40), 0, "primary+66")
    pen.ellipse((402, 756), (330, 46), ["#FFFFFF", "primary+84"])


def _leaves(pen: Pen, at: Point, side: int) -> None:
    x, y = at
    for reach, rise, paint in (
        (96, 250, "accent+18"),
        (140, 150, "accent+34"),
        (60, 330, "accent+4"),
    ):
        tip = (x + side * reach, y - rise)
        leaf = [
            (x, y),
            (x + side * reach * 0.1, y - rise * 0.6),
            tip,
            (x + side * reach * 0.95, y - rise * 0.45),
        ]
        pen.curve(leaf, paint)
        pen.stroke([(x, y), (x + side * reach * 0.9, y - rise * 0.86)], 3, "accent+50")


def _label(pen: Pen, at: Point, width: float, height: float) -> None:
    x, y = at
    pen.round((x - width / 2, y - height / 2, width, height), 10, "#FFFFFF")
    pen.round((x - width * 0.3, y - height * 0.3, width * 0.6, 10), 5, "ink+20")
    pen.round((x - width * 0.2, y - height * 0.3 + 24, width * 0.4, 6), 3, "ink+60")
    pen.ellipse((x, y + height * 0.16), (height * 0.12, height * 0.12), ["gold+20", "gold"])


def draw_phone(pen: Pen) -> None:
    """Draw a phone that shows a livestream, among parcels (936 × 620 units, scaled to fit).

    The background is transparent.
    """
    pen.frame(936, 620)
    pen.glow((468, 320), (460, 330), "gold+50", 0.75)
    pen.glow((468, 600), (360, 34), "hot-60", 0.55)
    _bags(pen)
    pen.round((334, 20, 270, 560), 44, ["#2B2430", "#17131C"])
    pen.round((346, 32, 246, 536), 34, ["primary+40", "gold+40", "warm+20"])
    pen.ellipse((469, 330), (120, 120), "#FFFFFF", alpha=0.3)
    pen.shape(
        smooth(
            [(366, 568), (380, 470), (430, 430), (508, 430), (560, 470), (574, 568)], closed=False
        ),
        ["hot", "hot-12"],
    )
    pen.round((446, 390, 46, 60), 20, "#F3B994")
    pen.curve(
        [(392, 350), (400, 280), (469, 240), (538, 280), (546, 350), (556, 420), (382, 420)],
        "#4A2F2A",
    )
    pen.ellipse((469, 340), (64, 74), ["#FFE0C8", "#FFCFAE"])
    pen.curve(
        [(402, 344), (406, 280), (470, 252), (534, 280), (538, 344), (510, 304), (450, 300)],
        "#4A2F2A",
    )
    for side in (-1, 1):
        pen.ellipse((469 + side * 26, 346), (6, 8), "#3A2A24")
        pen.glow((469 + side * 38, 370), (20, 16), "#FF8A73", 0.6)
    pen.arc((469, 368), (20, 16), (14, 166), 5, "#D9605F")
    pen.round((366, 54, 104, 36), 18, "hot")
    pen.ellipse((386, 72), (7, 7), "white")
    for step in range(3):
        pen.round((402 + step * 18, 62, 9, 20), 3, "white")
    pen.round((440, 36, 60, 12), 6, "#17131C")
    for x, y, size, alpha in (
        (640, 150, 26, 1.0),
        (672, 90, 18, 0.9),
        (630, 60, 12, 0.8),
        (560, 190, 18, 0.9),
    ):
        _heart(pen, (x, y), size, alpha)


def _heart(pen: Pen, at: Point, size: float, alpha: float) -> None:
    x, y = at
    points = [
        (x, y + size),
        (x - size, y),
        (x - size * 0.9, y - size * 0.6),
        (x - size * 0.4, y - size * 0.7),
        (x, y - size * 0.3),
        (x + size * 0.4, y - size * 0.7),
        (x + size * 0.9, y - size * 0.6),
        (x + size, y),
    ]
    pen.shape(smooth(points, closed=True), "#FFFFFF", alpha=alpha)


def _bags(pen: Pen) -> None:
    for x, y, wide, high, paint in (
        (150, 330, 180, 220, "gold"),
        (640, 360, 170, 190, "accent"),
        (90, 440, 120, 120, "primary+20"),
        (760, 450, 120, 110, "gold+20"),
    ):
        pen.arc(
            (x + wide / 2, y),
            (wide * 0.22, wide * 0.3),
            (180, 360),
            9,
            f"{paint}-24" if "+" not in paint else "gold-20",
        )
        pen.shape([(x, y), (x + wide, y), (x + wide + 10, y + high), (x - 10, y + high)], paint)
        pen.shape(
            [
                (x + wide * 0.72, y),
                (x + wide, y),
                (x + wide + 10, y + high),
                (x + wide * 0.8, y + high),
            ],
            "#000000",
            alpha=0.1,
        )
        pen.ellipse(
            (x + wide * 0.4, y + high * 0.5), (wide * 0.17, wide * 0.17), "#FFFFFF", alpha=0.85
        )
    for x, y, radius in (
        (110, 200, 22),
        (850, 220, 24),
        (250, 120, 14),
        (740, 320, 14),
        (300, 250, 12),
    ):
        pen.sparkle((x, y), radius, "white")

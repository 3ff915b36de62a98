"""Breaks Chinese text into lines, balances the lines, and fits them to a box.

Lengths are in ems unless stated otherwise, so one setting serves every font size.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from contentsvc.posters.typesetting import characters as chars
from contentsvc.posters.typesetting.breaking import balanced_cuts, full_cuts
from contentsvc.posters.typesetting.measuring import Measure, Measured, SetLine

__all__ = ["Fitted", "Style", "fit", "set_line", "sizes", "wrap"]

_ELLIPSIS = "…"
_STEP = 0.97
#: A width that is less than that of any letter, in ems.
_NARROWEST = 0.15


@dataclass(frozen=True, slots=True)
class Style:
    """The limits for fitting a text: font sizes in pixels, line height and tracking in ems."""

    size: int
    least: int
    max_lines: int = 1
    line: float = 1.3
    tracking: float = 0
    balance: bool = True


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that fits its box: font size in pixels, lines, and the text that was cut off."""

    size: int
    lines: tuple[SetLine, ...]
    lost: str = ""


def set_line(text: str, measure: Measure, tracking: float = 0) -> SetLine:
    """Return *text* typeset on a single line of unlimited width."""
    measured = Measured(chars.clean(text).replace("\n", " "), measure, tracking)
    return measured.place_line(0, len(measured.text))


def wrap(
    text: str, measure: Measure, width: float, *, tracking: float = 0, balance: bool = True
) -> list[SetLine]:
    """Break *text* into lines of at most *width* ems. A newline always breaks.

    If *balance* is true, the lines of a paragraph have similar lengths; their number stays the
    same.
    """
    return _set(_paragraphs(text, measure, tracking), width, balance=balance)


def _paragraphs(text: str, measure: Measure, tracking: float) -> list[Measured]:
    return [Measured(part, measure, tracking) for part in chars.clean(text).split("\n")]


def _set(paragraphs: Sequence[Measured], width: float, *, balance: bool) -> list[SetLine]:
    lines: list[SetLine] = []
    for measured in paragraphs:
        cuts = full_cuts(measured, width)
        if balance and len(cuts) > 1:
            cuts = balanced_cuts(measured, width, len(cuts))
        lines += [measured.place_line(start, end) for start, end in cuts]
    return lines


def fit(text: str, measure: Measure, box: tuple[float, float], style: Style) -> Fitted:
    """Fit *text* to *box* at the largest possible font size, tried in steps of 3 %.

    *box* is a width and height in pixels. If the text does not fit at the smallest size, it is cut
    with an ellipsis, and `lost` has the rest.
    """
    width, height = box
    paragraphs = _paragraphs(text, measure, style.tracking)
    for size in sizes(style):
        room = _room(height, size, style)
        if _least_lines(paragraphs, width / size) > room:
            continue
        lines = _set(paragraphs, width / size, balance=False)
        if len(lines) <= room and _widest(lines) * size <= width + 1:
            if style.balance:
                lines = _set(paragraphs, width / size, balance=True)
            return Fitted(size, tuple(lines))
    return _cut(text, measure, box, style)


def _least_lines(paragraphs: Sequence[Measured], width: float) -> int:
    """Return a lower bound for the number of lines of *paragraphs*, without breaking them."""
    return sum(max(int(part.width(0, len(part.text)) / (width + 1)), 1) for part in paragraphs)


def sizes(style: Style) -> Iterator[int]:
    """Yield the font sizes to try, from the style's largest to its smallest, in steps of 3 %."""
    size, last = float(style.size), 0
    while round(size) > style.least:
        if round(size) != last:
            yield round(size)
        last = round(size)
        size *= _STEP
    yield style.least


def _room(height: float, size: int, style: Style) -> int:
    """Return how many lines of *size* pixels fit in *height* pixels, up to `style.max_lines`."""
    return max(min(style.max_lines, int((height + 1) / (size * style.line))), 1)


def _widest(lines: list[SetLine]) -> float:
    return max((line.width for line in lines), default=0)


def _cut(text: str, measure: Measure, box: tuple[float, float], style: Style) -> Fitted:
    width = box[0] / style.least
    room = _room(box[1], style.least, style)
    lines = _set(_paragraphs(text, measure, style.tracking), width, balance=False)
    whole_lines = lines[: room - 1]
    rest = _after(chars.clean(text), sum(len(_bare(line.text)) for line in whole_lines))
    rest = rest.replace("\n", " ")
    # The narrowest letter limits how many characters fit; bisect for the longest text that does.
    most = min(len(rest), int(width / _NARROWEST) + 1)
    fitting = bisect_right(
        range(1, most + 1),
        width,
        key=lambda count: set_line(rest[:count] + _ELLIPSIS, measure, style.tracking).width,
    )
    last = rest[:fitting]
    visible = last.rstrip("".join(chars.CLOSING | chars.OPENING) + " ,.;:-")
    final = set_line(visible + _ELLIPSIS, measure, style.tracking)
    return Fitted(style.least, (*whole_lines, final), rest[len(visible) :])


def _bare(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")


def _after(text: str, count: int) -> str:
    """Return *text* without its first *count* characters. Spaces and newlines are not counted."""
    for index, char in enumerate(text):
        if count == 0 and char not in " \n":
            return text[index:]
        count -= char not in " \n"
    return ""

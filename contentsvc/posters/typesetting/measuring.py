"""Measures a paragraph: half-width marks, thin spaces, narrow dots.

Everything is counted in ems, so one measure holds for every size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contentsvc.posters.typesetting import characters as chars

__all__ = ["Measure", "Measured", "Placed", "SetLine"]

Measure = Callable[[str], float]
#: Between a hanzi and a Latin letter or digit, in ems.
_THIN = 0.125
#: What a half-width mark gives up, in ems.
_HALF = 0.5
#: Marks narrower than this are half-width in the font already.
_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Placed:
    """A character and where its origin stands in its line, in ems."""

    char: str
    x: float


@dataclass(frozen=True, slots=True)
class SetLine:
    """One line, set: its characters and its width in ems."""

    text: str
    placed: tuple[Placed, ...]
    width: float


class Measured:
    """A paragraph whose pieces' widths can be asked for at once."""

    def __init__(self, text: str, measure: Measure, tracking: float) -> None:
        self.text = text
        self._lead = [_lead(char, measure) for char in text]
        self._tail = [_tail(char, measure) for char in text]
        self.advances = [_advance(text, place, measure) + tracking for place in range(len(text))]
        self.gaps = [_gap(text, place, measure) for place in range(len(text))]
        self._sums = [0.0]
        for advance, gap in zip(self.advances, self.gaps, strict=True):
            self._sums.append(self._sums[-1] + advance + gap)
        self._tracking = tracking

    def width(self, start: int, end: int) -> float:
        """Measure the line of characters *start* to *end*, its edges trimmed."""
        if start >= end:
            return 0
        whole = self._sums[end] - self._sums[start] - self.gaps[end - 1]
        return whole - self._lead[start] - self._tail[end - 1] - self._tracking

    def place_line(self, start: int, end: int) -> SetLine:
        """Set the line of characters *start* to *end*."""
        placed, x = [], -self._lead[start] if start < end else 0.0
        for place in range(start, end):
            char = self.text[place]
            # A middle dot's cell is narrowed from both sides, so its origin moves left.
            shift = self.dot_shift(place)
            if char not in " \u3000":
                placed.append(Placed(char, x - shift))
            x += self.advances[place] + self.gaps[place]
        return SetLine(self.text[start:end], tuple(placed), self.width(start, end))

    def dot_shift(self, place: int) -> float:
        """Say how far left the glyph at *place* stands of its narrowed cell."""
        return (
            _HALF / 2 if chars.is_middle_dot(self.text[place]) and self._is_narrowed(place) else 0
        )

    def _is_narrowed(self, place: int) -> bool:
        return self.advances[place] - self._tracking < _FULL


def _advance(text: str, place: int, measure: Measure) -> float:
    char = text[place]
    if chars.is_joiner(char):
        return 0
    if char == " " and _joins_scripts(text, place):
        return _THIN
    advance = measure(char)
    if chars.is_middle_dot(char) and advance >= _FULL:
        return advance - _HALF
    return advance


def _joins_scripts(text: str, place: int) -> bool:
    """Say whether the space at *place* stands between a hanzi and a Latin letter or digit."""
    if not 0 < place < len(text) - 1:
        return False
    before, after = text[place - 1], text[place + 1]
    return (chars.is_hanzi(before) and chars.is_western(after)) or (
        chars.is_western(before) and chars.is_hanzi(after)
    )


def _gap(text: str, place: int, measure: Measure) -> float:
    """Say what comes between a character and the next: a thin space, or a trimmed half."""
    if place + 1 == len(text):
        return 0
    before, after = text[place], text[place + 1]
    if (chars.is_hanzi(before) and chars.is_western(after)) or (
        chars.is_western(before) and chars.is_hanzi(after)
    ):
        return _THIN
    ends, begins = _tail(before, measure), _lead(after, measure)
    if ends and (begins or _tail(after, measure)):
        return -ends
    if begins and _lead(before, measure):
        return -begins
    return 0


def _lead(char: str, measure: Measure) -> float:
    return _HALF if char in chars.OPENING and measure(char) >= _FULL else 0


def _tail(char: str, measure: Measure) -> float:
    return _HALF if char in chars.CLOSING and measure(char) >= _FULL else 0

"""Measures a paragraph, with half-width punctuation, thin spaces and narrow middle dots.

All lengths are in ems, so one measurement serves every font size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contentsvc.posters.typesetting import characters as chars

__all__ = ["Measure", "Measured", "Placed", "SetLine"]

Measure = Callable[[str], float]
#: The space between a hanzi and a Latin letter or digit, in ems.
_THIN = 0.125
#: The difference between the widths of a full-width and a half-width mark, in ems.
_HALF = 0.5
#: Marks narrower than this many ems are half-width in the font already.
_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Placed:
    """A character, and the position of its origin in its line, in ems."""

    char: str
    x: float


@dataclass(frozen=True, slots=True)
class SetLine:
    """A typeset line: its characters with their positions, and its width in ems."""

    text: str
    placed: tuple[Placed, ...]
    width: float


class Measured:
    """A paragraph with measured characters. The width of any part is quick to compute."""

    def __init__(self, text: str, measure: Measure, tracking: float) -> None:
        self.text = text
        self._lead = [_lead(char, measure) for char in text]
        self._tail = [_tail(char, measure) for char in text]
        self.advances = [_advance(text, index, measure) + tracking for index in range(len(text))]
        self.gaps = [_gap(text, index, measure) for index in range(len(text))]
        self._sums = [0.0]
        for advance, gap in zip(self.advances, self.gaps, strict=True):
            self._sums.append(self._sums[-1] + advance + gap)
        self._tracking = tracking

    def width(self, start: int, end: int) -> float:
        """Return the width, in ems, of the characters from *start* to before *end*, set as a line.

        The empty halves of punctuation at both edges are not counted.
        """
        if start >= end:
            return 0
        whole = self._sums[end] - self._sums[start] - self.gaps[end - 1]
        return whole - self._lead[start] - self._tail[end - 1] - self._tracking

    def place_line(self, start: int, end: int) -> SetLine:
        """Lay out the characters from *start* to before *end* as a line."""
        placed, x = [], -self._lead[start] if start < end else 0.0
        for index in range(start, end):
            char = self.text[index]
            # The cell of a middle dot is narrowed on both sides, so its origin moves left.
            shift = self.dot_shift(index)
            if char not in " \u3000":
                placed.append(Placed(char, x - shift))
            x += self.advances[index] + self.gaps[index]
        return SetLine(self.text[start:end], tuple(placed), self.width(start, end))

    def dot_shift(self, index: int) -> float:
        """Return how far left to move a narrowed middle dot at *index*, in ems; else 0."""
        return (
            _HALF / 2 if chars.is_middle_dot(self.text[index]) and self._is_narrowed(index) else 0
        )

    def _is_narrowed(self, index: int) -> bool:
        return self.advances[index] - self._tracking < _FULL


def _advance(text: str, index: int, measure: Measure) -> float:
    char = text[index]
    if chars.is_joiner(char):
        return 0
    if char == " " and _joins_scripts(text, index):
        return _THIN
    advance = measure(char)
    if chars.is_middle_dot(char) and advance >= _FULL:
        return advance - _HALF
    return advance


def _joins_scripts(text: str, index: int) -> bool:
    """Return True if the space at *index* is between a hanzi and a Latin letter or digit."""
    if not 0 < index < len(text) - 1:
        return False
    before, after = text[index - 1], text[index + 1]
    return (chars.is_hanzi(before) and chars.is_western(after)) or (
        chars.is_western(before) and chars.is_hanzi(after)
    )


def _gap(text: str, index: int, measure: Measure) -> float:
    """Return the extra space, in ems, after the character at *index*. It may be negative.

    Between a hanzi and a Latin character it is a thin space. Between two punctuation marks, of
    which one loses its empty half, it is negative. Otherwise it is 0.
    """
    if index + 1 == len(text):
        return 0
    before, after = text[index], text[index + 1]
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

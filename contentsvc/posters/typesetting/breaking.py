"""Breaks a measured paragraph into lines: full lines, or lines of similar length."""

from __future__ import annotations

from bisect import bisect_right

from contentsvc.posters.typesetting import characters as chars
from contentsvc.posters.typesetting.measuring import Measured

__all__ = ["Cut", "balanced_cuts", "full_cuts"]

#: The start and end index of a line in its paragraph.
Cut = tuple[int, int]
#: The cost of a break inside a phrase and beside a number, in squared shares of the mean line.
_COST_IN_PHRASE, _COST_AT_NUMBER = 0.1, 0.2
_EQUAL = 1e-9
#: A paragraph with more possible breaks is not balanced, because that would take too long.
_MOST_BREAKS = 240


def full_cuts(measured: Measured, width: float) -> list[Cut]:
    """Break a paragraph into lines that are as full as the line-breaking rules allow.

    A line is given by its start and end index, and *width* is in ems. A piece that is longer than a
    whole line is broken anywhere.
    """
    cuts, start, length = [], 0, len(measured.text)
    while start < length:
        end = _line_end(measured, start, width)
        cuts.append((start, _without_spaces(measured.text, start, end)))
        start = end
        start = _after_spaces(measured.text, start)
    return cuts or [(0, 0)]


def _line_end(measured: Measured, start: int, width: float) -> int:
    text, allowed, end = measured.text, start, start + 1
    while end < len(text):
        stop = _without_spaces(text, start, end)
        if measured.width(start, stop) > width and end > start + 1:
            break
        if chars.may_break(text[end - 1], text[end]):
            allowed = end
        end += 1
    else:
        if measured.width(start, _without_spaces(text, start, len(text))) <= width:
            return len(text)
    if allowed > start and measured.width(start, _without_spaces(text, start, allowed)) <= width:
        return allowed
    return max(end - 1, start + 1)


def _without_spaces(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] == " ":
        end -= 1
    return end


def balanced_cuts(measured: Measured, width: float, count: int) -> list[Cut]:
    """Break a paragraph into *count* lines of similar length, if possible after punctuation.

    A line's cost is its squared distance from the mean length, plus the cost of the break after it.
    If the search would take too long, or if no such lines exist, return full lines.
    """
    ends = [0, *_possible_breaks(measured.text), len(measured.text)]
    if len(ends) > _MOST_BREAKS:
        return full_cuts(measured, width)
    mean = measured.width(0, len(measured.text)) / count
    best: dict[int, tuple[float, tuple[Cut, ...]]] = {0: (0.0, ())}
    for _ in range(count):
        best = _one_line_more(measured, ends, best, width, mean)
    solution = best.get(len(measured.text))
    # If a piece is longer than a line, no balanced set of lines exists.
    return list(solution[1]) if solution else full_cuts(measured, width)


def _one_line_more(
    measured: Measured,
    ends: list[int],
    best: dict[int, tuple[float, tuple[Cut, ...]]],
    width: float,
    mean: float,
) -> dict[int, tuple[float, tuple[Cut, ...]]]:
    longer: dict[int, tuple[float, tuple[Cut, ...]]] = {}
    for start, (cost, cuts) in sorted(best.items()):
        first = _after_spaces(measured.text, start)
        for end in ends[bisect_right(ends, start) :]:
            stop = _without_spaces(measured.text, first, end)
            length = measured.width(first, stop)
            if length > width:
                break
            total = cost + ((length - mean) / mean) ** 2 + _break_cost(measured.text, end)
            # Between equal costs, the lines with the longer beginning win.
            if end not in longer or total < longer[end][0] + _EQUAL:
                longer[end] = (total, (*cuts, (first, stop)))
    return longer


def _possible_breaks(text: str) -> list[int]:
    return [index for index in range(1, len(text)) if chars.may_break(text[index - 1], text[index])]


def _break_cost(text: str, end: int) -> float:
    """Return the cost of a line break before index *end*. Breaks that disturb reading cost more."""
    if end >= len(text) or text[end - 1] in chars.CLOSING or " " in text[end - 1 : end + 1]:
        return 0
    beside_number = text[end - 1].isdigit() or text[end].isdigit()
    return _COST_AT_NUMBER if beside_number else _COST_IN_PHRASE


def _after_spaces(text: str, start: int) -> int:
    while start < len(text) and text[start] == " ":
        start += 1
    return start

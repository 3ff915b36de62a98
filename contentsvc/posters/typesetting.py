"""Sets Chinese text in lines: kinsoku, half-width marks, thin spaces, balance, fit.

Everything here is counted in ems, so one setting holds for every size.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from contentsvc.posters import characters as chars

__all__ = ["Fitted", "Placed", "SetLine", "Style", "fit", "set_line", "wrap"]

Measure = Callable[[str], float]
#: Between a hanzi and a Latin letter or digit, in ems.
_THIN = 0.125
#: What a half-width mark gives up, in ems.
_HALF = 0.5
#: Marks narrower than this are half-width in the font already.
_FULL = 0.9
_ELLIPSIS = "…"
_STEP = 0.97
#: What a break costs, against squared shares of the mean line: inside a phrase, beside a number.
_COST_IN_PHRASE, _COST_IN_COUNT = 0.1, 0.2
_EQUAL = 1e-9
#: Beyond as many places to break a paragraph is not balanced: it would take too long.
_MOST_PLACES = 240


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


@dataclass(frozen=True, slots=True)
class Style:
    """How a text is to be fitted; sizes in pixels, line height and tracking in ems."""

    size: int
    least: int
    max_lines: int = 1
    line: float = 1.3
    tracking: float = 0
    balance: bool = True


@dataclass(frozen=True, slots=True)
class Fitted:
    """A text that fits its box, and what had to be left out for that."""

    size: int
    lines: tuple[SetLine, ...]
    lost: str = ""


class _Measured:
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

    def place(self, start: int, end: int) -> SetLine:
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


def set_line(text: str, measure: Measure, tracking: float = 0) -> SetLine:
    """Set *text* on one line, however long it is."""
    measured = _Measured(chars.clean(text).replace("\n", " "), measure, tracking)
    return measured.place(0, len(measured.text))


def wrap(
    text: str, measure: Measure, width: float, *, tracking: float = 0, balance: bool = True
) -> list[SetLine]:
    """Break *text* into lines of at most *width* ems; a newline in it breaks by force.

    With *balance*, a paragraph's lines come out about equally long, and no more of them.
    """
    lines: list[SetLine] = []
    for paragraph in chars.clean(text).split("\n"):
        measured = _Measured(paragraph, measure, tracking)
        cuts = _cuts(measured, width)
        if balance and len(cuts) > 1:
            cuts = _balanced(measured, width, len(cuts))
        lines += [measured.place(start, end) for start, end in cuts]
    return lines


def fit(text: str, measure: Measure, box: tuple[float, float], style: Style) -> Fitted:
    """Shrink *text* from its size by steps of 3 % until it fits *box* (width, height in pixels).

    At the least size it is cut with an ellipsis, and what was lost is told.
    """
    width, height = box
    for size in _sizes(style):
        lines = wrap(text, measure, width / size, tracking=style.tracking, balance=False)
        if len(lines) <= _room(height, size, style) and _widest(lines) * size <= width + 1:
            return Fitted(size, tuple(_balance(lines, text, measure, width / size, style)))
    return _cut(text, measure, box, style)


def _sizes(style: Style) -> Iterator[int]:
    size, last = float(style.size), 0
    while round(size) > style.least:
        if round(size) != last:
            yield round(size)
        last = round(size)
        size *= _STEP
    yield style.least


def _room(height: float, size: int, style: Style) -> int:
    """Say how many lines there is room for; the box may be as low as one line's letters."""
    return max(min(style.max_lines, int((height + 1) / (size * style.line))), 1)


def _balance(
    lines: list[SetLine], text: str, measure: Measure, width: float, style: Style
) -> list[SetLine]:
    """Balance at the size that was found; lines do not grow in number by it."""
    if len(lines) < 2 or not style.balance:  # noqa: PLR2004 - one line balances nothing
        return lines
    return wrap(text, measure, width, tracking=style.tracking)


def _widest(lines: list[SetLine]) -> float:
    return max((line.width for line in lines), default=0)


def _cut(text: str, measure: Measure, box: tuple[float, float], style: Style) -> Fitted:
    width = box[0] / style.least
    room = _room(box[1], style.least, style)
    lines = wrap(text, measure, width, tracking=style.tracking, balance=False)
    kept = lines[: room - 1]
    rest = _after(chars.clean(text), sum(len(_bare(line.text)) for line in kept))
    rest = rest.replace("\n", " ")
    last = rest
    while last and set_line(last + _ELLIPSIS, measure, style.tracking).width > width:
        last = last[:-1]
    shown = last.rstrip("".join(chars.CLOSING | chars.OPENING) + " ,.;:-")
    final = set_line(shown + _ELLIPSIS, measure, style.tracking)
    return Fitted(style.least, (*kept, final), rest[len(shown) :])


def _bare(text: str) -> str:
    return text.replace(" ", "").replace("\n", "")


def _after(text: str, count: int) -> str:
    """Give what follows the first *count* characters of *text*, spaces not counted."""
    for place, char in enumerate(text):
        if count == 0 and char not in " \n":
            return text[place:]
        count -= char not in " \n"
    return ""


def _cuts(measured: _Measured, width: float) -> list[tuple[int, int]]:
    """Fill each line as far as the rules allow; a piece too long for any line breaks anywhere."""
    cuts, start, length = [], 0, len(measured.text)
    while start < length:
        end = _line_end(measured, start, width)
        cuts.append((start, _without_spaces(measured.text, start, end)))
        start = end
        start = _after_spaces(measured.text, start)
    return cuts or [(0, 0)]


def _line_end(measured: _Measured, start: int, width: float) -> int:
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


def _balanced(measured: _Measured, width: float, count: int) -> list[tuple[int, int]]:
    """Break into *count* lines of like length, after a mark rather than within a phrase.

    The cost of each line is its squared distance from the mean, plus that of where it breaks.
    """
    ends = [0, *_break_places(measured.text), len(measured.text)]
    if len(ends) > _MOST_PLACES:
        return _cuts(measured, width)
    mean = measured.width(0, len(measured.text)) / count
    best: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {0: (0.0, ())}
    for _ in range(count):
        best = _one_line_more(measured, ends, best, width, mean)
    found = best.get(len(measured.text))
    # A piece too long for any line was broken by force, and stays as it was.
    return list(found[1]) if found else _cuts(measured, width)


def _one_line_more(
    measured: _Measured,
    ends: list[int],
    best: dict[int, tuple[float, tuple[tuple[int, int], ...]]],
    width: float,
    mean: float,
) -> dict[int, tuple[float, tuple[tuple[int, int], ...]]]:
    longer: dict[int, tuple[float, tuple[tuple[int, int], ...]]] = {}
    for start, (cost, cuts) in sorted(best.items()):
        first = _after_spaces(measured.text, start)
        for end in ends[bisect_right(ends, start) :]:
            stop = _without_spaces(measured.text, first, end)
            length = measured.width(first, stop)
            if length > width:
                break
            total = cost + ((length - mean) / mean) ** 2 + _break_cost(measured.text, end)
            # Of equals, the one whose earlier lines are longer wins.
            if end not in longer or total < longer[end][0] + _EQUAL:
                longer[end] = (total, (*cuts, (first, stop)))
    return longer


def _break_places(text: str) -> list[int]:
    return [place for place in range(1, len(text)) if chars.may_break(text[place - 1], text[place])]


def _break_cost(text: str, end: int) -> float:
    """Say how much a break before *end* disturbs reading."""
    if end >= len(text) or text[end - 1] in chars.CLOSING or " " in text[end - 1 : end + 1]:
        return 0
    counts = text[end - 1].isdigit() or text[end].isdigit()
    return _COST_IN_COUNT if counts else _COST_IN_PHRASE


def _after_spaces(text: str, start: int) -> int:
    while start < len(text) and text[start] == " ":
        start += 1
    return start


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

"""Long text -> messages: at the borders where a reader would pause."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from contentsvc.channels.formats.graphemes import graphemes

__all__ = ["ADDRESS", "split_text"]

#: An address as it stands in text.
ADDRESS = re.compile(r"https?://[!-~]+")
#: The least that a message may hold; below it one emoji could be too much.
_LEAST = 16
#: Levels of matches within matches, such as a link in coloured text in bold text.
_MOST_DEPTH = 3
_PARAGRAPH, _LINE, _SENTENCE, _CLAUSE, _ANYWHERE = range(5)
#: From which share of a message on a border is good enough to be preferred to a finer one.
_FILL = {_PARAGRAPH: 0.5, _LINE: 0.5, _SENTENCE: 0.5, _CLAUSE: 0.5}
_SENTENCE_ENDS = frozenset("。！？!?；;…")
#: Only before a space: a dot may stand in a number or an address.
_WESTERN_ENDS = frozenset(".!?")
_CLAUSE_ENDS = frozenset("，、：,: \u3000")
_CLOSING = frozenset("”’」』）】》〉)]}\"'")


def split_text(
    text: str,
    most: int,
    *,
    size: Callable[[str], int] = len,
    whole: re.Pattern[str] = ADDRESS,
) -> list[str]:
    """Return *text* as messages of at most *most*, as *size* counts.

    Divided between paragraphs, else lines, sentences, clauses, and only then words' letters;
    never within what *whole* matches nor within an emoji, unless that alone is longer than a
    message. Only blanks at the borders are lost. *size* must count a text as the sum of its
    characters. ValueError for fewer than 16.
    """
    if most < _LEAST:
        raise ValueError(f"a message of {most} is too short; give at least {_LEAST}")
    units = list(_units(text, most, size, whole))
    sizes = [size(unit) for unit in units]
    found = []
    begin = 0
    while begin < len(units):
        end = _end(units, sizes, begin, most)
        found.append("".join(units[begin:end]).strip("\n \u3000"))
        begin = end
    return [message for message in found if message]


def _units(
    text: str, most: int, size: Callable[[str], int], whole: re.Pattern[str], depth: int = 0
) -> Iterator[str]:
    """Yield the parts of *text* that are not divided, each at most *most* long.

    A match of *whole* that is too long is divided around the matches within it, such as the links
    of a long bold text.
    """
    begin = 0
    for found in whole.finditer(text, 1 if depth else 0):
        yield from _small(text[begin : found.start()], most, size)
        if size(found[0]) <= most:
            yield found[0]
        elif depth < _MOST_DEPTH:
            yield from _units(found[0], most, size, whole, depth + 1)
        else:
            yield from _small(found[0], most, size)
        begin = found.end()
    yield from _small(text[begin:], most, size)


def _small(text: str, most: int, size: Callable[[str], int]) -> Iterator[str]:
    for unit in graphemes(text):
        # Marks can be heaped on one letter without end.
        yield from (unit,) if size(unit) <= most else unit


def _end(units: list[str], sizes: list[int], begin: int, most: int) -> int:
    """Return where the message that begins at *begin* ends."""
    limit, used = begin, 0
    while limit < len(units) and used + sizes[limit] <= most:
        used += sizes[limit]
        limit += 1
    if limit == len(units):
        return limit
    best: dict[int, int] = {}
    for place in range(limit, begin, -1):
        best.setdefault(_border(units, place), place)
    for kind, fill in _FILL.items():
        if kind in best and best[kind] - begin >= (limit - begin) * fill:
            return best[kind]
    return min(
        (best[kind] for kind in (_SENTENCE, _LINE, _PARAGRAPH) if kind in best), default=limit
    )


def _border(units: list[str], place: int) -> int:
    """Return what kind of border lies before the unit at *place*."""
    before, after = units[place - 1], units[place] if place < len(units) else ""
    if after in _CLOSING:
        return _ANYWHERE
    if before == "\n":
        return _PARAGRAPH if place > 1 and units[place - 2] == "\n" else _LINE
    last = before
    if last in _CLOSING and place > 1:
        last = units[place - 2]
    if last in _SENTENCE_ENDS and after not in _SENTENCE_ENDS:
        return _SENTENCE
    if before == " " and place > 1 and units[place - 2] in _WESTERN_ENDS:
        return _SENTENCE
    return _CLAUSE if before in _CLAUSE_ENDS else _ANYWHERE

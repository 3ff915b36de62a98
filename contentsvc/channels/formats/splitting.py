"""Divides a long text into messages, if possible between paragraphs or sentences."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from contentsvc.channels.formats.graphemes import graphemes

__all__ = ["ADDRESS", "split_text"]

#: An address in text.
ADDRESS = re.compile(r"https?://[!-~]+")
#: The smallest limit of a message; a lower one could be too small for one emoji.
_LEAST = 16
#: Levels of matches within matches, such as a link in coloured text in bold text.
_MOST_DEPTH = 3
_PARAGRAPH, _LINE, _SENTENCE, _CLAUSE, _ANYWHERE = range(5)
#: The least fraction of a message before a border of each kind; else a finer border is used.
_FILL = {_PARAGRAPH: 0.5, _LINE: 0.5, _SENTENCE: 0.5, _CLAUSE: 0.5}
_SENTENCE_ENDS = frozenset("。！？!?；;…")
#: These end a sentence only before a space, since numbers and addresses contain dots.
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
    """Divide *text* into messages, none longer than *most* as measured by the function *size*.

    The text is divided between paragraphs, or else between lines, sentences, clauses or characters,
    in this order. A match of *whole*, or an emoji, is divided only if it alone is longer than a
    message. Only spaces and line ends at the borders are lost. The *size* of a text must be the sum
    of the sizes of its characters.

    Raises:
        ValueError: *most* is less than 16.
    """
    if most < _LEAST:
        raise ValueError(f"a message of {most} is too short; give at least {_LEAST}")
    units = list(_units(text, most, size, whole))
    sizes = [size(unit) for unit in units]
    messages = []
    begin = 0
    while begin < len(units):
        end = _end(units, sizes, begin, most)
        messages.append("".join(units[begin:end]).strip("\n \u3000"))
        begin = end
    return [message for message in messages if message]


def _units(
    text: str, most: int, size: Callable[[str], int], whole: re.Pattern[str], depth: int = 0
) -> Iterator[str]:
    """Yield the parts of *text* that are not divided: single characters and matches of *whole*.

    No part is longer than *most* as measured by *size*. A match of *whole* that is too long is
    divided around the matches within it, such as the links of a long bold text.
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
        # A letter can have any number of combining marks.
        yield from (unit,) if size(unit) <= most else unit


def _end(units: list[str], sizes: list[int], begin: int, most: int) -> int:
    """Return where the message that begins at unit *begin* ends: the index of the next unit."""
    limit, used = begin, 0
    while limit < len(units) and used + sizes[limit] <= most:
        used += sizes[limit]
        limit += 1
    if limit == len(units):
        return limit
    best: dict[int, int] = {}
    for index in range(limit, begin, -1):
        best.setdefault(_border(units, index), index)
    for kind, fill in _FILL.items():
        if kind in best and best[kind] - begin >= (limit - begin) * fill:
            return best[kind]
    return min(
        (best[kind] for kind in (_SENTENCE, _LINE, _PARAGRAPH) if kind in best), default=limit
    )


def _border(units: list[str], index: int) -> int:
    """Return the kind of border before unit *index*, such as `_SENTENCE`."""
    before, after = units[index - 1], units[index] if index < len(units) else ""
    if after in _CLOSING:
        return _ANYWHERE
    if before == "\n":
        return _PARAGRAPH if index > 1 and units[index - 2] == "\n" else _LINE
    last = before
    if last in _CLOSING and index > 1:
        last = units[index - 2]
    if last in _SENTENCE_ENDS and after not in _SENTENCE_ENDS:
        return _SENTENCE
    if before == " " and index > 1 and units[index - 2] in _WESTERN_ENDS:
        return _SENTENCE
    return _CLAUSE if before in _CLAUSE_ENDS else _ANYWHERE

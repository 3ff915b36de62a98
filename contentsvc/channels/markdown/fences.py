"""Takes blocks of code between lines of ``` or ~~~ out of a body, also in lists and quotations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from markdown import Markdown
from markdown.preprocessors import Preprocessor

__all__ = ["register"]

_LEAD = r"(?P<lead>(?:[ >]|[-*+] |\d{1,9}[.)] )*)"
_OPENS = re.compile(rf"{_LEAD}(?P<fence>`{{3,}}(?=[^`]*$)|~{{3,}})")
_CLOSES = re.compile(r"(?P<lead>[ >]*)(?P<fence>`{3,}|~{3,}) *")
_ITEM = re.compile(r" *(?:[-*+]|\d{1,9}[.)]) ")
#: Columns of an indent that makes a block of code by itself, outside lists.
_CODE_INDENT = 4


def register(md: Markdown) -> None:
    """Register the preprocessor for fenced code. It runs before that for HTML."""
    md.preprocessors.register(_FencedCode(md), "fenced_code", 25)


class _FencedCode(Preprocessor):
    """Replaces each fenced block of code with a line that contains a placeholder."""

    def run(self, lines: list[str]) -> list[str]:
        return list(self._replaced(lines))

    def _replaced(self, lines: list[str]) -> Iterator[str]:
        longest = _longest_closings(lines)
        place, in_list = 0, False
        while place < len(lines):
            line = lines[place]
            in_list = _in_list(line, lines[place - 1] if place else "", in_list=in_list)
            found = _OPENS.match(line)
            end = None
            if found and (in_list or not found["lead"].startswith(" " * _CODE_INDENT)):
                end = _end(lines, place, found, longest)
            if found is None or end is None:
                yield line
                place += 1
            else:
                yield found["lead"] + self._stored(lines[place + 1 : end], found["lead"])
                place = end + (end < len(lines) and _closes(lines[end], found))

    def _stored(self, code: list[str], lead: str) -> str:
        bare = "".join(f"{_without(lead, line)}\n" for line in code)
        return self.md.htmlStash.store(f"<pre><code>{escape(bare)}</code></pre>")


def _in_list(line: str, before: str, *, in_list: bool) -> bool:
    """Return True if *line* can be part of a list item.

    *before* is the line above it, and *in_list* tells whether that was part of one.
    """
    if _ITEM.match(line):
        return True
    return in_list and not (line[:1].strip() and not before.strip())


def _longest_closings(lines: list[str]) -> list[dict[str, int]]:
    """Return, for each line, the lengths of the longest closing ``` and ~~~ below it.

    Lines in quotations do not count.
    """
    longest = {"`": 0, "~": 0}
    found = []
    for line in reversed(lines):
        found.append(longest)
        closing = _CLOSES.fullmatch(line)
        if closing and ">" not in closing["lead"]:
            char = closing["fence"][0]
            longest = {**longest, char: max(longest[char], len(closing["fence"]))}
    return found[::-1]


def _end(
    lines: list[str], place: int, opening: re.Match[str], longest: list[dict[str, int]]
) -> int | None:
    """Return the index at which the block of code ends, or None if it is not closed.

    In a quotation, the end of the quotation closes the block. A block that is not closed stays
    text.
    """
    quotes = opening["lead"].count(">")
    fence = opening["fence"]
    if not quotes and longest[place][fence[0]] < len(fence):
        return None
    for end in range(place + 1, len(lines)):
        if _quotes(lines[end]) < quotes or _closes(lines[end], opening):
            return end
    return len(lines)


def _closes(line: str, opening: re.Match[str]) -> bool:
    found = _CLOSES.fullmatch(line)
    return (
        found is not None
        and found["fence"].startswith(opening["fence"])
        and found["lead"].count(">") == opening["lead"].count(">")
    )


def _quotes(line: str) -> int:
    return line[: len(line) - len(line.lstrip(" >"))].count(">")


def _without(lead: str, line: str) -> str:
    """Return *line* without the quotation marks and the indent that *lead* has."""
    for _ in range(lead.count(">")):
        line = line.lstrip(" ").removeprefix(">").removeprefix(" ")
    indent = len(lead) - lead.rfind(">") - 1 - (">" in lead and lead.rstrip(" ") != lead)
    spaces = len(line) - len(line.lstrip(" "))
    return line[min(spaces, max(indent, 0)) :]

"""Converts Markdown to clean HTML, with limits on the amount of work."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from functools import lru_cache

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from contentsvc.channels.markdown import blocks, fences, inline, notes
from contentsvc.channels.markdown.cleaning import clean_html
from contentsvc.channels.markdown.lines import HEADING, MOST_NESTING, regular
from contentsvc.errors import RenderError

__all__ = ["markdown_html"]

#: Most characters of a body; a long article has a tenth of it.
MOST_CHARACTERS = 100_000
#: Brackets times the length of their block. From every bracket the parser searches to the end of
#: the block, at about 0.15 microseconds per character; this limits a body to one or two seconds.
MOST_BRACKET_WORK = 5_000_000
_MARKER = re.compile(r" {0,3}(?:[-*+]|\d{1,9}\.)[ \t]+\S")
#: The library's pattern, except that a single # without a space begins a hashtag such as #早安.
_HEADING = re.compile(rf"(?:^|\n)(?P<level>{HEADING})(?P<header>(?:\\.|[^\\])*?)#*(?:\n|$)")
_OPENING = re.compile(r"(?:[ >]|[-*+] |\d{1,9}\. )*")


# Hundreds of channels render the same body, and parsing is most of the work of rendering.
@lru_cache(maxsize=128)
def markdown_html(body: str) -> str:
    """Convert Markdown to clean HTML: no scripts, event handlers, styles or harmful links.

    Links may use http, https, mailto and tel.

    Beyond plain Markdown it supports tables, fenced code, `~~struck~~`, bare addresses as links,
    footnotes, line breaks at the end of each line, lists that follow a paragraph without a blank
    line, and lists in lists that are indented by two columns or more. A footnote is a list item
    at the end with the attribute `data-note`; so has the `sup` that refers to it.

    Raises:
        RenderError: the body is too long or too complex to be parsed in reasonable time.
    """
    _guard(body)
    parser = Markdown(extensions=["sane_lists", "nl2br", _AsPeopleWrite()], output_format="html")
    try:
        html = parser.convert(_printable(body))
    except RecursionError as error:
        raise RenderError("text-nested-too-deeply", field="body", most=MOST_NESTING) from error
    return clean_html(html)


def _printable(body: str) -> str:
    """Return *body* without control characters. The parser uses some of them itself."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    )


def _guard(body: str) -> None:
    if len(body) > MOST_CHARACTERS:
        raise RenderError(
            "text-has-too-many-characters", field="body", used=len(body), most=MOST_CHARACTERS
        )
    lines = body.splitlines()
    if any(_nesting(line) > MOST_NESTING for line in lines):
        raise RenderError("text-nested-too-deeply", field="body", most=MOST_NESTING)
    if _bracket_work(lines) > MOST_BRACKET_WORK:
        raise RenderError("text-has-too-many-brackets", field="body")


def _nesting(line: str) -> int:
    """Return how many quotations and lists enclose a line. Four spaces of indent count as one."""
    lead = _OPENING.match(line.expandtabs(4))
    opening = lead.group() if lead else ""
    indent = len(opening) - len(opening.lstrip(" "))
    return indent // 4 + sum(opening.count(mark) for mark in (">", "- ", "* ", "+ ", ". "))


def _bracket_work(lines: list[str]) -> int:
    work = length = brackets = 0
    for line in [*lines, ""]:
        if not line.strip() or _MARKER.match(line):
            work += length * brackets
            length = brackets = 0
        length += len(line) + 1
        brackets += line.count("[") + line.count("<")
    return work + length * brackets


class _AsPeopleWrite(Extension):
    """The Markdown extension with everything that this package adds to the library."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name
        found: notes.Notes = {}
        fences.register(md)
        blocks.register(md)
        inline.register(md)
        notes.register(md, found)
        md.preprocessors.register(_RegularLines(md, found), "regular_lines", 10)
        md.parser.blockprocessors["hashheader"].RE = _HEADING  # type: ignore[attr-defined]


class _RegularLines(Preprocessor):
    """Normalises the lines after blocks of code and HTML have been taken out."""

    def __init__(self, md: Markdown, found: notes.Notes) -> None:
        super().__init__(md)
        self._notes = found

    def run(self, lines: list[str]) -> list[str]:
        return regular(lines, self._notes, self._is_table)

    def _is_table(self, head: str) -> bool:
        return self.md.parser.blockprocessors["table"].test(ET.Element("div"), head)

"""Normalises the lines of a body, so that the parser reads them as people mean them.

The parser requires four spaces for each level of a list, and an empty line before a list, table or
heading. People write two or three spaces, or full-width ones, and no empty line.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from contentsvc.channels.markdown.marks import INDENT, INNER, Mark, column_of, dedented, mark_of
from contentsvc.errors import RenderError

__all__ = ["HEADING", "MOST_NESTING", "regular"]

#: Most levels of nested quotes and lists.
MOST_NESTING = 20
_QUOTE = re.compile(r" {0,3}> ?")
#: As the parser knows them; a single # without a space begins a hashtag such as #早安.
HEADING = r"#{2,6}|#(?= )"
_HEADING = re.compile(HEADING)
_EMPTY_HEADING = re.compile(r"#{1,6} *+#*+ *+")
_RULE = re.compile(r" {0,3}(?:(?:- {0,2}){3,}|(?:_ {0,2}){3,}|(?:\* {0,2}){3,}) *")
#: The number that would begin an item in a line of text.
_NUMBER = re.compile(r"^( *\d{1,9})([.)] )")
_UNDERLINE = re.compile(r"(?:=+|-+) *")
_DELIMITERS = re.compile(r" *+\|?(?: *+:?-++:? *+\|)*+(?: *+:?-++:? *+)?")
#: What takes the place of a block of HTML or code.
_STORED = re.compile(r" *\x02wzxhzdk:\d+\x03 *")
_NOTE = re.compile(r" {0,3}\[\^(?P<label>[^\[\]\s]+)\]: *(?P<text>.*)")
#: Kinds of the line before.
_NOTHING, _TEXT, _ITEM, _TABLE, _BLOCK = range(5)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a body.

    Further lines of a paragraph in a list item stay as they are: the parser adds them to the item,
    and their spaces have no meaning.
    """

    text: str
    #: Whether the line goes without the indent of the items around it.
    as_is: bool = False


def regular(
    lines: list[str], notes: dict[str, list[str]], is_table: Callable[[str], bool]
) -> list[str]:
    """Return *lines* in the form that the parser expects, and move footnotes to *notes*.

    *notes* maps the label of a footnote to its lines. *is_table* returns whether a text of two
    lines is the head of a table.

    Raises:
        RenderError: quotes and lists are nested too deeply.
    """
    return [line.text for line in _Block(lines, _Context(notes, is_table)).regular()]


@dataclass(frozen=True, slots=True)
class _Context:
    """What the blocks of a body share, and the nesting depth of a block."""

    notes: dict[str, list[str]]
    is_table: Callable[[str], bool]
    depth: int = 0

    def deeper(self) -> _Context:
        """Return the context for a nested block. Raise RenderError if it is nested too deeply."""
        if self.depth >= MOST_NESTING:
            raise RenderError("text-nested-too-deeply", field="body", most=MOST_NESTING)
        return replace(self, depth=self.depth + 1)


class _Block:
    """The lines of a body, a quotation or a list item, without the marks that enclose them."""

    def __init__(
        self, lines: list[str], context: _Context, *, item: list[str] | None = None
    ) -> None:
        """Create a block. *item* has the lines of a list item as they are in the body."""
        self._lines = lines
        self._as_typed = lines if item is None else item
        self._in_item = item is not None
        self._context = context
        self._out: list[_Line] = []
        self._before = _NOTHING
        #: Whether the open list has numbers.
        self._numbered = False
        #: Whether the last item has an empty line.
        self._loose = False
        #: Lines of the open paragraph.
        self._length = 0

    def regular(self) -> list[_Line]:
        """Return the lines in the form that the parser expects."""
        place = 0
        while place < len(self._lines):
            place = self._next(place)
        return self._out

    def _inner(self, lines: list[str], item: list[str] | None = None) -> list[_Line]:
        return _Block(lines, self._context.deeper(), item=item).regular()

    def _next(self, place: int) -> int:
        """Add the line at index *place*, or the block that begins there; return the next index."""
        line = self._lines[place]
        if not line.strip():
            self._add("", _NOTHING)
            return place + 1
        steps = (self._code, self._item, self._quote, self._note, self._table, self._whole)
        for step in steps:
            if (after := step(place)) is not None:
                return after
        self._text(place, line)
        return place + 1

    def _add(self, text: str, kind: int, *, as_is: bool = False) -> None:
        self._out.append(_Line(text, as_is))
        self._before = kind
        self._length = self._length + 1 if kind == _TEXT else 0

    def _apart(self) -> None:
        """Add an empty line, unless the last line is empty."""
        if self._before != _NOTHING:
            self._add("", _NOTHING)

    def _text(self, place: int, line: str) -> None:
        """Add *line*, which is at index *place*, as text or as a row of the open table."""
        if self._before in {_ITEM, _BLOCK}:
            # It would become a further line of the item or heading before it.
            self._apart()
        if self._before == _TABLE:
            self._add(line, _TABLE)
        elif self._in_item and self._before == _TEXT:
            as_typed = line if line != self._lines[place] else self._as_typed[place]
            self._add(_NUMBER.sub(r"\1\\\2", as_typed), _TEXT, as_is=True)
        else:
            self._add(line, _TEXT)

    def _in_first_paragraph(self) -> bool:
        return self._in_item and self._length == len(self._out)

    def _code(self, place: int) -> int | None:
        """Add the line at *place* if it is code: it has four spaces and does not follow text.

        Return the next index, or None if the line is not code. The methods below do the same for
        other blocks.
        """
        line = self._lines[place]
        if not line.startswith(" " * INDENT) or self._before in {_TEXT, _ITEM, _TABLE}:
            return None
        self._out.append(_Line(line))
        return place + 1

    def _item(self, place: int) -> int | None:
        """Add the list item that begins at *place*, with all its lines."""
        mark = mark_of(self._lines[place])
        if mark is None or _RULE.fullmatch(self._lines[place]) or not self._begins(mark):
            return None
        end = self._end_of_item(place, mark)
        rest = dedented(self._lines[place + 1 : end], mark.column)
        as_typed = [mark.content, *self._as_typed[place + 1 : end]]
        inner = self._inner([mark.content, *rest], as_typed)
        while inner and not inner[0].text:
            # A footnote was moved away.
            inner.pop(0)
        if inner:
            self._add_item(mark, *inner)
        return end

    def _add_item(self, mark: Mark, first: _Line, *others: _Line) -> None:
        follows = self._before == _ITEM and self._numbered == bool(mark.number)
        if (not follows or self._loose) and not self._in_first_paragraph():
            self._apart()
        self._numbered = bool(mark.number)
        self._out.append(_Line(f"{mark.shown} {first.text}"))
        self._out += [
            line if line.as_is or not line.text else _Line(" " * INDENT + line.text)
            for line in others
        ]
        # The parser would add the next item to the last paragraph of this one.
        self._loose = any(not line.text for line in others)
        self._before = _ITEM
        self._length = 0

    def _begins(self, mark: Mark) -> bool:
        """Return True if *mark* begins a list item here, and not a line of text."""
        if self._before == _ITEM and self._numbered == bool(mark.number):
            return True
        return self._before not in {_TEXT, _ITEM, _TABLE} or mark.interrupts()

    def _end_of_item(self, place: int, mark: Mark) -> int:
        """Return the index after the last line of the list item at *place*."""
        end, empty = place + 1, False
        for index in range(place + 1, len(self._lines)):
            line = self._lines[index]
            if not line.strip():
                empty = True
                continue
            inner = mark_of(line)
            if column_of(line) < mark.column + INNER and (
                empty or self._interrupts(index, inner, mark)
            ):
                break
            end, empty = index + 1, False
        return end

    def _interrupts(self, place: int, inner: Mark | None, mark: Mark) -> bool:
        """Return True if the line at *place*, directly below an item's text, ends the item."""
        line = self._lines[place]
        if inner is not None and not _RULE.fullmatch(line):
            return bool(inner.number) == bool(mark.number) or inner.interrupts()
        others = (_QUOTE, _HEADING, _STORED, _NOTE)
        return (
            any(pattern.match(line) for pattern in others)
            or bool(_RULE.fullmatch(line) or _UNDERLINE.fullmatch(line))
            or self._heads_table(place)
        )

    def _quote(self, place: int) -> int | None:
        """Add the quotation that begins at *place*: all lines that begin with >."""
        if not _QUOTE.match(self._lines[place]):
            return None
        end = place
        inner = []
        while end < len(self._lines) and (found := _QUOTE.match(self._lines[end])):
            inner.append(self._lines[end][found.end() :])
            end += 1
        self._apart()
        # The parser removes the indent of no quotation that begins beside the mark of an item.
        beside = self._in_item and not self._out
        self._out += [
            _Line(f"> {line.text}" if line.text else ">", as_is=beside)
            for line in self._inner(inner)
        ]
        # The parser adds further lines without > to the quotation.
        self._before = _TEXT
        return end

    def _note(self, place: int) -> int | None:
        """Move the text of the footnote at *place* to the notes."""
        found = _NOTE.match(self._lines[place])
        notes = self._context.notes
        if found is None or found["label"] in notes:
            return None
        end = self._end_of_item(place, Mark(0, "", "", ""))
        rest = dedented(self._lines[place + 1 : end], 0)
        notes[found["label"]] = []
        notes[found["label"]] = [line.text for line in self._inner([found["text"], *rest])]
        self._apart()
        return end

    def _table(self, place: int) -> int | None:
        """Add the head of the table that begins at *place*. Its rows follow as text."""
        if not self._heads_table(place):
            return None
        self._apart()
        for line in self._lines[place : place + 2]:
            self._add(line.strip(" "), _TABLE)
        return place + 2

    def _heads_table(self, place: int) -> bool:
        head, *delimiters = self._lines[place : place + 2]
        return (
            bool(delimiters)
            and "|" in head + delimiters[0]
            and "-" in delimiters[0]
            and _DELIMITERS.fullmatch(delimiters[0]) is not None
            and self._context.is_table(f"{head}\n{delimiters[0]}")
        )

    def _whole(self, place: int) -> int | None:
        """Add a heading, a rule or a placeholder as a separate block.

        A block with many headings would take the parser quadratic time.
        """
        line = self._lines[place]
        under = self._before == _TEXT and self._length == 1 and not self._in_first_paragraph()
        if under and _UNDERLINE.fullmatch(line):
            self._add(line, _BLOCK)
        elif _EMPTY_HEADING.fullmatch(line):
            self._text(place, f"\\{line}")
        elif _STORED.fullmatch(line):
            self._apart()
            self._add(line.strip(" "), _BLOCK)
        elif _HEADING.match(line) or _RULE.fullmatch(line):
            self._apart()
            self._add(line, _BLOCK)
        else:
            return None
        return place + 1

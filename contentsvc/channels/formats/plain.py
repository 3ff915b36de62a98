"""PlainWriter, the base class of all plain-text formats, such as chat texts and SMS."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contentsvc.channels.formats.phrases import phrase
from contentsvc.channels.formats.tree import WIDE, Item, Node, Table
from contentsvc.channels.formats.writing import Writer

__all__ = ["PlainWriter", "bare_address", "picture_note"]

_CJK = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff]"
_GAP = re.compile(rf"(?<={_CJK})(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?={_CJK})")
#: Separates the pieces of a line while it is assembled; no text contains it.
_SEAM = "\x00"
_RUNS = re.compile(r"[\x00 ]+")
#: Most columns of a table that is written as `key：value`.
_PAIR = 2


class PlainWriter(Writer):
    """Base class of the writers that convert a post to plain text, such as a chat text."""

    #: Whether a space separates Chinese from Latin text.
    apart = True
    #: The indent of an item's further lines and of nested lists.
    indent = "  "

    def inline(self, node: Node) -> str:
        """Return the content of a paragraph as plain text, in one or more lines."""
        text = _SEAM.join(piece for piece in self.pieces(node) if piece)
        lines = _RUNS.sub(self._spacing, text).split("\n")
        return "\n".join(line.strip(" ") for line in lines).strip("\n")

    def _spacing(self, run: re.Match[str]) -> str:
        """Return the separator of two parts of a line, such as text and a link.

        It is a space or nothing. People put spaces around `**` so that every Markdown program
        recognises it; without the stars, Chinese text needs no space.
        """
        if _SEAM not in run.group():
            return run.group()
        start, end = run.span()
        before, after = run.string[max(0, start - 1) : start], run.string[end : end + 1]
        if WIDE.match(before) and WIDE.match(after):
            return ""
        gap = self.apart and _GAP.search(before + after)
        return " " if " " in run.group() or gap else ""

    def text(self, text: str) -> str:
        """Return *text*. If `self.apart` is true, spaces separate Chinese from Latin letters."""
        return _GAP.sub(" ", text) if self.apart else text

    def heading(self, level: int, node: Node) -> str:  # noqa: ARG002 - subclasses distinguish levels
        """Return a heading as a line of plain text."""
        return self.inline(node)

    def quote(self, blocks: list[str]) -> str:
        """Return a quotation as text, with a bar before each line."""
        lines = "\n\n".join(blocks).split("\n")
        return "\n".join(f"▎{line}".rstrip() for line in lines)

    def listing(self, listed: list[Item]) -> str:
        """Return a list as text. In each item, all lines after the first are indented."""
        return "\n".join(self._items(listed))

    def _items(self, listed: list[Item]) -> Iterator[str]:
        for item in listed:
            first, *rest = "\n".join(self.blocks(item.content)).split("\n")
            yield "\n".join(
                [self.mark(item) + first, *(f"{self.indent}{line}".rstrip() for line in rest)]
            )

    def mark(self, item: Item) -> str:
        """Return the bullet, number or check mark before a list item."""
        if item.done is not None:
            return "☑ " if item.done else "☐ "
        return "• " if item.number is None else f"{item.number}. "

    def code(self, text: str) -> str:
        """Return a block of code, unchanged."""
        return text

    def inline_code(self, text: str) -> str:
        """Return code within a line, unchanged."""
        return text

    def table(self, content: Table) -> str:
        """Return a table as text. If it has two columns, each row becomes `key：value`.

        In a wider table, a row becomes its first cell and a line for each further cell.

        Spaces cannot align columns, because chats use proportional fonts.
        """
        header = self._cells(content.header)
        rows = [cells for row in content.rows if any(cells := self._cells(row))]
        if max(map(len, [header, *rows]), default=0) <= _PAIR:
            return "\n".join(filter(None, map(self.pair, [header, *rows])))
        if not rows:
            return self.record([], header)
        return "\n".join(filter(None, (self.record(header, row) for row in rows)))

    def _cells(self, row: tuple[Node, ...]) -> list[str]:
        return [self.inline(cell).replace("\n", " ") for cell in row]

    def pair(self, cells: list[str]) -> str:
        """Join the cells of a row with a colon: `key：value`."""
        return phrase("colon", self.language).join(filter(None, cells))

    def record(self, header: list[str], cells: list[str]) -> str:
        """Return a table row as lines: its first cell, then each other as `column title：cell`."""
        first, *rest = cells
        told = [self.field(name, cell) for name, cell in _matched(header[1:], rest) if cell]
        return "\n".join([f"• {first}", *(f"{self.indent}{line}" for line in told)])

    def field(self, name: str, value: str) -> str:
        """Return `name：value`. *name* is a column's title and *value* a cell of that column."""
        return f"{name}{phrase('colon', self.language)}{value}" if name else value

    def rule(self) -> str:
        """Return a horizontal line made of dashes."""
        return "——————"

    def picture(self, node: Node) -> str:
        """Return a placeholder with a picture's alt text, such as [图片：海报]."""
        return picture_note(node, self.language)

    def link(self, words: str, address: str) -> str:
        """Return a link's text and address. A space after the address marks its end."""
        address = bare_address(address)
        if not address:
            return words
        if not words or address in {words, f"http://{words}", f"https://{words}"}:
            return f"{address} "
        return f"{words} {address} "


def picture_note(node: Node, language: str) -> str:
    """Return a placeholder for a picture within text, with its alt text, such as [图片：海报]."""
    alt = " ".join(node.attributes.get("alt", "").split())
    colon = phrase("colon", language)
    return f"[{phrase('picture', language)}{colon + alt if alt else ''}]"


def bare_address(address: str) -> str:
    """Return a link's address without `mailto:` or `tel:`, as people copy it."""
    return address.removeprefix("mailto:").removeprefix("tel:")


def _matched(header: list[str], cells: list[str]) -> Iterator[tuple[str, str]]:
    for place, cell in enumerate(cells):
        yield (header[place] if place < len(header) else ""), cell

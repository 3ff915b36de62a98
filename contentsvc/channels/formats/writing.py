"""The one walk over a post's tree; what is made of each element is each form's own."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar

from contentsvc.channels.formats.tree import (
    Item,
    Node,
    Table,
    close_up,
    grouped,
    items,
    parse,
    raw,
    table,
)

__all__ = ["Writer"]

_HEADING = re.compile(r"h[1-6]")
_BLANKS = re.compile(r"[ \t\r\n\f]+")


class Writer(ABC):
    """Walks the tree of clean HTML and asks the form what becomes of each element."""

    #: Whether blanks between Chinese words and marked ones beside them go.
    closes_up: ClassVar[bool] = False

    def __init__(self, language: str = "zh") -> None:
        """Begin; *language* (`zh` or `en`) words what the form adds."""
        self.language = language if language in {"zh", "en"} else "en"
        #: What a form lost, by rule, in the order of the text.
        self.lost: dict[str, list[str]] = {}
        #: How many lists the walk is in.
        self.depth = 0
        #: How many quotations the walk is in.
        self.quotes = 0

    def write(self, html: str, title: str = "") -> list[str]:
        """Return the blocks of clean HTML, empty ones left out.

        A first heading that says the *title* again is left out, too: each form shows that itself.
        """
        tree = parse(html)
        first = next((c for c in tree.children if not isinstance(c, str) or c.strip()), None)
        if isinstance(first, Node) and _HEADING.fullmatch(first.tag) and _words(first) == title:
            tree.children.remove(first)
        if self.closes_up:
            close_up(tree)
        return list(self.blocks(tree))

    def blocks(self, node: Node) -> Iterator[str]:
        """Yield the blocks below *node*; loose inline content between blocks is a block, too."""
        for child in grouped(node):
            text = self.block(child)
            if text.strip():
                yield text

    def inline(self, node: Node) -> str:
        """Return inline content, its lines trimmed."""
        lines = "".join(self.pieces(node)).split("\n")
        return "\n".join(line.strip(" ") for line in lines).strip("\n")

    def pieces(self, node: Node) -> Iterator[str]:
        """Yield inline content piece by piece."""
        begins = False
        for child in node.children:
            if isinstance(child, str):
                words = _BLANKS.sub(" ", child)
                yield self.text(words.lstrip(" ") if begins else words)
            else:
                yield from self._piece(child)
            begins = not isinstance(child, str) and child.tag == "br"

    def lose(self, rule: str, what: str) -> None:
        """Note what a rule takes away, so that a warning can tell it."""
        self.lost.setdefault(rule, []).append(" ".join(what.split()))

    def block(self, node: Node) -> str:
        """Return one block."""
        match node.tag:
            case "ul" | "ol":
                text = self._listing(node)
            case "pre":
                text = self.code(raw(node).strip("\n"))
            case "blockquote":
                text = self.quote(self._quoted(node))
            case "table":
                text = self.table(table(node))
            case "hr":
                text = self.rule()
            case tag if _HEADING.fullmatch(tag):
                text = self.heading(int(tag[1]), node)
            case _:
                text = self._paragraph(node)
        return text

    def _quoted(self, node: Node) -> list[str]:
        self.quotes += 1
        found = list(self.blocks(node))
        self.quotes -= 1
        return found

    def _listing(self, node: Node) -> str:
        self.depth += 1
        found = self.listing(list(items(node)))
        self.depth -= 1
        return found

    def _paragraph(self, node: Node) -> str:
        pictures = _pictures_alone(node)
        return self.pictures(pictures) if pictures else self.paragraph(node)

    def _piece(self, node: Node) -> Iterable[str]:
        match node.tag:
            case "br":
                return (self.line_end(),)
            case "code" | "kbd":
                return (self.inline_code(raw(node)),)
            case "img":
                return (self.picture(node),)
            case "a":
                return (self.link(self.inline(node), node.attributes.get("href", "")),)
            case _:
                return self.span(node)

    def line_end(self) -> str:
        """Return what ends a line within a paragraph."""
        return "\n"

    def paragraph(self, node: Node) -> str:
        """Return a paragraph."""
        return self.inline(node)

    def pictures(self, nodes: Sequence[Node]) -> str:
        """Return pictures that stand by themselves."""
        return "\n".join(filter(None, map(self.picture, nodes)))

    def span(self, node: Node) -> Iterable[str]:
        """Return emphasis and its like; its words alone unless a form knows more."""
        if node.tag in {"del", "s"} and (words := raw(node).strip()):
            self.lose("struck", words)
        return self.pieces(node)

    @abstractmethod
    def text(self, text: str) -> str:
        """Return words; blanks are one space already."""

    @abstractmethod
    def heading(self, level: int, node: Node) -> str:
        """Return a heading of level 1 to 6."""

    @abstractmethod
    def quote(self, blocks: list[str]) -> str:
        """Return a quotation of these blocks."""

    @abstractmethod
    def listing(self, listed: list[Item]) -> str:
        """Return a list."""

    @abstractmethod
    def code(self, text: str) -> str:
        """Return a block of code, its lines as they are."""

    @abstractmethod
    def inline_code(self, text: str) -> str:
        """Return code within a line."""

    @abstractmethod
    def table(self, content: Table) -> str:
        """Return a table."""

    @abstractmethod
    def rule(self) -> str:
        """Return a line across."""

    @abstractmethod
    def picture(self, node: Node) -> str:
        """Return a picture: its attributes are `src`, `alt` and `title`, each of which may lack."""

    @abstractmethod
    def link(self, words: str, address: str) -> str:
        """Return a link; the address is empty where it was refused."""


def _words(node: Node) -> str:
    return " ".join(raw(node).split())


def _pictures_alone(node: Node) -> list[Node]:
    """Return the pictures of a paragraph that has nothing else."""
    found = []
    for child in node.children:
        if isinstance(child, Node) and child.tag == "img":
            found.append(child)
        elif child.strip() if isinstance(child, str) else child.tag != "br":
            return []
    return found

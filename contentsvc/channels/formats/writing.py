"""Writer, the base class of all formats. It walks through the HTML elements of a post."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence

from contentsvc.channels.formats.notes import in_brackets
from contentsvc.channels.formats.tree import (
    Item,
    Node,
    Table,
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
    """Base class of the writers. Each subclass converts a tree of clean HTML to one format.

    It walks the tree and calls one method for each element.
    """

    def __init__(self, language: str = "zh") -> None:
        """Create a writer. The texts that it adds are in *language* (`zh` or `en`)."""
        self.language = language if language in {"zh", "en"} else "en"
        #: Parts of the text that the format left out or warns of, by rule, in order.
        self.lost: dict[str, list[str]] = {}
        #: Nesting level of lists.
        self.depth = 0
        #: Nesting level of quotations.
        self.quotes = 0

    def write(self, html: str, title: str = "") -> list[str]:
        """Convert clean HTML to this format; return its blocks, such as paragraphs and lists.

        A first heading that repeats the *title* is left out, because each format shows the title.
        """
        tree = parse(html)
        first = next((c for c in tree.children if not isinstance(c, str) or c.strip()), None)
        if isinstance(first, Node) and _HEADING.fullmatch(first.tag) and _words(first) == title:
            tree.children.remove(first)
        self.prepare(tree)
        return list(self.blocks(tree))

    def prepare(self, tree: Node) -> None:
        """Change the tree of a post before writing. By default, put footnotes in brackets."""
        in_brackets(tree, self.language)

    def blocks(self, node: Node) -> Iterator[str]:
        """Convert each non-empty block of *node* to this format and yield it.

        Text between block elements counts as a block, too.
        """
        for child in grouped(node):
            text = self.block(child)
            if text.strip():
                yield text

    def inline(self, node: Node) -> str:
        """Convert the content of a paragraph to this format, without spaces around its lines."""
        lines = "".join(self.pieces(node)).split("\n")
        return "\n".join(line.strip(" ") for line in lines).strip("\n")

    def pieces(self, node: Node) -> Iterator[str]:
        """Convert each part of a paragraph, such as text or a link, to this format and yield it."""
        begins = False
        for child in node.children:
            if isinstance(child, str):
                words = _BLANKS.sub(" ", child)
                yield self.text(words.lstrip(" ") if begins else words)
            else:
                yield from self._piece(child)
            begins = not isinstance(child, str) and child.tag == "br"

    def lose(self, rule: str, what: str) -> None:
        """Record that the format left out some content, for a warning.

        *rule* is the kind of content, such as `links`; *what* is the content.
        """
        self.lost.setdefault(rule, []).append(" ".join(what.split()))

    def block(self, node: Node) -> str:
        """Convert a block element, such as a list or a table, to this format."""
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
        """Return a line break within a paragraph."""
        return "\n"

    def paragraph(self, node: Node) -> str:
        """Convert a paragraph to this format."""
        return self.inline(node)

    def pictures(self, nodes: Sequence[Node]) -> str:
        """Convert a paragraph of only pictures to this format."""
        return "\n".join(filter(None, map(self.picture, nodes)))

    def span(self, node: Node) -> Iterable[str]:
        """Convert bold or otherwise marked text to this format. By default, drop the marks."""
        if node.tag in {"del", "s"} and (words := raw(node).strip()):
            self.lose("struck", words)
        return self.pieces(node)

    @abstractmethod
    def text(self, text: str) -> str:
        """Convert a piece of text to this format, for example by escaping it.

        The caller has collapsed all white space in *text* to single spaces.
        """

    @abstractmethod
    def heading(self, level: int, node: Node) -> str:
        """Convert a heading to this format. *level* is from 1 to 6."""

    @abstractmethod
    def quote(self, blocks: list[str]) -> str:
        """Convert a quotation to this format. *blocks* are its converted paragraphs."""

    @abstractmethod
    def listing(self, listed: list[Item]) -> str:
        """Convert a list to this format. *listed* are its items."""

    @abstractmethod
    def code(self, text: str) -> str:
        """Convert a block of code to this format. *text* keeps the lines and spaces of the code."""

    @abstractmethod
    def inline_code(self, text: str) -> str:
        """Convert code within a line of text to this format."""

    @abstractmethod
    def table(self, content: Table) -> str:
        """Convert a table to this format."""

    @abstractmethod
    def rule(self) -> str:
        """Return a horizontal line between paragraphs in this format."""

    @abstractmethod
    def picture(self, node: Node) -> str:
        """Convert a picture to this format. *node* may lack any of `src`, `alt` and `title`."""

    @abstractmethod
    def link(self, words: str, address: str) -> str:
        """Convert a link to this format. *address* is empty if an unsafe address was removed."""


def _words(node: Node) -> str:
    return " ".join(raw(node).split())


def _pictures_alone(node: Node) -> list[Node]:
    """Return the pictures of a paragraph that contains nothing else, or an empty list."""
    found = []
    for child in node.children:
        if isinstance(child, Node) and child.tag == "img":
            found.append(child)
        elif child.strip() if isinstance(child, str) else child.tag != "br":
            return []
    return found

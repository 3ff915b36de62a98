"""Parses a post's clean HTML into a tree of nodes. All formats are written from this tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = [
    "LOOSE",
    "WIDE",
    "Item",
    "Node",
    "Table",
    "close_up",
    "grouped",
    "items",
    "parse",
    "raw",
    "table",
    "visible",
]

#: The tag of a node for inline content between blocks.
LOOSE = "loose"
_BLOCKS = frozenset(
    {"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"}
)
#: Inline elements that look different from the text around them.
_MARKED = frozenset({"a", "b", "del", "em", "i", "ins", "mark", "s", "strong", "u"})
#: Characters as wide as they are high, Chinese punctuation included.
WIDE = re.compile(
    r"[\u2018-\u201d\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]"
)
_VOID = frozenset({"br", "hr", "img"})
#: Levels of nesting; deeper elements are flattened.
_DEEPEST = 40
#: Most digits of the first number of a list.
_MOST_DIGITS = 9
_TASK = re.compile(r"\s*\[([ xX])\]\s+")
#: Control characters, surrogates, marks of the text direction and invisible characters. Joiners
#: are not among them, because emoji need them.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb]"
)


@dataclass(slots=True)
class Node:
    """An HTML element with its attributes and children."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a table, row by row. *header* is empty if the table has no header."""

    header: tuple[Node, ...]
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a list: its number or task mark, and its content."""

    #: The item's number; None in a list without numbers.
    number: int | None
    #: Whether a task is done; None if the item is not a task.
    done: bool | None
    content: Node


def parse(html: str) -> Node:
    """Parse clean HTML and return its root node. Nesting beyond forty levels is flattened."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root


def visible(text: str) -> str:
    """Return *text* without control characters, direction marks and invisible characters."""
    return _HIDDEN.sub("", text)


def grouped(node: Node) -> Iterator[Node]:
    """Yield the block elements of *node*. Text between them becomes nodes with the tag LOOSE."""
    loose = Node(LOOSE)
    for child in node.children:
        if isinstance(child, Node) and child.tag in _BLOCKS:
            yield loose
            yield child
            loose = Node(LOOSE)
        else:
            loose.children.append(child)
    yield loose


def close_up(node: Node) -> None:
    """Remove the spaces between plain and marked (such as bold) Chinese text in *node*.

    People put spaces around `**` so that every Markdown program recognises it; formatted text
    needs no such space.
    """
    for place, child in enumerate(node.children):
        if isinstance(child, Node):
            close_up(child)
            continue
        before, after = _beside(node, place - 1), _beside(node, place + 1)
        words = child
        if before and WIDE.match(raw(before)[-1:]) and WIDE.match(words.lstrip(" ")[:1]):
            words = words.lstrip(" ")
        if after and WIDE.match(raw(after)[:1]) and WIDE.match(words.rstrip(" ")[-1:]):
            words = words.rstrip(" ")
        node.children[place] = words


def _beside(node: Node, place: int) -> Node | None:
    if not 0 <= place < len(node.children):
        return None
    child = node.children[place]
    return child if isinstance(child, Node) and child.tag in _MARKED else None


def raw(node: Node) -> str:
    """Return all text in *node* and its children, with all spaces and line ends."""
    return "".join(child if isinstance(child, str) else raw(child) for child in node.children)


def items(node: Node) -> Iterator[Item]:
    """Yield the items of a list. An item that begins with `[ ]` or `[x]` is a task.

    Text between the items is an item, too. So are the items in an element that is closed too late,
    such as the bold element of `<ul><li><b>one</li><li>two</b></li></ul>`.
    """
    start = node.attributes.get("start", "1")
    first = int(start) if start.isascii() and start.isdigit() and len(start) <= _MOST_DIGITS else 1
    for number, child in enumerate(_list_items(node), first):
        done, content = _task(child)
        yield Item(number if node.tag == "ol" else None, done, content)


def _list_items(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, str):
            if child.strip():
                yield Node("li", {}, [child])
        elif child.tag == "li":
            yield child
        elif any(isinstance(inner, Node) and inner.tag == "li" for inner in child.children):
            yield from _list_items(child)
        elif raw(child).strip() or child.tag == "img":
            yield Node("li", {}, [child])


def _task(item: Node) -> tuple[bool | None, Node]:
    """Return the state of a task, and *item* without its `[x]` or `[ ]`.

    The state is True for a done task, False for an open one, and None if *item* is no task.
    """
    for place, child in enumerate(item.children):
        if isinstance(child, str):
            if not child.strip():
                continue
            found = _TASK.match(child)
            if found is None:
                return None, item
            rest = [child[found.end() :], *item.children[place + 1 :]]
            return found[1] != " ", Node(item.tag, item.attributes, rest)
        if child.tag != "p":
            return None, item
        done, inner = _task(child)
        return done, Node(item.tag, item.attributes, [inner, *item.children[place + 1 :]])
    return None, item


def table(node: Node) -> Table:
    """Return the cells of the table *node*. A first row of only th elements is the header."""
    rows = [cells for row in _rows(node) if (cells := _cells(row))]
    if rows and all(cell.tag == "th" for cell in rows[0]):
        return Table(rows[0], tuple(rows[1:]))
    return Table((), tuple(rows))


def _rows(node: Node) -> Iterator[Node]:
    for child in node.children:
        if isinstance(child, Node):
            if child.tag == "tr":
                yield child
            else:
                yield from _rows(child)


def _cells(row: Node) -> tuple[Node, ...]:
    return tuple(child for child in row.children if isinstance(child, Node))


class _Builder(HTMLParser):
    """An HTML parser that builds a tree of Node objects, without recursion."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("root")
        self._open = [self.root]
        self._flattened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and len(self._open) >= _DEEPEST:
            self._flattened.append(tag)
            return
        node = Node(tag, {name: visible(value or "") for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self._flattened and self._flattened[-1] == tag:
            self._flattened.pop()
        elif len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(visible(data))

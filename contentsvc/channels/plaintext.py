"""Clean HTML -> plain text with the rhythm of a chat group's message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

__all__ = ["html_text"]

_VOID = {"br", "hr", "img"}
_BLOCKS = {
    *("blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "pre", "table", "ul"),
}
_INLINE = "inline"
#: Deeper nesting reads no better and is shown flat.
_DEEPEST = 40
#: Full-width space and no-break space are the writer's own and stay.
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_CJK = r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff]"
_GAP = re.compile(rf"(?<={_CJK})(?=[A-Za-z0-9])|(?<=[A-Za-z0-9%])(?={_CJK})")
#: Between the pieces of a line while it is put together.
_SEAM = "\x00"
_RUNS = re.compile(r"[\x00 ]+")
_WIDE = re.compile(
    r"[\u2018-\u201d\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]"
)


@dataclass(slots=True)
class _Node:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[_Node | str] = field(default_factory=list)


def html_text(html: str) -> str:
    """Return the words of clean HTML as plain text.

    Headings of the first two levels stand in 【】, list items behind • or their number, links as
    `words address`, table rows as lines, pictures as their alternative text. Blocks are divided
    by one empty line, and Chinese from Latin by a space.
    """
    builder = _Builder()
    builder.feed(html.replace(_SEAM, ""))
    builder.close()
    return "\n\n".join(_blocks(builder.root)).strip("\n")


class _Builder(HTMLParser):
    """Builds the tree without recursion."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = _Node("root")
        self._open = [self.root]
        self._flattened: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID and len(self._open) >= _DEEPEST:
            self._flattened.append(tag)
            return
        node = _Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in _VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if self._flattened and self._flattened[-1] == tag:
            self._flattened.pop()
        elif len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def _blocks(node: _Node) -> Iterator[str]:
    """Yield the blocks below *node*; loose inline content between blocks is a block, too."""
    for child in _grouped(node):
        text = _block(child)
        if text.strip():
            yield text


def _grouped(node: _Node) -> Iterator[_Node]:
    loose = _Node(_INLINE)
    for child in node.children:
        if isinstance(child, _Node) and child.tag in _BLOCKS:
            yield loose
            yield child
            loose = _Node(_INLINE)
        else:
            loose.children.append(child)
    yield loose


def _block(node: _Node) -> str:
    return _WRITERS.get(node.tag, _inline)(node)


def _heading(node: _Node) -> str:
    words = _inline(node)
    return f"【{words}】" if words else ""


def _list(node: _Node) -> str:
    return "\n".join(_items(node))


def _code(node: _Node) -> str:
    return _raw(node).strip("\n")


def _quote(node: _Node) -> str:
    lines = "\n\n".join(_blocks(node)).split("\n")
    return "\n".join(f"▎{line}".rstrip() for line in lines)


def _table(node: _Node) -> str:
    return "\n".join(_rows(node))


def _rule(_: _Node) -> str:
    return "——————"


def _items(node: _Node) -> Iterator[str]:
    start = node.attributes.get("start", "1")
    number = int(start) if start.isdigit() and len(start) <= 9 else 1  # noqa: PLR2004 - HTML's most
    for child in node.children:
        if isinstance(child, _Node) and child.tag == "li":
            mark = "• " if node.tag == "ul" else f"{number}. "
            number += 1
            first, *rest = "\n".join(_blocks(child)).split("\n")
            yield "\n".join([mark + first, *(f"  {line}".rstrip() for line in rest)])


def _rows(node: _Node) -> Iterator[str]:
    for child in node.children:
        if not isinstance(child, _Node):
            continue
        if child.tag == "tr":
            cells = [_inline(cell) for cell in child.children if isinstance(cell, _Node)]
            yield " | ".join(cells)
        else:
            yield from _rows(child)


def _raw(node: _Node) -> str:
    return "".join(c if isinstance(c, str) else _raw(c) for c in node.children)


def _inline(node: _Node) -> str:
    """Return inline content as lines, Chinese and Latin apart."""
    text = _RUNS.sub(_spacing, _SEAM.join(piece for piece in _pieces(node) if piece))
    return "\n".join(line.strip(" ") for line in text.split("\n")).strip("\n")


def _spacing(run: re.Match[str]) -> str:
    """Return what stands between two pieces of a line.

    Writers set `**` off by spaces so that every Markdown program sees it; between Chinese words
    nothing is left of them once the stars are gone.
    """
    before, after = (
        run.string[max(0, run.start() - 1) : run.start()],
        run.string[run.end() : run.end() + 1],
    )
    if _SEAM not in run.group():
        return run.group()
    if _WIDE.match(before) and _WIDE.match(after):
        return ""
    return " " if " " in run.group() or _GAP.search(before + after) else ""


def _pieces(node: _Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, str):
            yield _GAP.sub(" ", _BLANKS.sub(" ", child))
        elif child.tag == "br":
            yield "\n"
        elif child.tag == "code":
            yield _raw(child)
        elif child.tag == "img":
            yield child.attributes.get("alt", "")
        elif child.tag == "a":
            yield _link(child)
        else:
            yield from _pieces(child)


def _link(node: _Node) -> str:
    """Write a link so that chat programs see where the address ends."""
    words = _inline(node)
    address = node.attributes.get("href", "").removeprefix("mailto:").removeprefix("tel:")
    if not address:
        return words
    if not words or address in {words, f"http://{words}", f"https://{words}"}:
        return f"{address} "
    return f"{words} {address} "


_WRITERS: dict[str, Callable[[_Node], str]] = {
    "h1": _heading,
    "h2": _heading,
    "ul": _list,
    "ol": _list,
    "pre": _code,
    "blockquote": _quote,
    "table": _table,
    "hr": _rule,
}

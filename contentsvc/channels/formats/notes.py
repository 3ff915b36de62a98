"""The footnotes of a post: taken out for an article, or put in brackets for plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from contentsvc.channels.formats.phrases import phrase
from contentsvc.channels.formats.tree import Node
from contentsvc.channels.markdown import NOTE

__all__ = ["in_brackets", "take_notes"]

#: Most characters and elements, addresses included, of a note that is put within the text. A
#: longer note is put after the text, because it may be referred to hundreds of times.
_MOST_WITHIN = 120


def take_notes(tree: Node) -> dict[str, Node]:
    """Remove the footnotes from *tree* and return them by number."""
    notes: dict[str, Node] = {}
    others: list[Node | str] = []
    for child in tree.children:
        if isinstance(child, Node) and _has_notes(child):
            items = (item for item in child.children if isinstance(item, Node))
            notes |= {item.attributes[NOTE]: item for item in items}
        else:
            others.append(child)
    tree.children = others
    return notes


def _has_notes(node: Node) -> bool:
    items = [child for child in node.children if isinstance(child, Node)]
    return node.tag == "ol" and bool(items) and all(NOTE in item.attributes for item in items)


def in_brackets(tree: Node, language: str) -> None:
    """Replace each footnote mark in *tree* with the text of the footnote, in brackets.

    A footnote that is long or has several paragraphs follows the text, after its mark. So does a
    footnote that only other footnotes refer to.
    """
    notes = take_notes(tree)
    if not notes:
        return
    within = {
        number: [phrase("note-opens", language), *words, phrase("note-closes", language)]
        for number, note in notes.items()
        if (words := _short(note)) is not None
    }
    shown = _replaced(tree, within)
    listed = {number for number in notes if number not in shown}
    listed |= {number for note in notes.values() for number in _references(note)}
    for number, note in notes.items():
        if number in listed:
            tree.children += _numbered(number, note)


def _short(note: Node) -> list[Node | str] | None:
    """Return the content of a footnote if it is one short paragraph, else None."""
    blocks = [child for child in note.children if not isinstance(child, str) or child.strip()]
    if len(blocks) != 1 or not isinstance(blocks[0], Node) or blocks[0].tag != "p":
        return None
    return blocks[0].children if _weight(blocks[0]) <= _MOST_WITHIN else None


def _weight(node: Node) -> int:
    own = 1 + sum(map(len, node.attributes.values()))
    return own + sum(
        len(child) if isinstance(child, str) else _weight(child) for child in node.children
    )


def _replaced(node: Node, within: Mapping[str, list[Node | str]]) -> set[str]:
    """Replace footnote marks with the texts in *within*; return the numbers of the replaced marks.

    The marks are replaced in *node* and its children.
    """
    found: set[str] = set()
    children: list[Node | str] = []
    for child in node.children:
        number = child.attributes.get(NOTE, "") if isinstance(child, Node) else ""
        if number in within:
            found.add(number)
            children += within[number]
            continue
        if isinstance(child, Node):
            found |= _replaced(child, within)
        children.append(child)
    node.children = children
    return found


def _references(node: Node) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, Node):
            if NOTE in child.attributes:
                yield child.attributes[NOTE]
            yield from _references(child)


def _numbered(number: str, note: Node) -> list[Node | str]:
    """Return the content of a footnote, with its number before the first block."""
    blocks = list(note.children)
    for place, child in enumerate(blocks):
        if isinstance(child, Node) and child.tag == "p":
            blocks[place] = Node("p", child.attributes, [f"[{number}] ", *child.children])
            return blocks
        if isinstance(child, Node):
            break
    return [Node("p", {}, [f"[{number}]"]), *blocks]

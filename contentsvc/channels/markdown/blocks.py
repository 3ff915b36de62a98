"""Tables and link definitions whose text the Markdown library would otherwise drop."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions.tables import TableProcessor
from markdown.preprocessors import Preprocessor

__all__ = ["register"]

#: Columns up to which the parser adds the missing cells of a row. Without a limit, a table with
#: a long head and many short rows would have more cells than memory.
_MOST_FILLED = 100
_LABEL = re.compile(r"\[([^\[\]]*)\](:?)")
#: `[label]: address "title"`, with a line end before the address or the title.
_DEFINITION = re.compile(
    r"""^[ ]{0,3}\[(?P<label>[^\[\]]+)\]:[ ]*+(?:\n[ ]*+)?"""
    r"""<?(?P<address>(?:https?://|mailto:|tel:)[^\s<>]++)>?[ ]*+"""
    r"""(?:\n?[ ]*+(?:"(?P<double>[^"\n]*)"|'(?P<single>[^'\n]*)'|\((?P<round>[^()\n]*)\))"""
    r"""[ ]*+)?$""",
    re.MULTILINE,
)


def register(md: Markdown) -> None:
    """Register these block processors in place of the library's."""
    table = _Table(md.parser, {"use_align_attribute": True})
    md.ESCAPED_CHARS.append("|")
    md.parser.blockprocessors.register(table, "table", 75)
    definitions = _Definitions(md.parser)
    md.preprocessors.register(_Labels(md, definitions), "labels", 17)
    md.parser.blockprocessors.register(definitions, "reference", 15)


class _Table(TableProcessor):
    """A table whose rows keep all their cells, even if its head has fewer columns."""

    def _build_row(self, row: str, parent: ET.Element, align: Sequence[str | None]) -> None:
        cells = len(self._split_row(row))  # type: ignore[attr-defined] # the stubs lack it
        more = cells - len(align)
        shown = align[:cells] if len(align) > _MOST_FILLED else align
        super()._build_row(row, parent, [*shown, *[None] * more])  # type: ignore[misc]


class _Definitions(BlockProcessor):
    """Removes definitions such as `[label]: https://…` from the text if a link uses them.

    Other text in this shape, such as `[note]: until Friday`, stays.
    """

    #: The labels that the text uses, in lower case.
    used: frozenset[str] = frozenset()

    def test(self, parent: ET.Element, block: str) -> bool:  # noqa: ARG002 - the library's own
        return "]:" in block

    def run(self, parent: ET.Element, blocks: list[str]) -> bool:  # noqa: ARG002 - the same
        block = blocks.pop(0)
        rest = _DEFINITION.sub(self._taken, block)
        if rest == block:
            blocks.insert(0, block)
            return False
        blocks[:0] = [part.strip("\n") for part in re.split(r"\n{2,}", rest) if part.strip()]
        return True

    def _taken(self, found: re.Match[str]) -> str:
        label = found["label"].strip().lower()
        if label not in self.used:
            return found[0]
        title = found["double"] or found["single"] or found["round"]
        self.parser.md.references[label] = (found["address"], title)
        return ""


class _Labels(Preprocessor):
    """Collects the labels in square brackets, except those that begin a definition."""

    def __init__(self, md: Markdown, definitions: _Definitions) -> None:
        super().__init__(md)
        self._definitions = definitions

    def run(self, lines: list[str]) -> list[str]:
        found = (pair for line in lines for pair in _LABEL.findall(line))
        self._definitions.used = frozenset(
            label.strip().lower() for label, colon in found if not colon
        )
        return lines

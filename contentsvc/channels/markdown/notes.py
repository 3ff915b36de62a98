"""Footnotes: `text[^1]`, and `[^1]: its text` on a separate line."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from markdown import Markdown
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

from contentsvc.channels.markdown.cleaning import NOTE

__all__ = ["Notes", "register"]

#: The lines of each footnote, by its label.
Notes = dict[str, list[str]]
_REFERENCE = r"\[\^([^\[\]\s]+)\]"


def register(md: Markdown, notes: Notes) -> None:
    """Register the processors for footnotes. *notes* must be filled before the text is parsed."""
    md.inlinePatterns.register(_Reference(notes, md), "note", 175)
    # Before the inline patterns, so that they apply to the notes, too.
    md.treeprocessors.register(_NoteTexts(notes, md), "note_texts", 50)
    md.treeprocessors.register(_Numbers(md), "note_numbers", 15)


class _Reference(InlineProcessor):
    """Replaces `[^label]` with a mark if there is a footnote with this label."""

    def __init__(self, notes: Notes, md: Markdown) -> None:
        super().__init__(_REFERENCE, md)
        self._notes = notes

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002 - the library's own signature
    ) -> tuple[ET.Element | None, int | None, int | None]:
        if m[1] not in self._notes:
            return None, None, None
        return ET.Element("sup", {NOTE: m[1]}), m.start(), m.end()


class _NoteTexts(Treeprocessor):
    """Adds the footnotes to the end of the text, as a list."""

    def __init__(self, notes: Notes, md: Markdown) -> None:
        super().__init__(md)
        self._notes = notes

    def run(self, root: ET.Element) -> None:
        if not self._notes:
            return
        listed = ET.SubElement(root, "ol")
        for label, lines in self._notes.items():
            # The parser treats blocks in `li` as those of a list, so it gets another element.
            block = ET.Element("div")
            self.md.parser.parseChunk(block, "\n".join(lines))
            note = ET.SubElement(listed, "li", {NOTE: label})
            note.extend(list(block))


class _Numbers(Treeprocessor):
    """Numbers the footnotes in the order in which the text refers to them."""

    def run(self, root: ET.Element) -> None:
        listed = [item for item in root.iter("li") if NOTE in item.attrib]
        if not listed:
            return
        references = [mark for mark in root.iter("sup") if NOTE in mark.attrib]
        labels = [element.get(NOTE, "") for element in (*references, *listed)]
        numbers = {label: number for number, label in enumerate(dict.fromkeys(labels), 1)}
        for element in (*references, *listed):
            element.set(NOTE, str(numbers[element.get(NOTE, "")]))
        for mark in references:
            mark.text = f"[{mark.get(NOTE)}]"
        root[-1][:] = sorted(listed, key=lambda item: int(item.get(NOTE, "")))

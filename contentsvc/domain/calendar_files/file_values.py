"""A value of a calendar file with its path, read by what it should be, its faults noted."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contentsvc.domain.calendar_files.tree import ListNode, MapNode, Node, Scalar
from contentsvc.errors import Problem
from contentsvc.messages import Message

__all__ = ["FileFields", "FileValue", "text_fault"]

T = TypeVar("T")
D = TypeVar("D")

#: More faults than these are no help to the person who mends them.
_MOST_PROBLEMS = 100
_NULLS = frozenset({"null", "Null", "NULL", "~"})


@dataclass(frozen=True, slots=True)
class FileValue:
    """One value of the file, with its path and the list to which its faults are added."""

    node: Node
    path: str
    problems: list[Problem]

    @property
    def line(self) -> int:
        """Return the 1-based line at which the value begins."""
        return self.node.line

    @property
    def is_absent(self) -> bool:
        """Return whether nothing is written after the colon."""
        return isinstance(self.node, Scalar) and self.node.is_plain and not self.node.text

    @property
    def is_mapping(self) -> bool:
        """Return whether this is `{field: value}`."""
        return isinstance(self.node, MapNode)

    @property
    def is_list(self) -> bool:
        """Return whether this is `[item, item]`."""
        return isinstance(self.node, ListNode)

    def wrong(self, message: Message | str) -> None:
        """Note that this value cannot be used."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(self.line, self.path, message))

    def scalar(self) -> str | None:
        """Return the text as it was written, or None after noting why it is none."""
        if not isinstance(self.node, Scalar):
            self.wrong(f"is a {'mapping' if self.is_mapping else 'list'} where text belongs")
            return None
        value = self.node.text
        if self.node.is_plain and value in _NULLS:
            self.wrong(f'{value} says nothing; leave the field out, or write "{value}" in quotes')
            return None
        return value

    def read(self, parse: Callable[[str], T]) -> T | None:
        """Return the scalar as *parse* reads it, or None after noting its ValueError."""
        text = self.scalar()
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.wrong(str(error))
            return None

    def text(self, most: int, *, lines: bool = False, empty: bool = False) -> str | None:
        """Return text of at most *most* characters, on one line unless *lines*."""
        value = self.scalar()
        if value is None:
            return None
        fault = text_fault(value, most, lines=lines, empty=empty)
        if fault:
            self.wrong(fault)
            return None
        return value

    def items(self, most: int) -> list[FileValue]:
        """Return a list's items; none after noting that it is no list or has too many."""
        if self.is_absent:
            return []
        if not isinstance(self.node, ListNode):
            self.wrong("is not a list; write [one, two], or an item a line after `- `")
            return []
        if len(self.node.items) > most:
            self.wrong(f"has {len(self.node.items)} items; {most} are allowed")
            return []
        return [
            FileValue(node, f"{self.path}[{index}]", self.problems)
            for index, node in enumerate(self.node.items)
        ]

    def pairs(self) -> dict[str, FileValue]:
        """Return a mapping's values by name; a name written twice is noted."""
        if self.is_absent:
            return {}
        if not isinstance(self.node, MapNode):
            self.wrong("is not a mapping; write `field: value` lines")
            return {}
        found: dict[str, FileValue] = {}
        for key_node, node in self.node.pairs:
            key = FileValue(key_node, self.path, self.problems)
            name = key.scalar()
            if name is None:
                continue
            spot = FileValue(node, f"{self.path}.{name}" if self.path else name, self.problems)
            if name in found:
                key.wrong(f"{name!r} is given twice, first in line {found[name].line}")
            else:
                found[name] = spot
        return found

    def fields(self, known: Collection[str], required: Iterable[str] = ()) -> FileFields:
        """Return the given fields by name, noting unknown and missing ones."""
        pairs = self.pairs()
        for name, spot in pairs.items():
            if name not in known:
                spot.wrong(f"there is no field {name!r}{_suggestion(name, known)}")
        # What is no mapping at all has been noted; its fields need not be missed as well.
        for name in required if self.is_mapping else ():
            if name not in pairs:
                path = f"{self.path}.{name}" if self.path else name
                FileValue(self.node, path, self.problems).wrong("is missing")
            elif pairs[name].is_absent:
                pairs[name].wrong("is empty")
        return FileFields(
            {name: spot for name, spot in pairs.items() if name in known and not spot.is_absent}
        )


@dataclass(frozen=True, slots=True)
class FileFields:
    """The fields that a mapping gives; a field left out reads as its default."""

    given: Mapping[str, FileValue]

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str) -> FileValue | None:
        """Return a field's value where it is given."""
        return self.given.get(name)

    def read(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        """Return a scalar as *parse* reads it."""
        spot = self.given.get(name)
        value = spot.read(parse) if spot else None
        return default if value is None else value

    def text(self, name: str, most: int, *, lines: bool = False, empty: bool = False) -> str | None:
        """Return a text, as `FileValue.text` does."""
        spot = self.given.get(name)
        return spot.text(most, lines=lines, empty=empty) if spot else None

    def items(self, name: str, most: int) -> list[FileValue]:
        """Return a list's items, as `FileValue.items` does."""
        spot = self.given.get(name)
        return spot.items(most) if spot else []


def _suggestion(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else f"; allowed: {', '.join(known)}"


def text_fault(value: str, most: int, *, lines: bool = False, empty: bool = False) -> str:
    """Return what keeps *value* from being such a text, or nothing."""
    if not empty and not value.strip():
        return "is empty"
    if len(value) > most:
        return f"has {len(value):,} characters; {most:,} are allowed"
    if not lines and ("\n" in value or "\r" in value):
        return "has more than one line; one is allowed"
    for character in value:
        if character not in "\n\r\t" and unicodedata.category(character) in {"Cc", "Cs"}:
            return f"has the control character U+{ord(character):04X}; remove it"
    return ""

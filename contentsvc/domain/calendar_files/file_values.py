"""Reads typed values from a calendar or channel file, and collects all problems of the file."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from contentsvc.errors import CalendarError, InputError, Problem
from contentsvc.messages import Message, Parameter
from contentsvc.yaml_nodes import Limits, ListNode, MapNode, Node, Scalar, YamlError, read_nodes

__all__ = ["MOST_BYTES", "FileFields", "FileValue", "check_text", "read_file"]

T = TypeVar("T")
D = TypeVar("D")

#: The week of a busy community takes about 30 KB, so a megabyte is a mistake or an attack.
MOST_BYTES = 1024 * 1024
#: `entries[0].poster.fields.points[0]` is seven deep. The fullest calendar that is allowed has
#: about 25,000 values.
_LIMITS = Limits(most_bytes=MOST_BYTES, most_depth=12, most_values=50_000)
#: A longer list of problems does not help the person who corrects the file.
_MOST_PROBLEMS = 100
_NULLS = frozenset({"null", "Null", "NULL", "~"})


def read_file(text: str, file: str) -> FileValue:
    """Parse a calendar or channel file and return its root value. *text* is YAML.

    *file* is the file's name in error messages.

    Raises:
        CalendarError: *text* is not YAML, is empty, or exceeds a limit.
    """
    try:
        root = read_nodes(text, _LIMITS)
    except YamlError as error:
        raise CalendarError(file, [Problem(error.line, "", error.message)]) from error
    if root is None:
        raise CalendarError(file, [Problem(0, "", Message("file-empty"))])
    return FileValue(root, "", [])


@dataclass(frozen=True, slots=True)
class FileValue:
    """One value in a calendar or channel file, with a list of all problems found in that file."""

    node: Node
    #: The dotted path of the value, such as `entries[2].day`; empty for the whole file.
    path: str
    #: Shared by all values of the file.
    problems: list[Problem]

    @property
    def line(self) -> int:
        """Return the line number, from 1, at which the value begins."""
        return self.node.line

    @property
    def is_absent(self) -> bool:
        """Return True if the value is empty, as in `title:` with nothing after the colon."""
        return isinstance(self.node, Scalar) and self.node.is_plain and not self.node.text

    @property
    def is_mapping(self) -> bool:
        """Return True if the value is a mapping such as `{field: value}`."""
        return isinstance(self.node, MapNode)

    @property
    def is_list(self) -> bool:
        """Return True if the value is a list such as `[item, item]`."""
        return isinstance(self.node, ListNode)

    def add_problem(self, message: Message | str, **params: Parameter) -> None:
        """Add a problem with this value to `problems`. *message* is a Message or a message code.

        Problems after the hundredth are dropped.
        """
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(self.line, self.path, Message.of(message, **params)))

    def scalar(self) -> str | None:
        """Return the value's text. If it is not a text, add a problem and return None.

        Lists, mappings and null are not texts.
        """
        if not isinstance(self.node, Scalar):
            self.add_problem("file-mapping-not-text" if self.is_mapping else "file-list-not-text")
            return None
        text = self.node.text
        if self.node.is_plain and text in _NULLS:
            self.add_problem("file-null", null=text)
            return None
        return text

    def read(self, parse: Callable[[str], T]) -> T | None:
        """Return the result of calling *parse* with the value's text.

        If the value is not a text, or *parse* raises InputError, add a problem and return None.
        """
        text = self.scalar()
        if text is None:
            return None
        try:
            return parse(text)
        except InputError as error:
            self.add_problem(error.message)
            return None

    def text(self, most: int, *, lines: bool = False, empty: bool = False) -> str | None:
        """Return the value's text if it is valid and has at most *most* characters.

        Otherwise, add a problem and return None. *lines* allows several lines, *empty* an empty
        text.
        """
        text = self.scalar()
        if text is None:
            return None
        problem = check_text(text, most, lines=lines, empty=empty)
        if problem:
            self.add_problem(problem)
            return None
        return text

    def items(self, most: int) -> list[FileValue]:
        """Return the items of this value, a list of at most *most* items.

        If the value is not a list or is too long, add a problem and return an empty list.
        """
        if self.is_absent:
            return []
        if not isinstance(self.node, ListNode):
            self.add_problem("file-not-a-list")
            return []
        if len(self.node.items) > most:
            self.add_problem("file-list-too-long", used=len(self.node.items), most=most)
            return []
        return [
            FileValue(node, f"{self.path}[{index}]", self.problems)
            for index, node in enumerate(self.node.items)
        ]

    def pairs(self) -> dict[str, FileValue]:
        """Return the fields of this value, a mapping, by name.

        Add a problem if the value is not a mapping, and for every name that occurs twice.
        """
        if self.is_absent:
            return {}
        if not isinstance(self.node, MapNode):
            self.add_problem("file-not-a-mapping")
            return {}
        values: dict[str, FileValue] = {}
        for key_node, node in self.node.pairs:
            key = FileValue(key_node, self.path, self.problems)
            name = key.scalar()
            if name is None:
                continue
            value = FileValue(node, f"{self.path}.{name}" if self.path else name, self.problems)
            if name in values:
                key.add_problem("file-name-twice", name=name, line=values[name].line)
            else:
                values[name] = value
        return values

    def fields(self, known: Collection[str], required: Iterable[str] = ()) -> FileFields:
        """Return the fields of this mapping. Add a problem for each unknown or missing field.

        Args:
            known: the names that the mapping may have.
            required: the names that it must have.
        """
        pairs = self.pairs()
        for name, value in pairs.items():
            if name not in known:
                value.add_problem(_unknown_field(name, known))
        # If the value is not a mapping, report only that, and not its missing fields as well.
        for name in required if self.is_mapping else ():
            if name not in pairs:
                path = f"{self.path}.{name}" if self.path else name
                FileValue(self.node, path, self.problems).add_problem("file-field-missing")
            elif pairs[name].is_absent:
                pairs[name].add_problem("file-text-empty")
        return FileFields(
            {name: value for name, value in pairs.items() if name in known and not value.is_absent}
        )


@dataclass(frozen=True, slots=True)
class FileFields:
    """The fields of one mapping in a calendar or channel file, by name."""

    given: Mapping[str, FileValue]

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def get(self, name: str) -> FileValue | None:
        """Return the value of the field *name*, or None if the mapping has no such field."""
        return self.given.get(name)

    def read(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        """Return the result of calling *parse* with a field's text.

        If the field is absent or invalid, return *default*.
        """
        field = self.given.get(name)
        value = field.read(parse) if field else None
        return default if value is None else value

    def text(self, name: str, most: int, *, lines: bool = False, empty: bool = False) -> str | None:
        """Return a field's text, or None if it is absent, invalid or longer than *most* characters.

        An invalid or too long text adds a problem. *lines* allows several lines, *empty* an empty
        text.
        """
        field = self.given.get(name)
        return field.text(most, lines=lines, empty=empty) if field else None

    def items(self, name: str, most: int) -> list[FileValue]:
        """Return the items of a field that is a list of at most *most* items; [] if it is absent.

        A value that is not a list, or is too long, adds a problem and gives [].
        """
        field = self.given.get(name)
        return field.items(most) if field else []


def check_text(text: str, most: int, *, lines: bool = False, empty: bool = False) -> Message | None:
    """Return a message if *text* is empty, is too long or has forbidden characters; else None.

    Args:
        text: the text to check; control characters are never allowed.
        most: the greatest number of characters.
        lines: allow more than one line.
        empty: allow an empty text.
    """
    if not empty and not text.strip():
        return Message("file-text-empty")
    if len(text) > most:
        return Message("file-text-too-long", used=len(text), most=most)
    if not lines and ("\n" in text or "\r" in text):
        return Message("file-text-lines")
    for character in text:
        if character not in "\n\r\t" and unicodedata.category(character) in {"Cc", "Cs"}:
            return Message("file-control-character", number=ord(character))
    return None


def _unknown_field(name: str, known: Collection[str]) -> Message:
    close = difflib.get_close_matches(name.lower(), known, n=1)
    if close:
        return Message("file-field-misspelt", name=name, meant=close[0])
    return Message("file-field-unknown", name=name, known=list(known))

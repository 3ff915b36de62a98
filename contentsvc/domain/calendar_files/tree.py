"""YAML text as a plain tree in which each node knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from contentsvc.errors import CalendarError, Problem

__all__ = ["MOST_BYTES", "ListNode", "MapNode", "Node", "Scalar", "compose"]

#: A week of a busy community is some 30 KB; a megabyte is a mistake or an attack.
MOST_BYTES = 1024 * 1024
#: `entries[0].poster.fields.points[0]` is seven deep.
_DEEPEST = 12
#: The fullest calendar allowed has about half as many values.
_MOST_NODES = 50_000
#: libyaml reads some ten times as fast; both give the same events.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


@dataclass(frozen=True, slots=True)
class Scalar:
    """Text as it was written."""

    #: 1-based.
    line: int
    text: str
    #: Without quotes and not a block.
    is_plain: bool


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list."""

    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapNode:
    """A mapping, its names as they were written, repeated ones too."""

    line: int
    pairs: tuple[tuple[Node, Node], ...]


Node = Scalar | ListNode | MapNode


def compose(text: str, file: str) -> Node:
    """Return the one document in *text*; CalendarError where it is not plain YAML.

    Anchors, aliases and tags are refused: a calendar needs none, and they let a small file grow
    without end or name Python objects.
    """
    try:
        _refuse_size(text)
        return _Composer(yaml.parse(text, Loader=_Loader)).document()
    except _RefusedError as error:
        raise CalendarError(file, [Problem(error.line, "", str(error))]) from error
    except yaml.YAMLError as error:
        raise CalendarError(file, [_syntax_problem(error)]) from error


class _RefusedError(Exception):
    """The file as a whole is not taken."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def _refuse_size(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise _RefusedError(line, "a character is half of a pair; save the file as UTF-8") from None
    if size > MOST_BYTES:
        raise _RefusedError(0, f"the file has {size:,} bytes; {MOST_BYTES:,} are allowed")


class _Composer:
    """Builds nodes from events, and stops at the first thing that a calendar does not need."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events
        self._count = 0

    def document(self) -> Node:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise _RefusedError(0, "the file is empty; docs/calendars.md shows a whole one")
        root = self._node(next(self._events), depth=1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise _RefusedError(_line(after), "a second document begins; a file holds one calendar")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _RefusedError(line, "anchors and aliases (& and *) are not allowed; repeat it")
        if getattr(event, "tag", None):
            raise _RefusedError(line, "tags (!) are not allowed; quote a text that begins with !")
        if depth > _DEEPEST:
            raise _RefusedError(line, f"nested deeper than {_DEEPEST} levels")
        self._count += 1
        if self._count > _MOST_NODES:
            raise _RefusedError(line, f"more than {_MOST_NODES:,} values; split the calendar")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, str(event.value), is_plain=not event.style)
        if isinstance(event, yaml.SequenceStartEvent):
            return ListNode(line, tuple(self._until(yaml.SequenceEndEvent, depth)))
        flat = list(self._until(yaml.MappingEndEvent, depth))
        return MapNode(line, tuple(zip(flat[::2], flat[1::2], strict=True)))

    def _until(self, end: type[yaml.Event], depth: int) -> Iterator[Node]:
        for event in self._events:
            if isinstance(event, end):
                return
            yield self._node(event, depth + 1)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _syntax_problem(error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return Problem(0, "", f"the character U+{code:04X} is not allowed in YAML; remove it")
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    words = getattr(error, "problem", None) or str(error)
    return Problem(
        mark.line + 1 if mark else 0,
        "",
        f"this is not YAML: {words}; look at its indentation (spaces, no tabs), brackets and "
        "quotes",
    )

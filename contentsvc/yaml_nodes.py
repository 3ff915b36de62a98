"""Reads YAML into nodes with line numbers, within limits on size and nesting.

Calendar files, channel files and poster templates are read through this module. It refuses
anchors, aliases and tags: no such file needs them, and they let a small file expand to gigabytes
or name Python objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from contentsvc.messages import Message, Parameter

__all__ = [
    "Limits",
    "ListNode",
    "MapNode",
    "Node",
    "Path",
    "Scalar",
    "YamlError",
    "read_nodes",
    "to_values",
]

#: The keys and 0-based indexes that lead from the root of a file to a value.
Path: TypeAlias = tuple[str | int, ...]

#: libyaml reads about ten times as fast as PyYAML's own code; both produce the same events.
_Loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
#: A function that returns the type (a tag such as `tag:yaml.org,2002:int`) of a scalar.
_find_tag: Callable[[type, str, tuple[bool, bool]], str] = yaml.resolver.Resolver().resolve
_CONSTRUCTOR = yaml.constructor.SafeConstructor()


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a file that `read_nodes` accepts: size, nesting and number of values."""

    most_bytes: int
    #: The deepest nesting of lists and mappings.
    most_depth: int
    #: The number of scalars, lists and mappings together.
    most_values: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single YAML value, such as a text or a number: its unparsed text and its line."""

    #: 1-based.
    line: int
    text: str
    #: Whether the scalar is written without quotes and not as a block.
    is_plain: bool


@dataclass(frozen=True, slots=True)
class ListNode:
    """A YAML list, with its line and the nodes of its items."""

    #: 1-based.
    line: int
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapNode:
    """A YAML mapping. Its keys are in the order of the file, and a key may occur twice."""

    #: 1-based.
    line: int
    pairs: tuple[tuple[Node, Node], ...]


Node: TypeAlias = Scalar | ListNode | MapNode


class YamlError(Exception):
    """Raised if a text is not YAML, exceeds a limit, or uses a feature that is not allowed."""

    def __init__(self, line: int, code: str, **params: Parameter) -> None:
        """Store the 1-based *line* (0 for the whole file) and the message *code*."""
        self.line = line
        self.message = Message(code, **params)
        super().__init__(line, self.message)

    def __str__(self) -> str:
        return self.message.text()


def read_nodes(text: str, limits: Limits) -> Node | None:
    """Return the root node of the YAML *text*; None if *text* is empty or has only comments.

    Raises:
        YamlError: *text* is not one YAML document within *limits*, without anchors and tags.
    """
    _check_size(text, limits.most_bytes)
    try:
        return _Composer(yaml.parse(text, Loader=_Loader), limits).document()
    except yaml.YAMLError as error:
        raise _syntax_error(error) from error


def to_values(root: Node) -> tuple[Any, dict[Path, int]]:
    """Return *root* as plain Python values, and the 1-based line of each value by its path.

    Scalars without quotes become numbers, truth values, dates or None as YAML 1.1 defines them.
    If a key occurs twice in a mapping, the last value counts.

    Raises:
        YamlError: a scalar looks like a date that does not exist, or a key is not a scalar.
    """
    lines: dict[Path, int] = {}
    return _to_value(root, (), lines), lines


def _check_size(text: str, most: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise YamlError(line, "yaml-half-character") from None
    if size > most:
        raise YamlError(0, "yaml-too-large", size=size, most=most)


class _Composer:
    """Builds nodes from the events of a YAML parser; raises YamlError for a forbidden event."""

    def __init__(self, events: Iterator[yaml.Event], limits: Limits) -> None:
        self._events = events
        self._limits = limits
        self._count = 0

    def document(self) -> Node | None:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return None
        root = self._node(next(self._events), depth=1)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise YamlError(_line(after), "yaml-second-document")
        return root

    def _node(self, event: yaml.Event, depth: int) -> Node:
        line = _line(event)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise YamlError(line, "yaml-anchor")
        if getattr(event, "tag", None):
            raise YamlError(line, "yaml-tag")
        self._count += 1
        if self._count > self._limits.most_values:
            raise YamlError(line, "yaml-too-many-values", most=self._limits.most_values)
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(line, str(event.value), is_plain=not event.style)
        if depth > self._limits.most_depth:
            raise YamlError(line, "yaml-too-deep", most=self._limits.most_depth)
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


def _syntax_error(error: yaml.YAMLError) -> YamlError:
    if isinstance(error, yaml.reader.ReaderError):
        number = error.character if isinstance(error.character, int) else ord(error.character)
        return YamlError(0, "yaml-character", number=number)
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    reason = getattr(error, "problem", None) or str(error)
    return YamlError(mark.line + 1 if mark else 0, "yaml-syntax", reason=reason)


def _to_value(node: Node, path: Path, lines: dict[Path, int]) -> Any:
    lines[path] = node.line
    if isinstance(node, Scalar):
        return _scalar_value(node)
    if isinstance(node, ListNode):
        return [_to_value(item, (*path, index), lines) for index, item in enumerate(node.items)]
    values = {}
    for key, value in node.pairs:
        if not isinstance(key, Scalar):
            raise YamlError(key.line, "yaml-syntax", reason="a key is a list or a mapping")
        values[_scalar_value(key)] = _to_value(value, (*path, key.text), lines)
        lines[*path, key.text] = key.line
    return values


def _scalar_value(scalar: Scalar) -> Any:
    tag = _find_tag(yaml.ScalarNode, scalar.text, (scalar.is_plain, not scalar.is_plain))
    constructors: Mapping[str | None, Any] = _CONSTRUCTOR.yaml_constructors
    construct = constructors.get(tag, constructors[None])
    try:
        return construct(_CONSTRUCTOR, yaml.ScalarNode(tag, scalar.text))
    except (yaml.YAMLError, ValueError) as error:
        reason = getattr(error, "problem", None) or str(error)
        raise YamlError(scalar.line, "yaml-syntax", reason=reason) from error

"""YAML from outside, read safely, with the line of every field."""

from __future__ import annotations

from typing import Any, TypeAlias

import yaml

from contentsvc.errors import Problem
from contentsvc.messages import Message
from contentsvc.posters.template.errors import TemplateError

__all__ = ["Path", "line_of", "read_yaml"]

Path: TypeAlias = tuple[str | int, ...]
#: Templates by hand are a tenth of this; more is a mistake or an attack.
_MOST_BYTES = 256 * 1024
_MOST_DEPTH = 20
#: libyaml reads ten times faster than PyYAML's own code, which is all there is without it.
_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


def read_yaml(text: str, file: str) -> tuple[Any, dict[Path, int]]:
    """Read *text* into plain values and the 1-based line of each path in it.

    Raises:
        TemplateError: it is too large or too deep, has anchors, or is no YAML.
    """
    if len(text.encode()) > _MOST_BYTES:
        raise _fault(file, 0, Message("template-file-too-large", most=_MOST_BYTES // 1024))
    try:
        _refuse_aliases(text, file)
        node = yaml.compose(text, Loader=_LOADER)
        lines: dict[Path, int] = {}
        if node is not None:
            _mark(node, (), lines)
        return yaml.load(text, Loader=_LOADER), lines  # noqa: S506 - both are safe loaders
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _fault(file, line, Message("template-not-yaml", reason=str(error.problem))) from error
    except (yaml.YAMLError, ValueError) as error:
        raise _fault(file, 0, Message("template-not-yaml", reason=str(error))) from error


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Find the line of *path*, or of the nearest thing around it; 0 where nothing is known."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def _refuse_aliases(text: str, file: str) -> None:
    """Stop before anything is built: a few nested aliases stand for gigabytes."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise _fault(file, _line(event), Message("template-alias"))
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _MOST_DEPTH:
            raise _fault(file, _line(event), Message("template-too-deep", most=_MOST_DEPTH))


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _mark(node: yaml.Node, path: Path, lines: dict[Path, int]) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _mark(value, (*path, str(key.value)), lines)
            lines[*path, str(key.value)] = key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            _mark(value, (*path, place), lines)


def _fault(file: str, line: int, message: Message) -> TemplateError:
    return TemplateError(file, [Problem(line, "", message)])

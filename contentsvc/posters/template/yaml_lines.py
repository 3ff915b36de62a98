"""Reads untrusted YAML safely, and records the line number of every key."""

from __future__ import annotations

from typing import Any

from contentsvc.errors import Problem
from contentsvc.posters.template.errors import TemplateError
from contentsvc.yaml_nodes import Limits, Path, YamlError, read_nodes, to_values

__all__ = ["Path", "line_of", "read_yaml"]

#: The largest template written by hand has a tenth of these bytes; a larger file is a mistake or an
#: attack.
_LIMITS = Limits(most_bytes=256 * 1024, most_depth=20, most_values=50_000)


def read_yaml(text: str, file: str) -> tuple[Any, dict[Path, int]]:
    """Parse the YAML *text*; return its values, and the line number (from 1) of each path in it.

    Raises:
        TemplateError: *text* is too large, nested too deeply, has anchors, or is not YAML.
    """
    try:
        root = read_nodes(text, _LIMITS)
        return (None, {}) if root is None else to_values(root)
    except YamlError as error:
        raise TemplateError(file, [Problem(error.line, "", error.message)]) from error


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line number of *path* or, if it has none, of its nearest parent; else 0."""
    for length in range(len(path), -1, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0

"""The version of the plugin API, and the version that a plugin declares."""

from __future__ import annotations

import ast
from pathlib import Path

from contentsvc.errors import PluginError

__all__ = ["API_VERSION", "check_api_version", "declared_api_version"]

#: The version of the plugin API that this service provides. A change that a plugin written for the
#: version before it would notice makes a new version.
API_VERSION = 1


def check_api_version(declared: object) -> None:
    """Raise PluginError if the service does not support *declared*, a plugin's `api_version`."""
    if not isinstance(declared, int) or isinstance(declared, bool) or declared < 1:
        raise PluginError(
            "plugin-api-version-malformed", version=API_VERSION, value=repr(declared)[:50]
        )
    if declared > API_VERSION:
        raise PluginError("plugin-api-version-newer", version=declared, supported=API_VERSION)


def declared_api_version(source: Path) -> int | None:
    """Return the number that *source*, a Python file, assigns to `api_version`, without running it.

    Return None if the file assigns no number, or cannot be read.
    """
    try:
        tree = ast.parse(source.read_bytes())
    except (OSError, SyntaxError, ValueError):
        # The import fails for the same reason and shows it.
        return None
    for statement in tree.body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name("api_version")], value=ast.Constant(int(number)))
                | ast.AnnAssign(target=ast.Name("api_version"), value=ast.Constant(int(number)))
            ):
                return number
    return None

"""Tests of the two faces of the plugin API: one for plugin authors, one for the service."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from contentsvc import channels
from contentsvc.channels import hosting, testing

SERVICE = Path(channels.__file__).parents[1]


def imported_by_the_service(module: str) -> set[str]:
    """Return the names that the service, outside the package, imports from *module*."""
    return {
        name.name
        for path in SERVICE.rglob("*.py")
        if not path.is_relative_to(SERVICE / "channels")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == module
        for name in node.names
    }


def test_no_name_is_in_both_faces() -> None:
    """A name is either for plugin authors or for the service."""
    assert set(channels.__all__) & set(hosting.__all__) == set()


def test_the_service_needs_every_name_of_its_face() -> None:
    """What only the package itself uses is not in the service's face."""
    needed = imported_by_the_service("contentsvc.channels.hosting")

    assert set(hosting.__all__) == needed


@pytest.mark.parametrize("face", [channels, hosting, testing])
def test_every_name_of_a_face_exists(face: object) -> None:
    """Each name in `__all__` can be imported, and the list is sorted without repetitions."""
    names: list[str] = face.__all__  # type: ignore[attr-defined]

    assert [name for name in names if not hasattr(face, name)] == []
    assert len(set(names)) == len(names)


def test_a_plugin_cannot_load_plugins() -> None:
    """The authors' face has no function of the registry and none that decrypts settings."""
    assert {"Registry", "load_plugins", "resolve_secrets"} & set(vars(channels)) == set()

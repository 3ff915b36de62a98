"""YAML is read into nodes with lines, within limits, and into the values that YAML 1.1 defines."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from contentsvc import yaml_nodes
from contentsvc.yaml_nodes import (
    Limits,
    ListNode,
    MapNode,
    Scalar,
    YamlError,
    read_nodes,
    to_values,
)

LIMITS = Limits(most_bytes=1000, most_depth=3, most_values=20)
#: The loader with libyaml, if there is one; both loaders give the same values.
_QUICKEST = yaml_nodes._Loader
TEMPLATES = sorted((Path(__file__).parents[2] / "assets").rglob("*.y*ml"))


def values(text: str) -> Any:
    """Return the plain values of *text*."""
    root = read_nodes(text, LIMITS)
    assert root is not None
    return to_values(root)[0]


def test_nodes_know_their_line_and_style() -> None:
    """Each node has the line on which it begins; a scalar says whether it is quoted."""
    root = read_nodes("a: 1\nb:\n  - 'x'\n", LIMITS)

    assert root == MapNode(
        1,
        (
            (Scalar(1, "a", is_plain=True), Scalar(1, "1", is_plain=True)),
            (Scalar(2, "b", is_plain=True), ListNode(3, (Scalar(3, "x", is_plain=False),))),
        ),
    )


@pytest.mark.parametrize("text", ["", "# a comment\n", "---\n"])
def test_an_empty_file_has_no_value(text: str) -> None:
    """A file without content gives no root node, or an empty scalar."""
    root = read_nodes(text, LIMITS)

    assert root is None or to_values(root)[0] is None


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        ("#" * 1001, 0, "yaml-too-large"),
        ("[[[[1]]]]", 1, "yaml-too-deep"),
        ("[" + "1," * 20 + "]", 1, "yaml-too-many-values"),
        ("a: 1\nb: &x 2\n", 2, "yaml-anchor"),
        ("a: *x\n", 1, "yaml-anchor"),
        ("a: !!str 1\n", 1, "yaml-tag"),
        ("a: 1\n---\nb: 2\n", 2, "yaml-second-document"),
        ("a: [1\n", 2, "yaml-syntax"),
        ("a: \x07\n", 0, "yaml-character"),
        ("a: 1\nb: \ud800\n", 2, "yaml-half-character"),
    ],
)
def test_what_is_refused(text: str, line: int, code: str) -> None:
    """Text that is not safe YAML within the limits is refused with its line."""
    with pytest.raises(YamlError) as caught:
        read_nodes(text, LIMITS)

    assert (caught.value.line, caught.value.message.code) == (line, code)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("0x10", 16),
        ("1.5", 1.5),
        ("on", True),
        ("~", None),
        ("2026-11-26", date(2026, 11, 26)),
        ("'1'", "1"),
        ("|\n  1\n", "1\n"),
        ("[1, [a, {b: no}]]", [1, ["a", {"b": False}]]),
        ("{1: a, 1: b}", {1: "b"}),
    ],
)
def test_plain_values(text: str, value: object) -> None:
    """Scalars without quotes have the type that YAML 1.1 gives them, all others are text."""
    assert values(text) == value == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "line"), [("a: 1\nb: 2026-13-45\n", 2), ("a: 1\n{b: 1}: 2\n", 2), ("[=]", 1)]
)
def test_values_that_cannot_be(text: str, line: int) -> None:
    """A date that does not exist, and a key that is not a scalar, are refused with their line."""
    with pytest.raises(YamlError) as caught:
        values(text)

    assert (caught.value.line, caught.value.message.code) == (line, "yaml-syntax")


def test_lines_of_paths() -> None:
    """Each path has the line of its key, or of its item in a list."""
    root = read_nodes("a:\n  - x\n  - b:\n      1\n", LIMITS)
    assert root is not None

    _, lines = to_values(root)

    assert lines == {(): 1, ("a",): 1, ("a", 0): 2, ("a", 1): 3, ("a", 1, "b"): 3}


@pytest.mark.parametrize("file", TEMPLATES, ids=lambda path: path.stem)
@pytest.mark.parametrize("loader", [yaml_nodes._Loader, yaml.SafeLoader])
def test_shipped_files_are_read_as_yaml_reads_them(
    file: Path, loader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Templates and brand kits have the values that PyYAML gives them, also without libyaml."""
    monkeypatch.setattr(yaml_nodes, "_Loader", loader)
    text = file.read_text(encoding="utf-8")

    root = read_nodes(text, Limits(most_bytes=256 * 1024, most_depth=20, most_values=50_000))

    assert root is not None
    assert to_values(root)[0] == yaml.load(text, Loader=_QUICKEST)

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from contentsvc.posters import ART, Brand, FieldSpec, Template, parse_template
from contentsvc.posters.template.explain import allowed_keys
from contentsvc.posters.template.layers import Layer
from contentsvc.posters.template.parts import (
    Bullet,
    Gradient,
    Hug,
    Plate,
    Row,
    Run,
    Shadow,
    Stroke,
    Tail,
)
from contentsvc.posters.template.schema import Variant

TEXT = (Path(__file__).parents[3] / "docs" / "posters.md").read_text(encoding="utf-8")
LAYERS: dict[str, type[BaseModel]] = {
    typing.get_args(model.model_fields["type"].annotation)[0]: model
    for model in typing.get_args(typing.get_args(Layer)[0])
}
#: Keys that the sections of the layers need not repeat.
SHARED = {"id", "type", "if", "opacity", "overlap"}


def section(heading: str) -> str:
    match = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, f"docs/posters.md has no section {heading!r}"
    return match[1]


def named(text: str) -> set[str]:
    """Return every word within backticks."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return {word for code in re.findall(r"`([^`]+)`", text) for word in re.findall(r"\w+", code)}


def keys() -> Iterator[tuple[str, type[BaseModel]]]:
    yield "The template", Template
    yield "A field", FieldSpec
    yield "A variant", Variant
    yield "The brand kit", Brand
    yield from ((f"`{name}`", model) for name, model in LAYERS.items())


@pytest.mark.parametrize(("heading", "model"), list(keys()))
def test_every_key_is_named_under_its_heading(heading: str, model: type[BaseModel]) -> None:
    """`docs/posters.md` explains every key of the schema under its heading."""
    shared = SHARED if heading.startswith("`") else set()

    assert set(allowed_keys(model)) - shared <= named(section(heading))


@pytest.mark.parametrize(
    ("heading", "model"),
    [
        ("Texts, colours, conditions", Gradient),
        ("Texts, colours, conditions", Shadow),
        ("`rect`", Stroke),
        ("`rect`", Hug),
        ("`text`", Plate),
        ("`spans`", Run),
        ("`list`", Bullet),
        ("`list`", Row),
        ("`list`", Tail),
    ],
)
def test_every_key_of_a_part_is_named(heading: str, model: type[BaseModel]) -> None:
    """Gradients, shadows, plates and other parts are explained where they are used."""
    assert set(allowed_keys(model)) <= named(section(heading))


def test_the_keys_of_all_layers_are_named() -> None:
    """The shared keys of layers are explained once, above the layers."""
    assert named(section("Layers")) >= SHARED


def test_every_art_is_named() -> None:
    """Template authors find every picture that is drawn by code."""
    assert set(ART) <= named(section("A field"))


def test_the_example_is_a_template() -> None:
    """The example template on the page is valid."""
    example = re.search(r"```yaml\n(id: hello.*?)```", TEXT, re.DOTALL)

    assert example
    assert parse_template(example[1], "hello.yaml").sizes == ("9x16", "1x1")


def test_the_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python example on the page paints and encodes a poster."""
    example = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(Path(__file__).parents[3])
    names: dict[str, typing.Any] = {}

    assert example
    exec(example[1], names)

    assert names["encoded"].media_type == "image/jpeg"
    assert len(names["encoded"].data) <= 500_000

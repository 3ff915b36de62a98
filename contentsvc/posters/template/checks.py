"""What a template must keep beyond its shape: names that exist, lettering in the safe area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from contentsvc.posters.art import ART
from contentsvc.posters.colours import BASE_PALETTE, COLOUR
from contentsvc.posters.template.layers import (
    BrandMark,
    Countdown,
    ImageLayer,
    Layer,
    ListLayer,
    Qr,
    Rect,
    Spans,
    TextLayer,
)
from contentsvc.posters.template.marks import Path
from contentsvc.posters.template.parts import Gradient
from contentsvc.posters.template.schema import PLACEHOLDER, Template, field_names

__all__ = ["check_layers", "check_names"]

_COLOUR_KEYS = {
    "fill",
    "dark",
    "light",
    "ring",
    "ink",
    "dot",
    "rule",
    "bar",
    "plate",
    "track",
    "tile",
}


def check_names(template: Template) -> Iterator[tuple[Path, str]]:
    """Give what is wrong with ids, with the fields' limits and with the alternative text."""
    ids = [raw.get("id") for raw in template.layers if raw.get("id")]
    for place, raw in enumerate(template.layers):
        if raw.get("id") and ids.count(raw["id"]) > 1:
            yield ("layers", place, "id"), f"two layers have the id {raw['id']!r}"
    for size, variant in template.variants.items():
        for key, names in (("hide", variant.hide), ("set", tuple(variant.set))):
            for name in names:
                if name not in ids:
                    yield (
                        ("variants", size, key, name),
                        f"no layer has the id {name!r}; there are {_listed(ids)}",
                    )
    yield from _check_fields(template)


def _check_fields(template: Template) -> Iterator[tuple[Path, str]]:
    for name, spec in template.fields.items():
        if spec.ideal and spec.max and spec.ideal > spec.max:
            yield ("fields", name, "ideal"), f"ideal is {spec.ideal}, above max {spec.max}"
        for key in ("default", "sample"):
            value = getattr(spec, key)
            if value and isinstance(value, tuple) != (spec.type == "list"):
                yield ("fields", name, key), f"does not fit a field of type {spec.type}"
            if spec.type == "image" and value:
                yield from _check_art(str(value), ("fields", name, key))
    numbers = {name for name, value in template.palette.items() if value.startswith("#")}
    for name, value in template.palette.items():
        match = COLOUR.fullmatch(value)
        if match and match["name"] and match["name"] not in numbers | set(BASE_PALETTE):
            words = f"{value!r} is no shade of a colour that is a number: {_listed(numbers)}"
            yield ("palette", name), words
    for place, phrase in enumerate(template.alt):
        yield from _check_fields_named(template, _placeholders(phrase), ("alt", place))


def check_layers(
    template: Template, size: str, layers: list[tuple[int, Layer]]
) -> Iterator[tuple[int, Path, str]]:
    """Give what is wrong with the read *layers* of variant *size*: place, key and words."""
    ids = {layer.id for _, layer in layers if layer.id}
    for place, layer in layers:
        found = [
            *_check_fields_named(template, field_names(layer), ()),
            *(((), words) for words in _check_colours(template, layer)),
            *((("box",), words) for words in _check_safe(template, size, layer)),
            *((("field",), words) for words in _check_kind(template, layer)),
            *_check_hug(size, layer, ids),
        ]
        if isinstance(layer, ImageLayer) and layer.source:
            found += _check_art(layer.source, ("source",))
        yield from ((place, path, words) for path, words in found)


def _check_hug(size: str, layer: Layer, ids: set[str]) -> Iterator[tuple[Path, str]]:
    if isinstance(layer, Rect) and layer.hug:
        for name in layer.hug.layers:
            if name not in ids:
                words = f"variant {size} has no layer {name!r}; there are {_listed(ids)}"
                yield (("hug", "layers"), words)


def _check_fields_named(
    template: Template, names: set[str], path: Path
) -> Iterator[tuple[Path, str]]:
    for name in sorted(names - set(template.fields)):
        yield (path, f"there is no field {name!r}; there are {_listed(template.fields)}")


def _check_kind(template: Template, layer: Layer) -> Iterator[str]:
    """Say where a layer shows a field of another type than it can."""
    wanted = {ListLayer: "list", ImageLayer: "image", Qr: "url"}.get(type(layer))
    spec = template.fields.get(getattr(layer, "field", None) or "")
    if wanted and spec and spec.type != wanted:
        yield f"a layer of type {layer.type} needs a field of type {wanted}, not {spec.type}"


def _check_colours(template: Template, part: BaseModel) -> Iterator[str]:
    palette = {*template.palette, *BASE_PALETTE}
    for colour in _colours(part):
        match = COLOUR.fullmatch(colour)
        if match and match["name"] and match["name"] not in palette:
            yield f"the palette has no colour {match['name']!r}; it has {_listed(palette)}"


def _colours(part: BaseModel) -> Iterator[str]:
    if isinstance(part, Gradient):
        yield from (stop if isinstance(stop, str) else stop[1] for stop in part.stops)
    for name in type(part).model_fields:
        value = getattr(part, name)
        if name in _COLOUR_KEYS and isinstance(value, str):
            yield value
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, BaseModel):
                yield from _colours(inner)


def _check_safe(template: Template, size: str, layer: Layer) -> Iterator[str]:
    if not isinstance(layer, TextLayer | Spans | ListLayer | Qr | BrandMark | Countdown):
        return
    variant = template.variants[size]
    left, top, right, bottom = variant.safe or template.safe
    width, height = variant.size
    x, y, wide, high = layer.box
    if x < left or y < top or x + wide > width - right or y + high > height - bottom:
        yield (
            f"in variant {size} the box {[x, y, wide, high]} leaves the safe area "
            f"{[left, top, width - left - right, height - top - bottom]}"
        )


def _check_art(source: str, path: Path) -> Iterator[tuple[Path, str]]:
    name = source.removeprefix("art:")
    if source.startswith("art:") and name not in ART:
        yield (path, f"there is no art {name!r}; there is {_listed(ART)}")


def _placeholders(text: str) -> set[str]:
    names = {match["name"] for match in PLACEHOLDER.finditer(text)}
    return {name for name in names if not name.startswith("brand.")}


def _listed(names: Iterable[object]) -> str:
    shown = sorted(str(name) for name in names)
    return ", ".join(shown) or "none"

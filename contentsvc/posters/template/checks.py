"""Checks beyond the schema: that names exist, and that lettering stays in the safe area."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel

from contentsvc.messages import Message
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
from contentsvc.posters.template.parts import Gradient
from contentsvc.posters.template.schema import PLACEHOLDER, Template, field_names
from contentsvc.posters.template.yaml_lines import Path

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


def check_names(template: Template) -> Iterator[tuple[Path, Message]]:
    """Check the layer ids, fields, palette and alternative texts; yield each fault.

    A fault is the path of the value in *template*, and a message.
    """
    ids = [raw.get("id") for raw in template.layers if raw.get("id")]
    for index, raw in enumerate(template.layers):
        if raw.get("id") and ids.count(raw["id"]) > 1:
            yield ("layers", index, "id"), Message("template-id-twice", id=str(raw["id"]))
    for size, variant in template.variants.items():
        for key, names in (("hide", variant.hide), ("set", tuple(variant.set))):
            for name in names:
                if name not in ids:
                    yield (
                        ("variants", size, key, name),
                        Message("template-layer-unknown", id=name, ids=_listed(ids)),
                    )
    yield from _check_fields(template)


def _check_fields(template: Template) -> Iterator[tuple[Path, Message]]:
    for name, spec in template.fields.items():
        if spec.ideal and spec.max and spec.ideal > spec.max:
            message = Message("template-ideal-above-max", ideal=spec.ideal, most=spec.max)
            yield ("fields", name, "ideal"), message
        for key in ("default", "sample"):
            value = getattr(spec, key)
            if value and isinstance(value, tuple) != (spec.type == "list"):
                yield ("fields", name, key), Message("template-value-unfit", type=spec.type)
            if spec.type == "image" and value:
                yield from _check_art(str(value), ("fields", name, key))
    numbers = {name for name, value in template.palette.items() if value.startswith("#")}
    for name, value in template.palette.items():
        match = COLOUR.fullmatch(value)
        if match and match["name"] and match["name"] not in numbers | set(BASE_PALETTE):
            message = Message("template-shade-unknown", value=value, names=_listed(numbers))
            yield ("palette", name), message
    for index, phrase in enumerate(template.alt):
        yield from _check_fields_named(template, _placeholders(phrase), ("alt", index))


def check_layers(
    template: Template, size: str, layers: list[tuple[int, Layer]]
) -> Iterator[tuple[int, Path, Message]]:
    """Check the *layers* of the variant *size* (such as `9x16`); yield each fault.

    A fault is the index of the layer, the path of the key in it, and a message.
    """
    ids = {layer.id for _, layer in layers if layer.id}
    for index, layer in layers:
        faults = [
            *_check_fields_named(template, field_names(layer), ()),
            *(((), message) for message in _check_colours(template, layer)),
            *((("box",), message) for message in _check_safe(template, size, layer)),
            *((("field",), message) for message in _check_kind(template, layer)),
            *_check_hug(size, layer, ids),
        ]
        if isinstance(layer, ImageLayer) and layer.source:
            faults += _check_art(layer.source, ("source",))
        yield from ((index, path, message) for path, message in faults)


def _check_hug(size: str, layer: Layer, ids: set[str]) -> Iterator[tuple[Path, Message]]:
    if isinstance(layer, Rect) and layer.hug:
        for name in layer.hug.layers:
            if name not in ids:
                message = Message("template-hug-unknown", size=size, id=name, ids=_listed(ids))
                yield (("hug", "layers"), message)


def _check_fields_named(
    template: Template, names: set[str], path: Path
) -> Iterator[tuple[Path, Message]]:
    for name in sorted(names - set(template.fields)):
        known = _listed(template.fields)
        yield (path, Message("template-field-unknown", name=name, names=known))


def _check_kind(template: Template, layer: Layer) -> Iterator[Message]:
    """Yield a message if *layer* cannot show the type of its field."""
    wanted = {ListLayer: "list", ImageLayer: "image", Qr: "url"}.get(type(layer))
    spec = template.fields.get(getattr(layer, "field", None) or "")
    if wanted and spec and spec.type != wanted:
        yield Message("template-field-type", layer=layer.type, wanted=wanted, type=spec.type)


def _check_colours(template: Template, part: BaseModel) -> Iterator[Message]:
    palette = {*template.palette, *BASE_PALETTE}
    for colour in _colours(part):
        match = COLOUR.fullmatch(colour)
        if match and match["name"] and match["name"] not in palette:
            yield Message("colour-unknown", name=match["name"], names=_listed(palette))


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


def _check_safe(template: Template, size: str, layer: Layer) -> Iterator[Message]:
    if not isinstance(layer, TextLayer | Spans | ListLayer | Qr | BrandMark | Countdown):
        return
    variant = template.variants[size]
    left, top, right, bottom = variant.safe or template.safe
    width, height = variant.size
    x, y, wide, high = layer.box
    if x < left or y < top or x + wide > width - right or y + high > height - bottom:
        safe = [left, top, width - left - right, height - top - bottom]
        yield Message(
            "template-outside-safe-area", size=size, box=str([x, y, wide, high]), safe=str(safe)
        )


def _check_art(source: str, path: Path) -> Iterator[tuple[Path, Message]]:
    name = source.removeprefix("art:")
    if source.startswith("art:") and name not in ART:
        yield (path, Message("art-unknown", name=name, names=_listed(ART)))


def _placeholders(text: str) -> set[str]:
    names = {match["name"] for match in PLACEHOLDER.finditer(text)}
    return {name for name in names if not name.startswith("brand.")}


def _listed(names: Iterable[object]) -> list[str] | Message:
    return sorted(str(name) for name in names) or Message("template-none")

"""A poster template: its fields, its palette, its layers and its variants by size."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field, TypeAdapter

from contentsvc.domain.elements import Element
from contentsvc.posters.template.layers import (
    Countdown,
    ImageLayer,
    Layer,
    ListLayer,
    Progress,
    Qr,
    Rect,
    Seal,
    Spans,
    TextLayer,
)
from contentsvc.posters.template.parts import Colour, Name, Part

__all__ = [
    "BRAND_PLACEHOLDERS",
    "PLACEHOLDER",
    "Clause",
    "FieldSpec",
    "Label",
    "Template",
    "Variant",
    "field_names",
    "parts_of",
    "texts_of",
]

#: `{host}`, `{host:1}` for its first character, `{brand.name}`, `{ranks[1]}` for a list's first
#: item without what follows `|` in it, and `{ranks[1].tail}` for that.
PLACEHOLDER = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*(?:\.[a-z]+)?)"
    r"(?:\[(?P<item>[1-9]\d?)\](?P<tail>\.tail)?)?(?::(?P<first>\d{1,2}))?\}"
)
#: What a brand kit lends to any text.
BRAND_PLACEHOLDERS = ("brand.name", "brand.footer", "brand.logo")
_LAYERS: TypeAdapter[Any] = TypeAdapter(tuple[Layer, ...])
Side = Annotated[int, Field(ge=64, le=4096)]
PlainColour = Annotated[str, Field(pattern=r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$")]
SizeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,19}$")]
RawLayer: TypeAlias = dict[str, Any]
Margin = Annotated[int, Field(ge=0, le=1000)]
#: Left, top, right and bottom margin that no lettering may enter, in pixels.
Safe: TypeAlias = tuple[Margin, Margin, Margin, Margin]


class Label(Part):
    """Words in both languages of the web form."""

    zh: Annotated[str, Field(min_length=1, max_length=80)]
    en: Annotated[str, Field(min_length=1, max_length=80)]


class FieldSpec(Part):
    """One value a template asks for; the web form is made from it.

    `max` and `ideal` count characters (of each item, in a list); `max_items` counts items.
    `source` names a supplied value that stands in where the field is not given.
    """

    label: Label
    type: Literal["text", "list", "image", "url"] = "text"
    required: bool = False
    max: Annotated[int, Field(ge=1, le=2000)] | None = None
    ideal: Annotated[int, Field(ge=1, le=2000)] | None = None
    max_items: Annotated[int, Field(ge=1, le=20)] | None = None
    default: str | tuple[str, ...] = ""
    source: Name | None = None
    sample: str | tuple[str, ...] = ""


class Variant(Part):
    """A template at another size: layers hidden, or changed key by key, by their id."""

    size: tuple[Side, Side]
    hide: tuple[Name, ...] = ()
    set: dict[Name, RawLayer] = Field(default_factory=dict)
    safe: Safe | None = None


class Template(Part):
    """A poster template; `posters.templates` reads it and checks every variant's layers."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    version: Annotated[int, Field(ge=1, le=1)] = 1
    name: Label
    size: tuple[Side, Side]
    safe: Safe = (0, 0, 0, 0)
    fields: dict[Name, FieldSpec]
    palette: dict[Name, Colour]
    contrast: Annotated[float, Field(ge=1, le=21)] = 2
    family: Name | None = None
    elements: tuple[Element, ...] = ()
    alt: tuple[str, ...] = ()
    layers: Annotated[list[RawLayer], Field(min_length=1, max_length=120)]
    variants: Annotated[dict[SizeName, Variant], Field(min_length=1, max_length=20)]

    @cached_property
    def digest(self) -> str:
        """Name this template by its content, for what is cached by it."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @cached_property
    def by_size(self) -> dict[str, tuple[Layer, ...]]:
        """Give the layers of each variant, in painting order."""
        return {size: self._read(size) for size in self.variants}

    @cached_property
    def uses(self) -> dict[str, tuple[frozenset[str], ...]]:
        """Give, for each variant, the fields that each layer looks otherwise by."""
        return {size: _uses(layers) for size, layers in self.by_size.items()}

    @property
    def sizes(self) -> tuple[str, ...]:
        """Name the variants, in the template's order."""
        return tuple(self.variants)

    def samples(self) -> dict[str, object]:
        """Give values that show the template at its best, for pictures of it."""
        return {name: spec.sample for name, spec in self.fields.items() if spec.sample}

    def choices(self, name: str) -> tuple[str, ...]:
        """Give the words of field *name* by which some layer is shown or not."""
        layers = [layer for layers in self.by_size.values() for layer in layers]
        conditions = [getattr(layer, "when", None) for layer in layers]
        conditions += [run.when for layer in layers for run in getattr(layer, "runs", ())]
        clauses = (clause for condition in conditions for clause in parts_of(condition))
        return tuple(dict.fromkeys(c.words for c in clauses if c.name == name and c.words))

    def raw_layers(self, size: str) -> list[tuple[int, RawLayer]]:
        """Give the layers of variant *size* as written, each with its place in the template."""
        variant = self.variants[size]
        return [
            (place, {**raw, **variant.set.get(raw.get("id", ""), {})})
            for place, raw in enumerate(self.layers)
            if raw.get("id") not in variant.hide
        ]

    def _read(self, size: str) -> tuple[Layer, ...]:
        layers: tuple[Layer, ...] = _LAYERS.validate_python(
            [raw for _, raw in self.raw_layers(size)]
        )
        return layers


@dataclass(frozen=True, slots=True)
class Clause:
    """One part of a condition: the field, the words it must have, and whether it must not."""

    name: str
    words: str | None
    wanted: bool


def _uses(layers: tuple[Layer, ...]) -> tuple[frozenset[str], ...]:
    """A text depends on its whole group, and a rectangle on the lettering that it hugs.

    Whether a layer is shown at all is another matter: its own condition does not change its looks.
    """
    names = [field_names(layer) for layer in layers]
    groups: dict[str, set[str]] = {}
    by_id: dict[str, set[str]] = {}
    for layer, used in zip(layers, names, strict=True):
        if isinstance(layer, TextLayer) and layer.group:
            groups.setdefault(layer.group, set()).update(used)
        if layer.id:
            by_id[layer.id] = used
    looks = [_content_names(layer) for layer in layers]
    for layer, used in zip(layers, looks, strict=True):
        if isinstance(layer, TextLayer) and layer.group:
            used.update(groups[layer.group])
        if isinstance(layer, Rect) and layer.hug:
            used.update(*(by_id[name] for name in layer.hug.layers))
    return tuple(frozenset(used) for used in looks)


def parts_of(condition: str | None) -> list[Clause]:
    """Give the parts of a condition such as `a and not b and state is 直播`."""
    return [_clause(part) for part in condition.split(" and ")] if condition else []


def _clause(part: str) -> Clause:
    name, _, words = part.removeprefix("not ").partition(" is ")
    return Clause(name, words or None, not part.startswith("not "))


def texts_of(layer: BaseModel) -> Iterator[str]:
    """Give every text with placeholders in *layer*."""
    if isinstance(layer, TextLayer) and layer.text is not None:
        yield layer.text
    if isinstance(layer, Spans | Seal):
        yield from (run.text for run in layer.runs)


def field_names(layer: BaseModel) -> set[str]:
    """Name the fields that *layer* depends on; the brand's words are not among them."""
    conditions = {clause.name for clause in parts_of(getattr(layer, "when", None))}
    return (_content_names(layer) | conditions) - set(BRAND_PLACEHOLDERS)


def _content_names(layer: BaseModel) -> set[str]:
    names = {match["name"] for text in texts_of(layer) for match in PLACEHOLDER.finditer(text)}
    if isinstance(layer, TextLayer | ImageLayer | ListLayer | Qr | Progress | Countdown):
        names |= {layer.field} if layer.field else set()
    conditions = [run.when for run in getattr(layer, "runs", ())]
    names |= {clause.name for condition in conditions for clause in parts_of(condition)}
    return names - set(BRAND_PLACEHOLDERS)

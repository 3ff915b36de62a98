"""The schema of a poster template: fields, palette, layers, and variants by size."""

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

#: A placeholder: `{host}`, `{host:1}` for its first character, `{brand.name}`, `{ranks[1]}` for the
#: first item of a list up to its `|`, and `{ranks[1].tail}` for the rest of that item.
PLACEHOLDER = re.compile(
    r"\{(?P<name>[a-z][a-z0-9_]*(?:\.[a-z]+)?)"
    r"(?:\[(?P<item>[1-9]\d?)\](?P<tail>\.tail)?)?(?::(?P<first>\d{1,2}))?\}"
)
#: The placeholders for values of the brand kit.
BRAND_PLACEHOLDERS = ("brand.name", "brand.footer", "brand.logo")
_LAYERS: TypeAdapter[Any] = TypeAdapter(tuple[Layer, ...])
Side = Annotated[int, Field(ge=64, le=4096)]
PlainColour = Annotated[str, Field(pattern=r"^#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})$")]
SizeName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,19}$")]
RawLayer: TypeAlias = dict[str, Any]
Margin = Annotated[int, Field(ge=0, le=1000)]
#: Left, top, right and bottom margin that lettering must not enter, in pixels.
Safe: TypeAlias = tuple[Margin, Margin, Margin, Margin]


class Label(Part):
    """A label in the two languages of the web interface."""

    zh: Annotated[str, Field(min_length=1, max_length=80)]
    en: Annotated[str, Field(min_length=1, max_length=80)]


class FieldSpec(Part):
    """The declaration of a template's field: its label, type, limits, default and sample value.

    The web form is built from the declarations. `max` and `ideal` count characters (per item, if
    the field is a list), and `max_items` counts items. A `price` is a text in yuan, shown without
    its sign. `source` names a default value that is used if the field is empty.
    """

    label: Label
    type: Literal["text", "list", "image", "url", "price"] = "text"
    required: bool = False
    max: Annotated[int, Field(ge=1, le=2000)] | None = None
    ideal: Annotated[int, Field(ge=1, le=2000)] | None = None
    max_items: Annotated[int, Field(ge=1, le=20)] | None = None
    default: str | tuple[str, ...] = ""
    source: Name | None = None
    sample: str | tuple[str, ...] = ""


class Variant(Part):
    """One size of a template. `hide` lists the layers to hide, `set` the layer keys to change."""

    size: tuple[Side, Side]
    hide: tuple[Name, ...] = ()
    set: dict[Name, RawLayer] = Field(default_factory=dict)
    safe: Safe | None = None


class Template(Part):
    """A poster template: its fields, colours and layers, and its variants by size."""

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
        """Return a hash of the template's content, for cache keys."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    @cached_property
    def by_size(self) -> dict[str, tuple[Layer, ...]]:
        """Return the layers of each variant, in painting order, by the variant's name."""
        return {size: self._read(size) for size in self.variants}

    @cached_property
    def uses(self) -> dict[str, tuple[frozenset[str], ...]]:
        """Return, for each variant, the fields that change the look of each of its layers."""
        return {size: _uses(layers) for size, layers in self.by_size.items()}

    @cached_property
    def left_out(self) -> dict[str, tuple[str, ...]]:
        """Return, for each variant, the fields that only other variants show, in template order."""
        shown = {
            size: frozenset(name for layer in layers for name in _content_names(layer))
            for size, layers in self.by_size.items()
        }
        all_shown = frozenset().union(*shown.values())
        return {
            size: tuple(name for name in self.fields if name in all_shown - names)
            for size, names in shown.items()
        }

    @property
    def sizes(self) -> tuple[str, ...]:
        """Return the names of the variants, in the template's order."""
        return tuple(self.variants)

    def samples(self) -> dict[str, object]:
        """Return sample values of the fields, for previews of the template."""
        return {name: spec.sample for name, spec in self.fields.items() if spec.sample}

    def choices(self, name: str) -> tuple[str, ...]:
        """Return the values with which the layers' conditions compare the field *name*.

        An example of such a condition is `state is 直播`.
        """
        layers = [layer for layers in self.by_size.values() for layer in layers]
        conditions = [getattr(layer, "when", None) for layer in layers]
        conditions += [run.when for layer in layers for run in getattr(layer, "runs", ())]
        clauses = (clause for condition in conditions for clause in parts_of(condition))
        return tuple(dict.fromkeys(c.value for c in clauses if c.name == name and c.value))

    def raw_layers(self, size: str) -> list[tuple[int, RawLayer]]:
        """Return the unvalidated layers of variant *size*, each with its index in the template."""
        variant = self.variants[size]
        return [
            (index, {**raw, **variant.set.get(raw.get("id", ""), {})})
            for index, raw in enumerate(self.layers)
            if raw.get("id") not in variant.hide
        ]

    def _read(self, size: str) -> tuple[Layer, ...]:
        layers: tuple[Layer, ...] = _LAYERS.validate_python(
            [raw for _, raw in self.raw_layers(size)]
        )
        return layers


@dataclass(frozen=True, slots=True)
class Clause:
    """One test in a layer's condition, such as `a`, `not a` or `state is 直播`.

    `name` is a field, `value` is the value tested for (None for any text that is not empty),
    and `wanted` is False after `not`.
    """

    name: str
    value: str | None
    wanted: bool


def _uses(layers: tuple[Layer, ...]) -> tuple[frozenset[str], ...]:
    """Return, for each of *layers*, the names of the fields that change its look.

    A text depends on its whole group, and a rectangle on the lettering that it hugs. The condition
    of a layer does not count, since it decides only whether the layer is shown.
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
    """Split a condition such as `a and not b and state is 直播` into its tests."""
    return [_clause(part) for part in condition.split(" and ")] if condition else []


def _clause(part: str) -> Clause:
    name, _, value = part.removeprefix("not ").partition(" is ")
    return Clause(name, value or None, not part.startswith("not "))


def texts_of(layer: BaseModel) -> Iterator[str]:
    """Yield each text of *layer* that may contain placeholders for field values."""
    if isinstance(layer, TextLayer) and layer.text is not None:
        yield layer.text
    if isinstance(layer, Spans | Seal):
        yield from (run.text for run in layer.runs)


def field_names(layer: BaseModel) -> set[str]:
    """Return the names of the fields that *layer* uses, without brand values (`brand.name`)."""
    conditions = {clause.name for clause in parts_of(getattr(layer, "when", None))}
    return (_content_names(layer) | conditions) - set(BRAND_PLACEHOLDERS)


def _content_names(layer: BaseModel) -> set[str]:
    names = {match["name"] for text in texts_of(layer) for match in PLACEHOLDER.finditer(text)}
    if isinstance(layer, TextLayer | ImageLayer | ListLayer | Qr | Progress | Countdown):
        names |= {layer.field} if layer.field else set()
    conditions = [run.when for run in getattr(layer, "runs", ())]
    names |= {clause.name for condition in conditions for clause in parts_of(condition)}
    return names - set(BRAND_PLACEHOLDERS)

"""Renders a poster: fields, a template, a brand and pictures become one image."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters.brand import Brand
from contentsvc.posters.cache import PaintCache, Snapshot
from contentsvc.posters.colours import BASE_PALETTE, flatten
from contentsvc.posters.fonts import Fonts
from contentsvc.posters.images import Pictures, digest_of
from contentsvc.posters.layers import Layer
from contentsvc.posters.layout import Layout, Shown
from contentsvc.posters.painting import Easel
from contentsvc.posters.scene import Scene
from contentsvc.posters.schema import Template
from contentsvc.posters.values import Values, resolve_values
from contentsvc.posters.warning import PosterWarning

__all__ = ["ENGINE_VERSION", "Poster", "render"]

#: Grows when the same inputs come out as another picture; part of what a poster is kept under.
ENGINE_VERSION = 2
_DEFAULT_CACHE = PaintCache()


@dataclass(frozen=True, slots=True)
class Poster:
    """A painted poster in RGB, its alternative text, and what a person should know about it."""

    image: Image.Image
    alt: str
    warnings: tuple[PosterWarning, ...]


def render(
    template: Template,
    fields: Mapping[str, object],
    *,
    brand: Brand,
    pictures: Pictures,
    fonts: Fonts,
    size: str = "9x16",
    defaults: Mapping[str, object] | None = None,
    cache: PaintCache | None = None,
) -> Poster:
    """Paint *template* with *fields* in its variant *size*; the same inputs give the same pixels.

    Args:
        template: as `load_template` gives it.
        fields: what the entry says; a name the template does not declare becomes a warning.
        brand: overrides the template's palette by name, and lends name, footer and logo.
        pictures: gives the bytes of a stored picture by name; raises LookupError or OSError.
        fonts: kept between calls, because opening a font takes longer than using it.
        size: a variant of the template.
        defaults: values for fields that *fields* leaves out; others are passed over in silence.
        cache: where painted parts are kept; a shared one of 48 MB where it is not given.

    Raises:
        RenderError: a required field is missing, a value is of the wrong kind, a picture cannot be
            opened or the template has no such size; the field is named.
    """
    if size not in template.variants:
        allowed = ", ".join(template.sizes)
        raise RenderError(f"the template {template.id} has no size {size!r}; it has {allowed}")
    values, warnings = resolve_values(template, fields, defaults or {}, brand)
    easel = Easel(
        Image.new("RGB", template.variants[size].size, (255, 255, 255)),
        flatten({**BASE_PALETTE, **template.palette, **brand.palette}),
        _DEFAULT_CACHE if cache is None else cache,
    )
    layout = Layout(values, fonts, warnings)
    scene = Scene(easel, template, size, values, fonts, pictures, brand, layout, [])
    shown = scene.shown()
    layout.lay_out(shown)
    _paint(scene, shown)
    told = tuple(dict.fromkeys([*layout.warnings, *scene.found]))
    return Poster(easel.canvas, _alternative(template, values), told)


def _paint(scene: Scene, shown: Sequence[Shown]) -> None:
    """Paint what differs from the last poster of this kind, on a copy of what does not."""
    cache, key = scene.easel.cache, _kind(scene)
    values = _values(scene)
    snapshot = cache.snapshot(key)
    same = _same_layers(scene, snapshot, values)
    done = 0
    if snapshot and snapshot.layers <= same:
        scene.easel.canvas.paste(snapshot.picture)
        scene.found += snapshot.warnings
        done = snapshot.layers
    if same > done:
        scene.paint([(place, layer) for place, layer in shown if done <= place < same])
        picture = scene.easel.canvas.copy()
        cache.keep_snapshot(key, Snapshot(picture, same, values, tuple(scene.found)))
    elif snapshot:
        cache.keep_snapshot(key, replace(snapshot, values=values))
    scene.paint([(place, layer) for place, layer in shown if place >= same])


def _kind(scene: Scene) -> tuple[str, ...]:
    brand = hashlib.sha256(scene.brand.model_dump_json().encode()).hexdigest()
    return ("snapshot", scene.template.digest, scene.size, brand, scene.fonts.key)


def _values(scene: Scene) -> dict[str, Hashable]:
    """Give what each field holds; a stored picture counts by its content."""
    found: dict[str, Hashable] = dict(scene.values.fields)
    for name, spec in scene.template.fields.items():
        value = scene.values.text(name)
        if spec.type == "image" and value and not value.startswith("art:"):
            found[name] = digest_of(value, scene.pictures)
    return found


def _same_layers(scene: Scene, snapshot: Snapshot | None, values: Mapping[str, Hashable]) -> int:
    """Count the layers, from the ground up, that look as they did on the last such poster."""
    first = scene.template.first_uses[scene.size]
    fixed = _stored_source(scene)
    if snapshot is None:
        return min([*first.values(), fixed])
    changed = [place for name, place in first.items() if snapshot.values[name] != values[name]]
    return min([*changed, fixed])


def _stored_source(scene: Scene) -> int:
    """Give the place of the first layer whose fixed picture is a file, which may change."""
    layers = scene.template.by_size[scene.size]
    places = (place for place, layer in enumerate(layers) if _shows_file(layer))
    return next(places, len(layers))


def _shows_file(layer: Layer) -> bool:
    """A brand's logo is a file too, but one that changes with its brand kit."""
    source = getattr(layer, "source", None) or "art:"
    return not source.startswith(("art:", "brand:"))


def _alternative(template: Template, values: Values) -> str:
    """Say in words what the poster says, for those who do not see it."""
    phrases = [values.fill(phrase) for phrase in template.alt]
    if not template.alt:
        shown = (name for name, spec in template.fields.items() if spec.type in {"text", "list"})
        phrases = [values.text(name) for name in shown]
    parts = [" ".join(phrase.split()) for phrase in phrases]
    return "，".join(part for part in parts if part) or template.name.zh

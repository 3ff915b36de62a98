"""Renders a poster: fields, a template, a brand and pictures become one image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters.brand import Brand
from contentsvc.posters.canvas_steps import Box4, Step, boxes_of, meet, run
from contentsvc.posters.colours import BASE_PALETTE, flatten
from contentsvc.posters.field_values import Values, resolve_values
from contentsvc.posters.focus import split_focus
from contentsvc.posters.layer_pictures import Pictures, digest_of
from contentsvc.posters.paint_cache import PaintCache
from contentsvc.posters.painting.layout import IndexedLayer, Layout
from contentsvc.posters.painting.scene import Scene
from contentsvc.posters.painting.shape_layers import Easel
from contentsvc.posters.snapshots import Snapshot, SnapshotFolder
from contentsvc.posters.template.layers import Layer
from contentsvc.posters.template.schema import Template
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.warnings import PosterWarning

__all__ = ["ENGINE_VERSION", "Poster", "render", "shared_cache"]

#: Grows when the same inputs come out as another picture; part of what a poster is kept under.
ENGINE_VERSION = 3
_DEFAULT_CACHE = PaintCache()


def shared_cache(folder: Path) -> PaintCache:
    """Give a cache of 48 MB that keeps half-painted posters in *folder* for other processes too."""
    return PaintCache(folder=SnapshotFolder(folder, ENGINE_VERSION))


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
    watch: Callable[[], None] | None = None,
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
        watch: called before each layer, to end by what it raises a painting that takes too long.

    Raises:
        RenderError: a required field is missing, a value is of the wrong kind, a picture cannot be
            opened or the template has no such size; the field is named.
    """
    if size not in template.variants:
        raise RenderError(
            "poster-size-unknown", template=template.id, size=size, sizes=template.sizes
        )
    values, warnings = resolve_values(template, fields, defaults or {}, brand)
    palette = flatten({**BASE_PALETTE, **template.palette, **brand.palette})
    easel = Easel(palette, _DEFAULT_CACHE if cache is None else cache)
    layout = Layout(values, fonts, warnings)
    scene = Scene(easel, template, size, values, fonts, pictures, brand, layout, watch=watch)
    shown = scene.shown()
    layout.lay_out(shown)
    image = _paint(scene, shown)
    told = [warning for place in sorted(scene.found) for warning in scene.found[place]]
    return Poster(image, _alternative(template, values), _once([*layout.warnings, *told]))


def _once(warnings: Sequence[PosterWarning]) -> tuple[PosterWarning, ...]:
    return tuple(dict.fromkeys(warnings))


def _paint(scene: Scene, shown: Sequence[IndexedLayer]) -> Image.Image:
    """Paint what differs from the last poster of this kind over what does not."""
    cache, key, values = scene.easel.cache, _kind(scene), _values(scene)
    snapshot = cache.snapshot(key)
    kept = snapshot.values if snapshot else {}
    changed = {name for name, value in values.items() if name not in kept or kept[name] != value}
    loose = _loose(scene, changed)
    found = _sort(scene, shown, snapshot, loose) if snapshot else None
    if snapshot is None or found is None:
        picture = Image.new("RGB", scene.template.variants[scene.size].size, (255, 255, 255))
        snapshot = Snapshot(picture, {}, values, {})
        found = _sort(scene, shown, snapshot, loose)
    fixed, free = found or ([], [])
    canvas = snapshot.picture.copy()
    for place, warnings in snapshot.warnings.items():
        scene.found[place] = list(warnings)
    if not fixed:
        cache.store_snapshot(key, replace(snapshot, values=values))
    else:
        for _, steps in fixed:
            run(steps, canvas)
        layers = {**snapshot.layers, **{place: boxes_of(steps) for place, steps in fixed}}
        told = {place: tuple(scene.found[place]) for place in layers}
        cache.store_snapshot(key, Snapshot(canvas.copy(), layers, values, told))
    for _, steps in free:
        run(steps, canvas)
    return canvas


_Noted: TypeAlias = list[tuple[int, list[Step]]]


def _loose(scene: Scene, changed: AbstractSet[str]) -> frozenset[int]:
    """Give the places of the layers that may look otherwise than they did."""
    uses, layers = scene.template.uses[scene.size], scene.template.by_size[scene.size]
    return frozenset(
        place for place, layer in enumerate(layers) if uses[place] & changed or _shows_file(layer)
    )


def _sort(
    scene: Scene, shown: Sequence[IndexedLayer], snapshot: Snapshot, loose: AbstractSet[int]
) -> tuple[_Noted, _Noted] | None:
    """Part the steps that *snapshot* lacks into those that may join it and those that may not.

    A layer may be painted before one that is under it where the two do not meet. Give None where
    the snapshot has a layer that changes or goes, or one over what is still to be painted.
    """
    places = snapshot.layers.keys()
    if places & loose or places - {place for place, _ in shown}:
        return None
    fixed: _Noted = []
    free: _Noted = []
    new_boxes: list[Box4] = []
    free_boxes: list[Box4] = []
    for place, layer in shown:
        if place in snapshot.layers:
            if meet(snapshot.layers[place], new_boxes):
                return None
            continue
        steps = scene.steps(place, layer)
        boxes = boxes_of(steps)
        new_boxes += boxes
        if place in loose or meet(boxes, free_boxes):
            free.append((place, steps))
            free_boxes += boxes
        else:
            fixed.append((place, steps))
    return fixed, free


def _kind(scene: Scene) -> tuple[str, ...]:
    brand = hashlib.sha256(scene.brand.model_dump_json().encode()).hexdigest()
    logo = scene.brand.logo or "art:"
    drawn = "" if logo.startswith("art:") else digest_of(logo, scene.pictures).hex()
    return ("snapshot", scene.template.digest, scene.size, brand, drawn, scene.fonts.key)


def _values(scene: Scene) -> dict[str, str]:
    """Give what each field holds; a stored picture counts by its content."""
    found = {name: repr(value) for name, value in scene.values.fields.items()}
    for name, spec in scene.template.fields.items():
        value = scene.values.text(name)
        if spec.type == "image" and value and not value.startswith("art:"):
            picture, focus = split_focus(value)
            found[name] = f"{digest_of(picture, scene.pictures).hex()} {focus}"
    return found


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

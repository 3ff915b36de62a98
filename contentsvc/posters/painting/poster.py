"""Renders a poster: one image from a template, field values, a brand kit and pictures."""

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

#: Part of every cache key. Increase it if a change of the code changes the pixels of a poster.
ENGINE_VERSION = 4
_DEFAULT_CACHE = PaintCache()


def shared_cache(folder: Path) -> PaintCache:
    """Return a 48 MB cache that shares snapshots with other processes through *folder*.

    Snapshots are partly painted posters.
    """
    return PaintCache(folder=SnapshotFolder(folder, ENGINE_VERSION))


@dataclass(frozen=True, slots=True)
class Poster:
    """A painted poster: an RGB image, its alternative text and warnings."""

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
    """Paint a poster from *template* and the values of *fields*. Equal inputs give equal pixels.

    Args:
        template: as `load_template` returns it.
        fields: the values; a name that the template does not declare becomes a warning.
        brand: overrides the template's palette by name; supplies name, footer and logo.
        pictures: returns the bytes of a stored picture by name; raises LookupError or OSError.
        fonts: reuse them between calls, because opening a font takes longer than using it.
        size: the name of a variant of the template.
        defaults: values for fields that *fields* leaves empty; names that the template does not
            declare are ignored.
        cache: for painted parts; by default a cache of 48 MB that all calls share.
        watch: called before each layer; it can stop a painting that takes too long by raising an
            exception.

    Raises:
        RenderError: a required field is empty, a value has the wrong type, a picture cannot be
            opened, or the template has no such size. Its `field` is the field at fault, if any.
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
    painted = [warning for index in sorted(scene.warnings) for warning in scene.warnings[index]]
    alt = _alternative(template, size, values)
    return Poster(image, alt, _unique([*layout.warnings, *painted]))


def _unique(warnings: Sequence[PosterWarning]) -> tuple[PosterWarning, ...]:
    return tuple(dict.fromkeys(warnings))


def _paint(scene: Scene, shown: Sequence[IndexedLayer]) -> Image.Image:
    """Paint the poster, starting from a snapshot (a partly painted poster) if one is cached."""
    cache, key, values = scene.easel.cache, _snapshot_key(scene), _values(scene)
    snapshot = cache.snapshot(key)
    old_values = snapshot.values if snapshot else {}
    changed = {
        name
        for name, value in values.items()
        if name not in old_values or old_values[name] != value
    }
    changed_layers = _changed_layers(scene, changed)
    missing = _missing_steps(scene, shown, snapshot, changed_layers) if snapshot else None
    if snapshot is None or missing is None:
        picture = Image.new("RGB", scene.template.variants[scene.size].size, (255, 255, 255))
        snapshot = Snapshot(picture, {}, values, {})
        missing = _missing_steps(scene, shown, snapshot, changed_layers)
    fixed, free = missing or ([], [])
    canvas = snapshot.picture.copy()
    for index, warnings in snapshot.warnings.items():
        scene.warnings[index] = list(warnings)
    if not fixed:
        cache.store_snapshot(key, replace(snapshot, values=values))
    else:
        for _, steps in fixed:
            run(steps, canvas)
        layers = {**snapshot.layers, **{index: boxes_of(steps) for index, steps in fixed}}
        warnings_by_index = {index: tuple(scene.warnings[index]) for index in layers}
        cache.store_snapshot(key, Snapshot(canvas.copy(), layers, values, warnings_by_index))
    for _, steps in free:
        run(steps, canvas)
    return canvas


_IndexedSteps: TypeAlias = list[tuple[int, list[Step]]]


def _changed_layers(scene: Scene, changed: AbstractSet[str]) -> frozenset[int]:
    """Return the indexes of the layers that may look different from the cached snapshot.

    These layers depend on one of the *changed* fields, or show a stored file.
    """
    uses, layers = scene.template.uses[scene.size], scene.template.by_size[scene.size]
    return frozenset(
        index for index, layer in enumerate(layers) if uses[index] & changed or _shows_file(layer)
    )


def _missing_steps(
    scene: Scene,
    shown: Sequence[IndexedLayer],
    snapshot: Snapshot,
    changed_layers: AbstractSet[int],
) -> tuple[_IndexedSteps, _IndexedSteps] | None:
    """Return the painting steps that *snapshot* lacks, or None if the snapshot is unusable.

    The steps are in two lists: those to add to the snapshot, and those of layers that may change
    and of the layers above these. A layer may be painted before a layer below it if the two do not
    overlap. The snapshot is unusable if it contains a layer that has changed, is no longer shown,
    or covers a layer still to be painted.
    """
    painted = snapshot.layers.keys()
    if painted & changed_layers or painted - {index for index, _ in shown}:
        return None
    fixed: _IndexedSteps = []
    free: _IndexedSteps = []
    new_boxes: list[Box4] = []
    free_boxes: list[Box4] = []
    for index, layer in shown:
        if index in snapshot.layers:
            if meet(snapshot.layers[index], new_boxes):
                return None
            continue
        steps = scene.steps(index, layer)
        boxes = boxes_of(steps)
        new_boxes += boxes
        if index in changed_layers or meet(boxes, free_boxes):
            free.append((index, steps))
            free_boxes += boxes
        else:
            fixed.append((index, steps))
    return fixed, free


def _snapshot_key(scene: Scene) -> tuple[str, ...]:
    brand = hashlib.sha256(scene.brand.model_dump_json().encode()).hexdigest()
    logo = scene.brand.logo or "art:"
    drawn = "" if logo.startswith("art:") else digest_of(logo, scene.pictures).hex()
    return ("snapshot", scene.template.digest, scene.size, brand, drawn, scene.fonts.key)


def _values(scene: Scene) -> dict[str, str]:
    """Return the field values as texts by field name, a stored picture as a hash of its content."""
    texts = {name: repr(value) for name, value in scene.values.fields.items()}
    for name, spec in scene.template.fields.items():
        value = scene.values.text(name)
        if spec.type == "image" and value and not value.startswith("art:"):
            picture, focus = split_focus(value)
            texts[name] = f"{digest_of(picture, scene.pictures).hex()} {focus}"
    return texts


def _shows_file(layer: Layer) -> bool:
    """Return True if *layer* shows a fixed stored picture. The picture's content may change.

    A brand's logo is a stored picture too, but the snapshot key covers its content.
    """
    source = getattr(layer, "source", None) or "art:"
    return not source.startswith(("art:", "brand:"))


def _alternative(template: Template, size: str, values: Values) -> str:
    """Return the poster's alternative text, which describes it to people who cannot see it.

    The text leaves out the fields that the variant *size* does not show.
    """
    hidden = template.left_out[size]
    values = replace(values, fields={**values.fields, **dict.fromkeys(hidden, "")})
    phrases = [values.fill(phrase) for phrase in template.alt]
    if not template.alt:
        shown = (
            name for name, spec in template.fields.items() if spec.type in {"text", "list", "price"}
        )
        phrases = [values.text(name) for name in shown]
    parts = [" ".join(phrase.split()) for phrase in phrases]
    return "，".join(part for part in parts if part) or template.name.zh

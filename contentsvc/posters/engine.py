"""Renders a poster: fields, a template, a brand and pictures become one image."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters.brand import Brand
from contentsvc.posters.cache import PaintCache
from contentsvc.posters.colours import BASE_PALETTE, flatten
from contentsvc.posters.fonts import Fonts
from contentsvc.posters.images import Pictures
from contentsvc.posters.layers import Blob, ImageLayer, Layer, Line, Rect
from contentsvc.posters.painting import Easel
from contentsvc.posters.scene import Scene
from contentsvc.posters.schema import Template
from contentsvc.posters.values import Values, resolve_values
from contentsvc.posters.warning import PosterWarning

__all__ = ["ENGINE_VERSION", "Poster", "render"]

#: Grows when the same inputs come out as another picture; part of what a poster is kept under.
ENGINE_VERSION = 1
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
    scene = Scene(easel, values, fonts, pictures, brand, warnings)
    _paint(scene, template, size)
    return Poster(easel.canvas, _alternative(template, values), tuple(dict.fromkeys(warnings)))


def _paint(scene: Scene, template: Template, size: str) -> None:
    layers = template.by_size[size]
    fixed = 0
    while fixed < len(layers) and _is_fixed(layers[fixed]):
        fixed += 1
    _paint_ground(scene, layers[:fixed], _ground_key(scene, template, size))
    scene.paint(layers[fixed:])


def _paint_ground(scene: Scene, layers: tuple[Layer, ...], key: tuple[str, ...]) -> None:
    """Paint what no field changes once, and copy it from then on."""

    def paint() -> Image.Image:
        scene.paint(layers)
        return scene.easel.canvas.copy()

    scene.easel.canvas.paste(scene.easel.cache.get(key, paint))


def _ground_key(scene: Scene, template: Template, size: str) -> tuple[str, ...]:
    brand = hashlib.sha256(scene.brand.model_dump_json().encode()).hexdigest()
    return ("ground", template.digest, size, brand, scene.fonts.key)


def _is_fixed(layer: Layer) -> bool:
    """Say whether *layer* looks the same on every poster of its template and brand.

    Lettering never counts: what it warns of is told on every poster.
    """
    if layer.when:
        return False
    if isinstance(layer, Rect):
        return layer.hug is None
    if isinstance(layer, ImageLayer):
        return (layer.source or "").startswith("art:")
    return isinstance(layer, Blob | Line)


def _alternative(template: Template, values: Values) -> str:
    """Say in words what the poster says, for those who do not see it."""
    phrases = [values.fill(phrase) for phrase in template.alt]
    if not template.alt:
        shown = (name for name, spec in template.fields.items() if spec.type in {"text", "list"})
        phrases = [values.text(name) for name in shown]
    parts = [" ".join(phrase.split()) for phrase in phrases]
    return "，".join(part for part in parts if part) or template.name.zh

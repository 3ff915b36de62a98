"""Painting rows of batches, before a batch begins and while it runs."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from contentsvc.db.models import PosterBatch
from contentsvc.errors import RenderError
from contentsvc.posters import (
    Batch,
    Brand,
    Encoded,
    Fonts,
    Format,
    Kept,
    PaintCache,
    Poster,
    Proofreader,
    Remark,
    Shelf,
    Template,
    brand_fonts,
    encode,
    fault_of,
    poster_key,
    render,
)
from contentsvc.services.postering import PosterMaker
from contentsvc.services.runtime import Runtime

__all__ = ["BatchPainter", "paint_row"]

#: A template's picture in the gallery, pixels across: twice what a page shows.
_THUMBNAIL = 360
_THUMBNAIL_BYTES = 64 * 1024 * 1024


class BatchPainter:
    """Paints posters of batches; keeps templates, fonts and painted parts warm."""

    def __init__(self, runtime: Runtime) -> None:
        """Look for assets where the settings say."""
        self._maker = PosterMaker(runtime)
        self._folders = runtime.config.asset_folders()
        self._fonts: dict[str | None, Fonts] = {}
        self._cache = PaintCache()
        self._shelf = Shelf(runtime.config.data_dir / "thumbnails", _THUMBNAIL_BYTES)
        self._lock = threading.Lock()

    def template(self, name: str) -> Template:
        """Return a template; RenderError where there is none or it is broken."""
        return self._maker.template(name)

    def has_picture(self, source: str) -> bool:
        """Tell whether a poster can show *source*."""
        try:
            return source.startswith("art:") or bool(self._maker.picture_bytes(source))
        except (LookupError, OSError):
            return False

    def setup(self, batch: PosterBatch, size: str) -> Batch:
        """Return what all rows of *batch* share in one size.

        Raises:
            RenderError: its template, its size or its brand is not there any more, or is broken.
        """
        template = self.template(batch.template)
        if size not in template.variants:
            raise RenderError(f"the template {template.id} has no size {size!r} any more")
        brand = self._maker.brand()
        return Batch(
            template=template,
            brand=brand,
            pictures=self._maker.picture_bytes,
            fonts=self._fonts_of(brand),
            size=size,
            kind=_format(batch.format),
            cache=self._cache,
        )

    def proofreader(self, batch: PosterBatch) -> Proofreader:
        """Return who tells what is wrong with rows of *batch*; RenderError as for `setup`."""
        setups = [self.setup(batch, size) for size in batch.sizes]
        first = setups[0]
        return Proofreader(
            first.template,
            [setup.size for setup in setups],
            brand=first.brand,
            fonts=first.fonts,
            pictures=first.pictures,
        )

    def thumbnail(self, template: Template) -> Kept:
        """Return a small picture of *template*, filled with its samples; RenderError."""
        size = template.sizes[0]
        brand = self._maker.brand()
        fonts = self._fonts_of(brand)
        fields = template.samples()
        pictures = self._maker.picture_bytes

        def paint() -> Poster:
            poster = render(
                template,
                fields,
                brand=brand,
                pictures=pictures,
                fonts=fonts,
                size=size,
                cache=self._cache,
            )
            width, height = poster.image.size
            small = poster.image.resize((_THUMBNAIL, round(height * _THUMBNAIL / width)))
            return replace(poster, image=small)

        whole = poster_key(
            template, fields, brand=brand, pictures=pictures, fonts=fonts, size=size, kind="webp"
        )
        key = hashlib.sha256(f"{whole} {_THUMBNAIL}".encode()).hexdigest()
        return self._shelf.get(key, "webp", None, paint)

    def _fonts_of(self, brand: Brand) -> Fonts:
        with self._lock:
            if brand.fonts not in self._fonts:
                self._fonts[brand.fonts] = brand_fonts(brand, self._folders)
            return self._fonts[brand.fonts]


def paint_row(
    setups: Sequence[Batch], fields: Mapping[str, object]
) -> tuple[list[tuple[str, Encoded]], list[Remark]]:
    """Paint one row in every size; what cannot be painted in one of them has no poster at all.

    Return the pictures, with their sizes, and what is to be said of them.
    """
    pictures: list[tuple[str, Encoded]] = []
    remarks: dict[Remark, None] = {}
    for setup in setups:
        try:
            poster = _painted(setup, fields)
            pictures.append((setup.size, encode(poster.image, setup.kind, setup.max_bytes)))
        except RenderError as error:
            return [], [fault_of(setup.template, fields, error)]
        found = (Remark(each.field, each.code, each.message) for each in poster.warnings)
        remarks.update(dict.fromkeys(found))
    return pictures, list(remarks)


def _painted(setup: Batch, fields: Mapping[str, object]) -> Poster:
    return render(
        setup.template,
        fields,
        brand=setup.brand,
        pictures=setup.pictures,
        fonts=setup.fonts,
        size=setup.size,
        cache=setup.cache,
    )


def _format(name: str) -> Format:
    formats: dict[str, Format] = {"jpeg": "jpeg", "png": "png", "webp": "webp"}
    return formats[name]

"""Prepare poster batches for painting, and paint the posters of their table rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contentsvc.db.models import PosterBatch
from contentsvc.errors import RenderError
from contentsvc.posters import (
    Encoded,
    Format,
    Poster,
    PosterSetup,
    Proofreader,
    RowRemark,
    Template,
    encode,
    remark_of,
    render,
)
from contentsvc.services.rendering.painting import Painter
from contentsvc.services.runtime import Runtime

__all__ = ["BatchPainter", "paint_row"]


class BatchPainter:
    """Loads the template, brand and fonts of poster batches; caches templates, fonts and layers."""

    def __init__(self, runtime: Runtime, painter: Painter | None = None) -> None:
        """Create a painter of batches that uses the caches of *painter*, or of a new painter."""
        self._painter = painter or Painter(runtime)

    def template(self, name: str) -> Template:
        """Return the poster template with the id *name*.

        Raises:
            RenderError: there is no such template, or it is broken.
        """
        return self._painter.template(name)

    def setup(self, batch: PosterBatch, size: str) -> PosterSetup:
        """Return the template, brand, fonts and format for painting a batch's rows in *size*.

        Raises:
            RenderError: the template, its size or the brand no longer exists, or is broken.
        """
        template = self.template(batch.template)
        if size not in template.variants:
            raise RenderError("batch-size-gone", template=template.id, size=size)
        brand = self._painter.brand(batch.brand)
        return PosterSetup(
            template=template,
            brand=brand,
            pictures=self._painter.picture_bytes,
            fonts=self._painter.fonts(brand),
            size=size,
            kind=_format(batch.format),
            cache=self._painter.cache,
        )

    def proofreader(self, batch: PosterBatch) -> Proofreader:
        """Return an object that finds faults in the rows of *batch* without painting them.

        Raises:
            RenderError: the template, one of its sizes or the brand no longer exists, or is broken.
        """
        setups = [self.setup(batch, size) for size in batch.sizes]
        first = setups[0]
        return Proofreader(
            first.template,
            [setup.size for setup in setups],
            brand=first.brand,
            fonts=first.fonts,
            pictures=first.pictures,
        )


def paint_row(
    setups: Sequence[PosterSetup], fields: Mapping[str, object]
) -> tuple[list[tuple[str, Encoded]], list[RowRemark]]:
    """Paint a row's poster in every size; return (size, picture) pairs, and remarks on the row.

    If the row cannot be painted in one of the sizes, return no pictures and the fault.
    """
    pictures: list[tuple[str, Encoded]] = []
    remarks: dict[RowRemark, None] = {}
    for setup in setups:
        try:
            poster = _painted(setup, fields)
            pictures.append((setup.size, encode(poster.image, setup.kind, setup.max_bytes)))
        except RenderError as error:
            return [], [remark_of(setup.template, fields, error)]
        warnings = (RowRemark(each.field, each.code, each.message) for each in poster.warnings)
        remarks.update(dict.fromkeys(warnings))
    return pictures, list(remarks)


def _painted(setup: PosterSetup, fields: Mapping[str, object]) -> Poster:
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

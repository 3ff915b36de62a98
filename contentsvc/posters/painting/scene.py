"""Turns the laid-out layers of a poster into steps that paint them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters.brand import Brand
from contentsvc.posters.canvas_steps import Probe, Step
from contentsvc.posters.colours import Rgba, average
from contentsvc.posters.field_values import Values
from contentsvc.posters.focus import split_focus
from contentsvc.posters.layer_pictures import Pictures, fetch
from contentsvc.posters.painting import (
    brand_mark,
    legibility,
    lettering,
    list_layer,
    mixed_lettering,
    vertical_text,
)
from contentsvc.posters.painting.layout import IndexedLayer, Layout, warning_of
from contentsvc.posters.painting.shape_layers import Easel, PixelRect, corners
from contentsvc.posters.qr import LEAST_MODULE, qr_mask
from contentsvc.posters.template.layers import (
    Blob,
    BrandMark,
    Countdown,
    ImageLayer,
    Layer,
    Line,
    ListLayer,
    Progress,
    Qr,
    Rect,
    Seal,
    Spans,
    TextLayer,
    Ticket,
)
from contentsvc.posters.template.parts import Fill
from contentsvc.posters.template.schema import Template
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.warnings import PosterWarning

__all__ = ["Scene"]

#: The lowest contrast between dark and light modules that a phone's camera can tell apart.
_QR_CONTRAST = 4


@dataclass(slots=True)
class Scene:
    """One poster during painting: the inputs that its layers share, and all warnings so far."""

    easel: Easel
    template: Template
    size: str
    values: Values
    fonts: Fonts
    pictures: Pictures
    brand: Brand
    layout: Layout
    #: Warnings from painting, by the layer's index; earlier warnings are in `layout`.
    warnings: dict[int, list[PosterWarning]] = field(default_factory=dict)
    #: The index of the layer whose steps are being recorded.
    index: int = 0
    #: Called before each layer; an exception that it raises stops the painting.
    watch: Callable[[], None] | None = None

    def shown(self) -> list[IndexedLayer]:
        """Return the layers that the field values make visible, each with its index."""
        layers = self.template.by_size[self.size]
        return [
            (index, layer) for index, layer in enumerate(layers) if self.values.holds(layer.when)
        ]

    def steps(self, index: int, layer: Layer) -> list[Step]:
        """Return the steps that paint *layer*, which has been laid out before."""
        self.easel.steps.clear()
        self.index, self.warnings[index] = index, []
        painters: dict[type[Any], Callable[[int, Any], None]] = {
            Rect: self._paint_rect,
            Ticket: lambda _, layer: self.easel.ticket(layer),
            Blob: lambda _, layer: self.easel.blob(layer),
            Line: lambda _, layer: self.easel.line(layer),
            ImageLayer: lambda _, layer: self._paint_image(layer),
            BrandMark: self._paint_signature,
            TextLayer: self._paint_text,
            Spans: self._paint_spans,
            ListLayer: self._paint_list,
            Seal: lambda _, layer: self._paint_seal(layer),
            Qr: lambda _, layer: self._paint_qr(layer),
            Progress: self._paint_progress,
            Countdown: self._paint_countdown,
        }
        if self.watch:
            self.watch()
        painters[type(layer)](index, layer)
        return self.easel.steps.copy()

    def _warn(self, layer: Layer, code: str, message: Message) -> None:
        self.warnings[self.index].append(warning_of(layer, code, message))

    def _check_contrast(self, layer: Layer, rect: legibility.Rect4, fill: Fill) -> None:
        """Record a step that warns if a text in *fill* has low contrast with its background."""
        if layer.overlap:
            return
        warnings, colour, least = (
            self.warnings[self.index],
            self._colour(fill),
            self.template.contrast,
        )

        def check(canvas: Image.Image) -> None:
            ratio = legibility.ground_contrast(canvas, rect, colour)
            if ratio < least:
                message = Message("poster-low-contrast", ratio=ratio, least=least)
                warnings.append(warning_of(layer, "low_contrast", message))

        left, top, right, bottom = rect
        box = (math.floor(left), math.floor(top), math.ceil(right), math.ceil(bottom))
        self.easel.steps.append(Probe(box, check))

    def _colour(self, fill: Fill) -> Rgba:
        if isinstance(fill, str):
            return self.easel.colour(fill)
        stops = [stop if isinstance(stop, str) else stop[1] for stop in fill.stops]
        return average([self.easel.colour(stop) for stop in stops])

    def _paint_rect(self, _: int, layer: Rect) -> None:
        x, y, width, height = (round(value) for value in layer.box)
        if layer.hug:
            ids = [each.id for each in self.template.by_size[self.size]]
            ends = [self.layout.right(ids.index(name)) for name in layer.hug.layers]
            width = max(round(max(ends, default=0) + layer.hug.pad) - x, 1)
        rect: PixelRect = (x, y, width, height)
        self.easel.rect(layer, rect)

    def _paint_image(self, layer: ImageLayer) -> None:
        name = self.values.text(layer.field) if layer.field else layer.source or ""
        if name == "brand:logo":
            name = self.brand.logo or ""
        if not name:
            return
        name, focus = split_focus(name) if layer.field else (name, None)
        if focus:
            layer = layer.model_copy(update={"focus": focus})
        easel = self.easel
        picture, picture_warnings = fetch(layer, name, self.pictures, easel.palette, easel.cache)
        for code, message in picture_warnings:
            self._warn(layer, code, message)
        at = (round(layer.box[0]), round(layer.box[1]))
        if layer.mask:
            key, mask = easel.figure(picture.size, layer.mask)
        else:
            key, mask = easel.rounded(picture.size, layer.radius)
        if layer.shadow:
            easel.shadow(key, mask, at, layer.shadow, layer.opacity)
        if layer.stroke:
            easel.rim((*at, *picture.size), layer.stroke, layer.mask, layer.radius)
        rim = None if layer.mask else math.ceil(max(corners(layer.radius))) + 1
        easel.picture(picture, at, mask, layer.opacity, rim)

    def _paint_signature(self, index: int, layer: BrandMark) -> None:
        laid_out = self.layout.signatures[index]
        if laid_out.mark and laid_out.has_logo:
            if laid_out.plate and layer.plate:
                box = tuple(round(value) for value in laid_out.plate)
                _, mask = self.easel.rounded((box[2], box[3]), box[3] * 0.28)
                self.easel.stamp(mask, (box[0], box[1]), layer.plate, layer.opacity)
            self._paint_image(brand_mark.logo_layer(laid_out.mark))
        elif laid_out.mark and layer.bar:
            x, y, width, height = (round(value) for value in laid_out.mark)
            _, mask = self.easel.rounded((width, height), width / 2)
            self.easel.stamp(mask, (x, y), layer.bar, layer.opacity)
        if laid_out.block:
            self._check_contrast(layer, laid_out.block.rect, layer.fill)
            style = lettering.Lettering(self.fonts, layer.weight, layer.fill, 1)
            lettering.paint_block(self.easel, laid_out.block, style, layer.opacity)

    def _paint_text(self, index: int, layer: TextLayer) -> None:
        if index in self.layout.columns:
            columns = self.layout.columns[index]
            self._check_contrast(layer, columns.rect, layer.fill)
            vertical_text.paint_columns(self.easel, layer, columns, self.fonts)
        if index not in self.layout.blocks:
            return
        block = self.layout.blocks[index]
        if layer.plate:
            lettering.paint_plate(self.easel, block, layer.plate, layer.opacity)
        self._check_contrast(layer, block.rect, layer.fill)
        style = lettering.Lettering(self.fonts, layer.weight, layer.fill, layer.line)
        lettering.paint_block(self.easel, block, style, layer.opacity)

    def _paint_spans(self, index: int, layer: Spans) -> None:
        for span in self.layout.spans[index]:
            self._check_contrast(layer, span.block.rect, span.run.fill)
        mixed_lettering.paint_spans(self.easel, self.layout.spans[index], self.fonts, layer.opacity)

    def _paint_countdown(self, index: int, layer: Countdown) -> None:
        mixed_lettering.paint_countdown(self.easel, layer, self.layout.spans[index], self.fonts)

    def _paint_list(self, index: int, layer: ListLayer) -> None:
        laid_out = self.layout.rows[index]
        list_layer.paint_list(self.easel, layer, laid_out, self.fonts, self._check_contrast)

    def _paint_progress(self, index: int, layer: Progress) -> None:
        if index in self.layout.shares:
            self.easel.progress(layer, self.layout.shares[index])

    def _paint_seal(self, layer: Seal) -> None:
        texts = self.layout.runs(layer)
        if texts:
            for lost in mixed_lettering.paint_seal(self.easel, layer, texts, self.fonts):
                self._warn(layer, "cut", Message("poster-text-cut", lost=lost))

    def _paint_qr(self, layer: Qr) -> None:
        text = self.values.text(layer.field)
        if not text:
            return
        x, y, width, height = (round(value) for value in layer.box)
        side = min(width, height)
        try:
            mask, module = qr_mask(text, side, error=layer.error, quiet=layer.quiet)
        except RenderError as error:
            spec = self.template.fields[layer.field]
            label = Message.given(en=layer.field, zh=spec.label.zh)
            raise RenderError(
                "poster-field-problem", label=label, reason=error.message, field=layer.field
            ) from error
        if module < LEAST_MODULE:
            message = Message("poster-code-small", pixels=module, least=LEAST_MODULE)
            self._warn(layer, "small_qr", message)
        self._check_code_contrast(layer)
        _, plate = self.easel.rounded((side, side), layer.radius)
        at = (x + (width - side) // 2, y + (height - side) // 2)
        self.easel.stamp(plate, at, layer.light, layer.opacity)
        inset = (side - mask.width) // 2
        self.easel.stamp(mask, (at[0] + inset, at[1] + inset), layer.dark, layer.opacity)

    def _check_code_contrast(self, layer: Qr) -> None:
        ratio = legibility.contrast(self.easel.colour(layer.dark), self.easel.colour(layer.light))
        if ratio < _QR_CONTRAST:
            message = Message("poster-code-low-contrast", ratio=ratio, least=_QR_CONTRAST)
            self._warn(layer, "low_contrast", message)

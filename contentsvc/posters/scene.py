"""One poster in the making: every layer laid out first, then painted in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from contentsvc.errors import RenderError
from contentsvc.posters import arranging, lettering
from contentsvc.posters.brand import Brand
from contentsvc.posters.fonts import Fonts
from contentsvc.posters.images import Pictures, fetch
from contentsvc.posters.layers import (
    Blob,
    ImageLayer,
    Layer,
    Line,
    ListLayer,
    Qr,
    Rect,
    Run,
    Seal,
    Spans,
    TextLayer,
)
from contentsvc.posters.painting import Easel, Place
from contentsvc.posters.qr import LEAST_MODULE, qr_mask
from contentsvc.posters.schema import field_names, parts_of
from contentsvc.posters.values import Values
from contentsvc.posters.warning import PosterWarning

__all__ = ["Scene"]


@dataclass(slots=True)
class Scene:
    """What the layers of one poster share while it is painted."""

    easel: Easel
    values: Values
    fonts: Fonts
    pictures: Pictures
    brand: Brand
    warnings: list[PosterWarning]
    _blocks: dict[int, lettering.Block] = field(default_factory=dict)
    _spans: dict[int, list[arranging.Span]] = field(default_factory=dict)
    _rows: dict[int, list[arranging.RowBlock]] = field(default_factory=dict)

    def paint(self, layers: Sequence[Layer]) -> None:
        """Lay out *layers*, then paint those whose condition holds."""
        self._blocks, self._spans, self._rows = {}, {}, {}
        shown = [
            (place, layer) for place, layer in enumerate(layers) if self.values.holds(layer.when)
        ]
        self._lay_out(shown)
        painters: dict[type[Any], Callable[[int, Any], None]] = {
            Rect: lambda _, layer: self._paint_rect(layer, shown),
            Blob: lambda _, layer: self.easel.blob(layer),
            Line: lambda _, layer: self.easel.line(layer),
            ImageLayer: lambda _, layer: self._paint_image(layer),
            TextLayer: self._paint_text,
            Spans: self._paint_spans,
            ListLayer: self._paint_list,
            Seal: lambda _, layer: self._paint_seal(layer),
            Qr: lambda _, layer: self._paint_qr(layer),
        }
        for place, layer in shown:
            painters[type(layer)](place, layer)

    def _lay_out(self, shown: Iterable[tuple[int, Layer]]) -> None:
        for place, layer in shown:
            if isinstance(layer, Spans):
                self._lay_out_spans(place, layer)
            elif isinstance(layer, ListLayer):
                self._lay_out_list(place, layer)
        self._lay_out_texts([(p, layer) for p, layer in shown if isinstance(layer, TextLayer)])

    def _lay_out_texts(self, shown: list[tuple[int, TextLayer]]) -> None:
        """Fit each text, then those of a group again at the size of its smallest."""
        texts = {place: self._words(layer, self._source(layer)) for place, layer in shown}
        smallest: dict[str, int] = {}
        for place, layer in shown:
            if texts[place]:
                block = lettering.lay_out(layer, texts[place], self.fonts)
                self._blocks[place] = block
                if layer.group:
                    known = smallest.get(layer.group, block.fitted.size)
                    smallest[layer.group] = min(known, block.fitted.size)
        for place, layer in shown:
            if place not in self._blocks:
                continue
            if layer.group and smallest[layer.group] < self._blocks[place].fitted.size:
                most = smallest[layer.group]
                self._blocks[place] = lettering.lay_out(layer, texts[place], self.fonts, most)
            self._tell_cut(layer, self._blocks[place].fitted.lost)

    def _source(self, layer: TextLayer) -> str:
        if layer.field is not None:
            return self.values.text(layer.field)
        return self.values.fill(layer.text or "")

    def _runs(self, layer: Spans | Seal) -> list[tuple[Run, str]]:
        """Give the runs that have words, with them."""
        filled = [
            (run, self._words(layer, self.values.fill(run.text)))
            for run in layer.runs
            if self.values.holds(run.when)
        ]
        return [(run, text) for run, text in filled if text]

    def _lay_out_spans(self, place: int, layer: Spans) -> None:
        spans = arranging.lay_out_spans(layer, self._runs(layer), self.fonts)
        self._spans[place] = spans
        for span in spans:
            self._tell_cut(layer, span.block.fitted.lost)

    def _lay_out_list(self, place: int, layer: ListLayer) -> None:
        items = [self._words(layer, item) for item in self.values.items(layer.field)]
        rows, dropped = arranging.lay_out_list(layer, [item for item in items if item], self.fonts)
        self._rows[place] = rows
        for row in rows:
            self._tell_cut(layer, row.block.fitted.lost)
        if dropped:
            self._tell(layer, "dropped", f"no room for: {'；'.join(dropped)}")

    def _words(self, layer: Layer, text: str) -> str:
        """Give *text* without what no font can draw, which is told."""
        kept, missing = lettering.drawable(text, self.fonts)
        if missing:
            named = ", ".join(f"{char} (U+{ord(char):04X})" for char in missing)
            self._tell(layer, "missing_glyph", f"the fonts cannot draw {named}; it is left out")
        return kept

    def _tell_cut(self, layer: Layer, lost: str) -> None:
        if lost:
            self._tell(layer, "cut", f"cut at the least size; lost: {lost}")

    def _tell(self, layer: Layer, code: str, message: str) -> None:
        names = sorted(field_names(layer) - {name for name, _ in parts_of(layer.when)})
        name = getattr(layer, "field", None) or (names[0] if names else None)
        self.warnings.append(PosterWarning(layer.id or layer.type, name, code, message))

    def _paint_rect(self, layer: Rect, shown: list[tuple[int, Layer]]) -> None:
        x, y, width, height = (round(value) for value in layer.box)
        if layer.hug:
            ends = [self._right(place) for place, other in shown if other.id in layer.hug.layers]
            width = max(round(max(ends, default=0) + layer.hug.pad) - x, 1)
        place: Place = (x, y, width, height)
        self.easel.rect(layer, place)

    def _right(self, place: int) -> float:
        """Give the right edge of the lettering of the layer at *place*; 0 where it has none."""
        blocks = [span.block for span in self._spans.get(place, [])]
        blocks += [row.block for row in self._rows.get(place, [])]
        if place in self._blocks:
            blocks.append(self._blocks[place])
        return max((block.right for block in blocks), default=0)

    def _paint_image(self, layer: ImageLayer) -> None:
        name = self.values.text(layer.field) if layer.field else layer.source or ""
        if name == "brand:logo":
            name = self.brand.logo or ""
        if not name:
            return
        picture, note = fetch(layer, name, self.pictures, self.easel.palette, self.easel.cache)
        if note:
            self._tell(layer, "small_picture", note)
        at = (round(layer.box[0]), round(layer.box[1]))
        key, mask = self.easel.rounded(picture.size, layer.radius)
        if layer.shadow:
            self.easel.shadow(key, mask, at, layer.shadow, layer.opacity)
        self.easel.picture(picture, at, mask, layer.opacity)

    def _paint_text(self, place: int, layer: TextLayer) -> None:
        if place in self._blocks:
            style = lettering.Lettering(self.fonts, layer.weight, layer.fill, layer.line)
            lettering.paint_block(
                self.easel, self._blocks[place], style, layer.opacity, layer.plate
            )

    def _paint_spans(self, place: int, layer: Spans) -> None:
        arranging.paint_spans(self.easel, self._spans[place], self.fonts, layer.opacity)

    def _paint_list(self, place: int, layer: ListLayer) -> None:
        arranging.paint_list(self.easel, layer, self._rows[place], self.fonts)

    def _paint_seal(self, layer: Seal) -> None:
        texts = self._runs(layer)
        if texts:
            for lost in arranging.paint_seal(self.easel, layer, texts, self.fonts):
                self._tell_cut(layer, lost)

    def _paint_qr(self, layer: Qr) -> None:
        text = self.values.text(layer.field)
        if not text:
            return
        x, y, width, height = (round(value) for value in layer.box)
        side = min(width, height)
        try:
            mask, module = qr_mask(text, side, error=layer.error, quiet=layer.quiet)
        except RenderError as error:
            raise RenderError(f"the field {layer.field!r}: {error}", field=layer.field) from error
        if module < LEAST_MODULE:
            words = f"a module has {module} pixels, under {LEAST_MODULE}; use a shorter link"
            self._tell(layer, "small_qr", words)
        _, plate = self.easel.rounded((side, side), layer.radius)
        at = (x + (width - side) // 2, y + (height - side) // 2)
        self.easel.stamp(plate, at, layer.light, layer.opacity)
        inset = (side - mask.width) // 2
        self.easel.stamp(mask, (at[0] + inset, at[1] + inset), layer.dark, layer.opacity)

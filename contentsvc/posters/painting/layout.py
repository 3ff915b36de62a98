"""Lays out the texts of a poster before painting, and collects warnings about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from contentsvc.messages import Message
from contentsvc.posters.amounts import share_of
from contentsvc.posters.field_values import Values
from contentsvc.posters.painting import (
    brand_mark,
    legibility,
    lettering,
    list_layer,
    mixed_lettering,
    vertical_text,
)
from contentsvc.posters.template.layers import (
    BrandMark,
    Countdown,
    Layer,
    ListLayer,
    Progress,
    Qr,
    Seal,
    Spans,
    TextLayer,
)
from contentsvc.posters.template.parts import Run
from contentsvc.posters.template.schema import field_names, parts_of
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.warnings import PosterWarning

__all__ = ["IndexedLayer", "Layout", "warning_of"]

#: A layer and its index in its variant.
IndexedLayer: TypeAlias = tuple[int, Layer]
#: The smallest scale of runs, and the smallest size in pixels of a text, that show a price.
_PRICE_LEAST, _PRICE_MIN = 0.1, 8


@dataclass(slots=True)
class Layout:
    """The sizes and positions of a poster's texts, by the index of the layer that shows them."""

    values: Values
    fonts: Fonts
    warnings: list[PosterWarning]
    blocks: dict[int, lettering.Block] = field(default_factory=dict)
    columns: dict[int, vertical_text.Columns] = field(default_factory=dict)
    spans: dict[int, list[mixed_lettering.Span]] = field(default_factory=dict)
    rows: dict[int, list[list_layer.RowBlock]] = field(default_factory=dict)
    signatures: dict[int, brand_mark.Signature] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)

    def lay_out(self, shown: Sequence[IndexedLayer]) -> None:
        """Lay out the texts of the layers *shown*, then warn about layers that overlap."""
        for index, layer in shown:
            if isinstance(layer, Spans):
                self._lay_out_spans(index, layer)
            elif isinstance(layer, ListLayer):
                self._lay_out_list(index, layer)
            elif isinstance(layer, BrandMark):
                self._lay_out_signature(index, layer)
            elif isinstance(layer, Countdown):
                self._lay_out_countdown(index, layer)
            elif isinstance(layer, Progress):
                self._read_share(index, layer)
        self._lay_out_texts([(p, layer) for p, layer in shown if isinstance(layer, TextLayer)])
        self._warn_overlaps(shown)

    def right(self, index: int) -> float:
        """Return the right end (x coordinate) of a layer's text, or 0 if it has no text.

        *index* is the index of the layer.
        """
        return max((rect[2] for rect in self._rects(index)), default=0)

    def _lay_out_texts(self, shown: list[tuple[int, TextLayer]]) -> None:
        """Fit each text to its box; a group's texts all take the smallest font size among them."""
        shown = [
            (index, _shrinking(layer) if self._shows_price(layer) else layer)
            for index, layer in shown
        ]
        texts = {index: self.drawable(layer, self._source(layer)) for index, layer in shown}
        smallest: dict[str, int] = {}
        for index, layer in shown:
            if not texts[index]:
                continue
            if layer.vertical:
                self.columns[index] = vertical_text.lay_out_columns(layer, texts[index], self.fonts)
                self._warn_cut(layer, self.columns[index].lost)
                continue
            block = self.blocks[index] = self._block(layer, texts[index], None)
            if layer.group:
                known = smallest.get(layer.group, block.fitted.size)
                smallest[layer.group] = min(known, block.fitted.size)
        for index, layer in shown:
            if index in self.blocks:
                max_size = smallest.get(layer.group or "", self.blocks[index].fitted.size)
                if max_size < self.blocks[index].fitted.size:
                    self.blocks[index] = self._block(layer, texts[index], max_size)
                self._warn_cut(layer, self.blocks[index].fitted.lost)

    def _block(self, layer: TextLayer, text: str, max_size: int | None) -> lettering.Block:
        return self.fonts.cached_layout(
            layer, (text, max_size), lambda: lettering.lay_out(layer, text, self.fonts, max_size)
        )

    def _source(self, layer: TextLayer) -> str:
        if layer.field is not None:
            return self.values.text(layer.field)
        return self.values.fill(layer.text or "")

    def runs(self, layer: Spans | Seal) -> list[tuple[Run, str]]:
        """Return the non-empty runs (pieces of text) of *layer*, each with its filled-in text."""
        filled = [
            (run, self.drawable(layer, self.values.fill(run.text)))
            for run in layer.runs
            if self.values.holds(run.when)
        ]
        return [(run, text) for run, text in filled if text]

    def _lay_out_spans(self, index: int, layer: Spans) -> None:
        runs = self.runs(layer)
        if self._shows_price(layer):
            layer = layer.model_copy(update={"least": _PRICE_LEAST})
        # The cache key needs only the text and the index of each run, since the layer has the rest.
        texts = tuple((layer.runs.index(run), text) for run, text in runs)
        self.spans[index] = self.fonts.cached_layout(
            layer, texts, lambda: mixed_lettering.lay_out_spans(layer, runs, self.fonts)
        )
        self._warn_cut(layer, "".join(span.block.fitted.lost for span in self.spans[index]))

    def _lay_out_countdown(self, index: int, layer: Countdown) -> None:
        text = self.drawable(layer, self.values.text(layer.field))
        self.spans[index] = mixed_lettering.lay_out_countdown(layer, text, self.fonts)
        self._warn_cut(layer, "".join(span.block.fitted.lost for span in self.spans[index]))

    def _lay_out_list(self, index: int, layer: ListLayer) -> None:
        items = [self.drawable(layer, item) for item in self.values.items(layer.field)]
        texts = tuple(item for item in items if item)
        rows, dropped = self.fonts.cached_layout(
            layer, texts, lambda: list_layer.lay_out_list(layer, texts, self.fonts)
        )
        self.rows[index] = rows
        for row in rows:
            self._warn_cut(layer, "".join(block.fitted.lost for block in row.blocks))
        if dropped:
            self.warn(layer, "dropped", Message("poster-items-dropped", items="；".join(dropped)))

    def _lay_out_signature(self, index: int, layer: BrandMark) -> None:
        name = self.drawable(layer, self.values.brand.get("brand.name", ""))
        has_logo = bool(self.values.brand.get("brand.logo"))
        signature = brand_mark.lay_out_signature(layer, name, self.fonts, has_logo=has_logo)
        self.signatures[index] = signature
        if signature.block:
            self._warn_cut(layer, signature.block.fitted.lost)

    def _shows_price(self, layer: Layer) -> bool:
        """Return True if *layer* shows a price, which must never be cut."""
        return not self.values.prices.isdisjoint(field_names(layer))

    def _read_share(self, index: int, layer: Progress) -> None:
        text = self.values.text(layer.field)
        share = share_of(text)
        if share is not None:
            self.shares[index] = share
        elif text:
            self.warn(layer, "no_share", Message("poster-not-share", value=text))

    def drawable(self, layer: Layer, text: str) -> str:
        """Return *text* without the characters that no font can draw; add a warning about these."""
        drawable_text, missing = lettering.drawable(text, self.fonts)
        if missing:
            characters = tuple(f"{char} (U+{ord(char):04X})" for char in missing)
            message = Message("poster-glyphs-missing", characters=characters)
            self.warn(layer, "missing_glyph", message)
        return drawable_text

    def _warn_cut(self, layer: Layer, lost: str) -> None:
        if lost:
            self.warn(layer, "cut", Message("poster-text-cut", lost=lost))

    def warn(self, layer: Layer, code: str, message: Message) -> None:
        """Add a warning about *layer* and the field that it shows."""
        self.warnings.append(warning_of(layer, code, message))

    def _warn_overlaps(self, shown: Sequence[IndexedLayer]) -> None:
        by_name = {layer.id or layer.type: layer for _, layer in shown}
        for first, second in legibility.crossings(list(self._lettered(shown))):
            if first.field:
                message = Message("poster-overlap-field", layer=first.name, field=first.field)
            else:
                message = Message("poster-overlap", layer=first.name)
            self.warn(by_name[second.name], "overlap", message)

    def _lettered(self, shown: Sequence[IndexedLayer]) -> Iterator[legibility.Lettered]:
        for index, layer in shown:
            if layer.overlap or layer.opacity == 0:
                continue
            rects = list(self._rects(index))
            if isinstance(layer, Qr) and self.values.text(layer.field):
                x, y, width, height = layer.box
                rects = [(x, y, x + width, y + height)]
            if isinstance(layer, Seal) and self.runs(layer):
                x, y, radius = layer.at
                reach = radius * _SEAL_REACH
                rects = [(x - reach, y - reach, x + reach, y + reach)]
            name = layer.id or layer.type
            yield from (legibility.Lettered(name, _field(layer), rect) for rect in rects)

    def _rects(self, index: int) -> Iterator[legibility.Rect4]:
        if index in self.columns:
            yield self.columns[index].rect
        blocks = [span.block for span in self.spans.get(index, ())]
        blocks += [block for row in self.rows.get(index, ()) for block in row.blocks]
        if index in self.blocks:
            blocks.append(self.blocks[index])
        mark = self.signatures.get(index)
        if mark and mark.block:
            blocks.append(mark.block)
        yield from (block.rect for block in blocks if block.right > block.left)


#: A round sticker covers lettering only within this share of its radius.
_SEAL_REACH = 0.8


def _shrinking(layer: TextLayer) -> TextLayer:
    return layer.model_copy(update={"min": min(layer.min or layer.size, _PRICE_MIN)})


def warning_of(layer: Layer, code: str, message: Message) -> PosterWarning:
    """Return a warning about *layer* and the field that it shows."""
    return PosterWarning(layer.id or layer.type, _field(layer), code, message)


def _field(layer: Layer) -> str | None:
    """Return the name of the field that *layer* shows, or None if it shows no field.

    A field that is used only in the layer's condition does not count.
    """
    names = sorted(field_names(layer) - {clause.name for clause in parts_of(layer.when)})
    return getattr(layer, "field", None) or (names[0] if names else None)

"""Lays out the lettering of one poster before anything is painted, and tells what did not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from contentsvc.messages import Message
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

#: A layer that is shown, with its place among those of its variant.
IndexedLayer: TypeAlias = tuple[int, Layer]
_SHARE = re.compile(r"(?P<of>\d+(?:\.\d+)?)\s*(?:(?P<percent>[%％])|/\s*(?P<all>\d+(?:\.\d+)?))?.*")


@dataclass(slots=True)
class Layout:
    """Where the lettering of each shown layer stands, by the layer's place."""

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
        """Lay out every layer of *shown* that has words, then look for what crosses what."""
        for place, layer in shown:
            if isinstance(layer, Spans):
                self._lay_out_spans(place, layer)
            elif isinstance(layer, ListLayer):
                self._lay_out_list(place, layer)
            elif isinstance(layer, BrandMark):
                self._lay_out_signature(place, layer)
            elif isinstance(layer, Countdown):
                self._lay_out_countdown(place, layer)
            elif isinstance(layer, Progress):
                self._read_share(place, layer)
        self._lay_out_texts([(p, layer) for p, layer in shown if isinstance(layer, TextLayer)])
        self._tell_crossings(shown)

    def right(self, place: int) -> float:
        """Give the right edge of the lettering of the layer at *place*; 0 where it has none."""
        return max((rect[2] for rect in self._rects(place)), default=0)

    def _lay_out_texts(self, shown: list[tuple[int, TextLayer]]) -> None:
        """Fit each text, then those of a group again at the size of its smallest."""
        texts = {place: self.words(layer, self._source(layer)) for place, layer in shown}
        smallest: dict[str, int] = {}
        for place, layer in shown:
            if not texts[place]:
                continue
            if layer.vertical:
                self.columns[place] = vertical_text.lay_out_columns(layer, texts[place], self.fonts)
                self._tell_cut(layer, self.columns[place].lost)
                continue
            block = self.blocks[place] = self._block(layer, texts[place], None)
            if layer.group:
                known = smallest.get(layer.group, block.fitted.size)
                smallest[layer.group] = min(known, block.fitted.size)
        for place, layer in shown:
            if place in self.blocks:
                most = smallest.get(layer.group or "", self.blocks[place].fitted.size)
                if most < self.blocks[place].fitted.size:
                    self.blocks[place] = self._block(layer, texts[place], most)
                self._tell_cut(layer, self.blocks[place].fitted.lost)

    def _block(self, layer: TextLayer, text: str, most: int | None) -> lettering.Block:
        return self.fonts.cached_layout(
            layer, (text, most), lambda: lettering.lay_out(layer, text, self.fonts, most)
        )

    def _source(self, layer: TextLayer) -> str:
        if layer.field is not None:
            return self.values.text(layer.field)
        return self.values.fill(layer.text or "")

    def runs(self, layer: Spans | Seal) -> list[tuple[Run, str]]:
        """Give the runs that have words, with them."""
        filled = [
            (run, self.words(layer, self.values.fill(run.text)))
            for run in layer.runs
            if self.values.holds(run.when)
        ]
        return [(run, text) for run, text in filled if text]

    def _lay_out_spans(self, place: int, layer: Spans) -> None:
        runs = self.runs(layer)
        # Which runs there are follows from which of the layer's own have words.
        words = tuple((layer.runs.index(run), text) for run, text in runs)
        self.spans[place] = self.fonts.cached_layout(
            layer, words, lambda: mixed_lettering.lay_out_spans(layer, runs, self.fonts)
        )
        self._tell_cut(layer, "".join(span.block.fitted.lost for span in self.spans[place]))

    def _lay_out_countdown(self, place: int, layer: Countdown) -> None:
        words = self.words(layer, self.values.text(layer.field))
        self.spans[place] = mixed_lettering.lay_out_countdown(layer, words, self.fonts)
        self._tell_cut(layer, "".join(span.block.fitted.lost for span in self.spans[place]))

    def _lay_out_list(self, place: int, layer: ListLayer) -> None:
        items = [self.words(layer, item) for item in self.values.items(layer.field)]
        given = tuple(item for item in items if item)
        found, dropped = self.fonts.cached_layout(
            layer, given, lambda: list_layer.lay_out_list(layer, given, self.fonts)
        )
        self.rows[place] = found
        for row in found:
            self._tell_cut(layer, "".join(block.fitted.lost for block in row.blocks))
        if dropped:
            self.tell(layer, "dropped", Message("poster-items-dropped", items="；".join(dropped)))

    def _lay_out_signature(self, place: int, layer: BrandMark) -> None:
        name = self.words(layer, self.values.brand.get("brand.name", ""))
        has_logo = bool(self.values.brand.get("brand.logo"))
        laid = brand_mark.lay_out_signature(layer, name, self.fonts, has_logo=has_logo)
        self.signatures[place] = laid
        if laid.block:
            self._tell_cut(layer, laid.block.fitted.lost)

    def _read_share(self, place: int, layer: Progress) -> None:
        text = self.values.text(layer.field)
        match = _SHARE.fullmatch(text)
        if match is None:
            if text:
                self.tell(layer, "no_share", Message("poster-not-share", value=text))
            return
        whole = 100 if match["percent"] else float(match["all"] or 1)
        self.shares[place] = min(max(float(match["of"]) / whole if whole else 0, 0), 1)

    def words(self, layer: Layer, text: str) -> str:
        """Give *text* without what no font can draw, which is told."""
        kept, missing = lettering.drawable(text, self.fonts)
        if missing:
            characters = tuple(f"{char} (U+{ord(char):04X})" for char in missing)
            message = Message("poster-glyphs-missing", characters=characters)
            self.tell(layer, "missing_glyph", message)
        return kept

    def _tell_cut(self, layer: Layer, lost: str) -> None:
        if lost:
            self.tell(layer, "cut", Message("poster-text-cut", lost=lost))

    def tell(self, layer: Layer, code: str, message: Message) -> None:
        """Note a warning beside the layer and the field it is about."""
        self.warnings.append(warning_of(layer, code, message))

    def _tell_crossings(self, shown: Sequence[IndexedLayer]) -> None:
        by_name = {layer.id or layer.type: layer for _, layer in shown}
        for first, second in legibility.crossings(list(self._lettered(shown))):
            if first.field:
                message = Message("poster-overlap-field", layer=first.name, field=first.field)
            else:
                message = Message("poster-overlap", layer=first.name)
            self.tell(by_name[second.name], "overlap", message)

    def _lettered(self, shown: Sequence[IndexedLayer]) -> Iterator[legibility.Lettered]:
        for place, layer in shown:
            if layer.overlap or layer.opacity == 0:
                continue
            rects = list(self._rects(place))
            if isinstance(layer, Qr) and self.values.text(layer.field):
                x, y, width, height = layer.box
                rects = [(x, y, x + width, y + height)]
            if isinstance(layer, Seal) and self.runs(layer):
                x, y, radius = layer.at
                reach = radius * _SEAL_REACH
                rects = [(x - reach, y - reach, x + reach, y + reach)]
            name = layer.id or layer.type
            yield from (legibility.Lettered(name, _field(layer), rect) for rect in rects)

    def _rects(self, place: int) -> Iterator[legibility.Rect4]:
        if place in self.columns:
            yield self.columns[place].rect
        found = [span.block for span in self.spans.get(place, ())]
        found += [block for row in self.rows.get(place, ()) for block in row.blocks]
        if place in self.blocks:
            found.append(self.blocks[place])
        mark = self.signatures.get(place)
        if mark and mark.block:
            found.append(mark.block)
        yield from (block.rect for block in found if block.right > block.left)


#: A round sticker covers about as much of the square around it.
_SEAL_REACH = 0.8


def warning_of(layer: Layer, code: str, message: Message) -> PosterWarning:
    """Make a warning that names *layer* and the field it is about."""
    return PosterWarning(layer.id or layer.type, _field(layer), code, message)


def _field(layer: Layer) -> str | None:
    """Name the field that *layer* is about; what it only asks for as a condition comes last."""
    names = sorted(field_names(layer) - {clause.name for clause in parts_of(layer.when)})
    return getattr(layer, "field", None) or (names[0] if names else None)

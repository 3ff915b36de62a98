"""The brand's own line on a poster: its logo, or a bar, and its name."""

from __future__ import annotations

from dataclasses import dataclass

from contentsvc.posters.painting.lettering import Block, lay_out
from contentsvc.posters.template.layers import BrandMark, ImageLayer, TextLayer
from contentsvc.posters.template.parts import Box
from contentsvc.posters.typesetting.fonts import Fonts

__all__ = ["Signature", "lay_out_signature", "logo_layer"]

#: Of the box's height: the bar's height, its breadth, and what parts it from the name.
_BAR_HIGH, _BAR_WIDE, _GAP = 0.78, 0.23, 0.34
#: What stands between a logo and the plate that sets it off a dark ground.
_PLATE = 0.14


@dataclass(frozen=True, slots=True)
class Signature:
    """Where the name stands, and the logo or the bar before it."""

    block: Block | None
    mark: Box | None
    has_logo: bool

    @property
    def plate(self) -> Box | None:
        """Give the ground that the logo stands on."""
        if not (self.mark and self.has_logo):
            return None
        x, y, width, height = self.mark
        pad = height * _PLATE
        return (x - pad, y - pad, width + 2 * pad, height + 2 * pad)


def lay_out_signature(layer: BrandMark, name: str, fonts: Fonts, *, has_logo: bool) -> Signature:
    """Put the mark and the *name* on one line within the layer's box."""
    x, y, width, height = layer.box
    shows_logo = has_logo and layer.logo
    wide = height if shows_logo else height * _BAR_WIDE
    lead = wide + height * _GAP if shows_logo or layer.bar else 0
    text = _name_layer(layer, (x + lead, y, max(width - lead, 1), height))
    block = lay_out(text, name, fonts) if name else None
    left = x
    if layer.align != "left" and block:
        left = block.left - lead
    if not lead:
        return Signature(block, None, has_logo=False)
    if shows_logo:
        return Signature(block, (left, y, height, height), has_logo=True)
    high = height * _BAR_HIGH
    return Signature(block, (left, y + (height - high) / 2, wide, high), has_logo=False)


def _name_layer(layer: BrandMark, box: Box) -> TextLayer:
    return TextLayer(
        type="text", text="", box=box, size=layer.size, min=layer.min, weight=layer.weight,
        align=layer.align, valign="middle", fill=layer.fill,
    )  # fmt: skip


def logo_layer(box: Box) -> ImageLayer:
    """Give the layer that shows the logo whole in *box*."""
    return ImageLayer(type="image", source="brand:logo", box=box, fitting="contain")

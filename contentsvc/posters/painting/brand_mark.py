"""Lays out a brand's name and logo on one line. A bar replaces a missing logo."""

from __future__ import annotations

from dataclasses import dataclass

from contentsvc.posters.painting.lettering import Block, lay_out
from contentsvc.posters.template.layers import BrandMark, ImageLayer, TextLayer
from contentsvc.posters.template.parts import Box
from contentsvc.posters.typesetting.fonts import Fonts

__all__ = ["Signature", "lay_out_signature", "logo_layer"]

#: The bar's height, its width, and the gap before the name, as shares of the box's height.
_BAR_HIGH, _BAR_WIDE, _GAP = 0.78, 0.23, 0.34
#: The margin of the plate behind the logo, as a share of the logo's height.
_PLATE = 0.14


@dataclass(frozen=True, slots=True)
class Signature:
    """A brand's laid-out name, and the box to its left.

    The box is for the logo, or for a bar if there is no logo.
    """

    block: Block | None
    mark: Box | None
    has_logo: bool

    @property
    def plate(self) -> Box | None:
        """Return the box of the background behind the logo, or None if no logo is shown."""
        if not (self.mark and self.has_logo):
            return None
        x, y, width, height = self.mark
        pad = height * _PLATE
        return (x - pad, y - pad, width + 2 * pad, height + 2 * pad)


def lay_out_signature(layer: BrandMark, name: str, fonts: Fonts, *, has_logo: bool) -> Signature:
    """Lay out the logo and the brand's *name* on one line in the layer's box.

    A bar replaces a missing logo. If there is neither a logo nor a name, there is no bar either.
    """
    x, y, width, height = layer.box
    shows_logo = has_logo and layer.logo
    if not name and not shows_logo:
        return Signature(None, None, has_logo=False)
    mark_width = height if shows_logo else height * _BAR_WIDE
    lead = mark_width + height * _GAP if shows_logo or layer.bar else 0
    text = _name_layer(layer, (x + lead, y, max(width - lead, 1), height))
    block = lay_out(text, name, fonts) if name else None
    left = x
    if layer.align != "left" and block:
        left = block.left - lead
    if not lead:
        return Signature(block, None, has_logo=False)
    if shows_logo:
        return Signature(block, (left, y, height, height), has_logo=True)
    bar_height = height * _BAR_HIGH
    return Signature(
        block, (left, y + (height - bar_height) / 2, mark_width, bar_height), has_logo=False
    )


def _name_layer(layer: BrandMark, box: Box) -> TextLayer:
    return TextLayer(
        type="text", text="", box=box, size=layer.size, min=layer.min, weight=layer.weight,
        align=layer.align, valign="middle", fill=layer.fill,
    )  # fmt: skip


def logo_layer(box: Box) -> ImageLayer:
    """Return an image layer that shows the whole logo in *box*."""
    return ImageLayer(type="image", source="brand:logo", box=box, fitting="contain")

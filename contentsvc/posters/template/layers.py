"""Pydantic models of the layers of a poster template, such as texts, pictures and shapes.

All numbers are pixels of the variant's canvas; boxes are `[x, y, width, height]`.
"""

from __future__ import annotations

from typing import Annotated, Literal, LiteralString, TypeAlias

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from contentsvc.posters.template.parts import (
    Above,
    Align,
    Box,
    Bullet,
    Colour,
    Condition,
    Coordinate,
    Fill,
    Hug,
    Length,
    Name,
    Part,
    Plate,
    Radius,
    Row,
    Run,
    Shadow,
    Share,
    Size,
    Stroke,
    Tail,
    Tracking,
    Valign,
    Weight,
)

__all__ = [
    "MASKS",
    "Blob",
    "BrandMark",
    "Countdown",
    "ImageLayer",
    "Layer",
    "Line",
    "ListLayer",
    "Progress",
    "Qr",
    "Rect",
    "Seal",
    "Spans",
    "TextLayer",
    "Ticket",
]

Mask: TypeAlias = Literal["arch", "circle", "heart", "hexagon", "squircle"]
MASKS: tuple[Mask, ...] = ("arch", "circle", "heart", "hexagon", "squircle")


def _refused(code: LiteralString) -> PydanticCustomError:
    """Return a validation error with the given *code*. `explain` creates its message."""
    return PydanticCustomError(code, code)


class Base(Part):
    """Base class of the layers of a template, with the keys that every layer has.

    `overlap` allows the layer to cover other lettering, or to be covered.
    """

    id: Name | None = None
    when: Condition | None = Field(default=None, alias="if")
    opacity: Share = 1
    overlap: bool = False


class Rect(Base):
    """A rectangle with optional rounded corners, for backgrounds and cards."""

    type: Literal["rect"]
    box: Box
    fill: Fill | None = None
    radius: Radius = 0
    notches: Annotated[tuple[tuple[Coordinate, Above], ...], Field(max_length=8)] = ()
    shadow: Shadow | None = None
    stroke: Stroke | None = None
    hug: Hug | None = None


class Ticket(Base):
    """A coupon with a perforated line.

    `at` is the position of the line as a share (0 to 1) of the width or, if `across` is true, of
    the height.
    """

    type: Literal["ticket"]
    box: Box
    fill: Fill
    at: Annotated[float, Field(gt=0, lt=1)] = 0.7
    across: bool = False
    notch: Above = 20
    radius: Length = 36
    rule: Colour | None = None
    dash: tuple[Above, Above] = (9, 9)
    shadow: Shadow | None = None


class Blob(Base):
    """A soft spot of colour; `at` is its centre and radius, `[x, y, radius]`."""

    type: Literal["blob"]
    at: tuple[Coordinate, Coordinate, Above]
    fill: Colour
    blur: Annotated[float, Field(ge=0, le=400)] = 120


class Line(Base):
    """A straight line between two points, solid or dashed."""

    type: Literal["line"]
    points: tuple[Coordinate, Coordinate, Coordinate, Coordinate]
    fill: Colour
    width: Above = 2
    dash: tuple[Above, Above] | None = None


class ImageLayer(Base):
    """A layer that shows a picture, given by a field or by `source`.

    `source` is `art:NAME`, `brand:logo` or the name of a picture in the assets.
    """

    type: Literal["image"]
    box: Box
    field: Name | None = None
    source: str | None = None
    fitting: Literal["cover", "contain"] = "cover"
    focus: tuple[Share, Share] = (0.5, 0.5)
    radius: Radius = 0
    mask: Mask | None = None
    stroke: Stroke | None = None
    shadow: Shadow | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> ImageLayer:
        if (self.field is None) == (self.source is None):
            raise _refused("template-image-origin")
        return self


class BrandMark(Base):
    """The brand's logo and name on one line; a bar replaces a missing logo."""

    type: Literal["brand"]
    box: Box
    size: Size = 36
    min: Size = 22
    weight: Weight = 600
    align: Align = "left"
    fill: Colour = "ink"
    bar: Colour | None = None
    plate: Colour | None = None
    logo: bool = True


class TextLayer(Base):
    """A text that shrinks from font size `size` to `min` until it fits its box.

    If it does not fit at the font size `min`, its end is cut off.
    """

    type: Literal["text"]
    box: Box
    field: Name | None = None
    text: Annotated[str, Field(max_length=500)] | None = None
    size: Size
    min: Size | None = None
    max_lines: Annotated[int, Field(ge=1, le=60)] = 1
    weight: Weight = 500
    line: Annotated[float, Field(ge=0.8, le=3)] = 1.3
    tracking: Tracking = 0
    align: Align = "left"
    valign: Valign = "top"
    balance: bool = True
    vertical: bool = False
    fill: Fill = "ink"
    group: Name | None = None
    plate: Plate | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> TextLayer:
        if (self.field is None) == (self.text is None):
            raise _refused("template-text-origin")
        if self.vertical and self.plate:
            raise _refused("template-vertical-plate")
        return self


class Spans(Base):
    """Texts in different font sizes on one baseline, for dates and prices."""

    type: Literal["spans"]
    box: Box
    runs: Annotated[tuple[Run, ...], Field(min_length=1, max_length=12)]
    align: Align = "left"
    valign: Valign = "middle"
    least: Annotated[float, Field(ge=0.2, le=1)] = 0.6


class ListLayer(Base):
    """The items of a list field, as rows in one font size. `skip` leaves out the first items."""

    type: Literal["list"]
    box: Box
    field: Name
    size: Size
    min: Size | None = None
    max_lines: Annotated[int, Field(ge=1, le=6)] = 1
    weight: Weight = 500
    line: Annotated[float, Field(ge=0.8, le=3)] = 1.3
    fill: Colour = "ink"
    skip: Annotated[int, Field(ge=0, le=20)] = 0
    bullet: Bullet = Bullet()
    row: Row = Row()
    tail: Tail | None = None


class Seal(Base):
    """A round sticker with a few words; `at` is its centre and radius, `[x, y, radius]`."""

    type: Literal["seal"]
    at: tuple[Coordinate, Coordinate, Above]
    runs: Annotated[tuple[Run, ...], Field(min_length=1, max_length=3)]
    fill: Fill
    teeth: Annotated[int, Field(ge=0, le=60)] = 22
    rotate: Annotated[float, Field(ge=-180, le=180)] = 0
    ring: Colour | None = None
    shadow: Shadow | None = None


class Qr(Base):
    """A QR code of a link; the empty margin that scanners need is inside the box."""

    type: Literal["qr"]
    box: Box
    field: Name
    error: Literal["l", "m", "q", "h"] = "m"
    # ISO/IEC 18004 asks for four modules of quiet zone.
    quiet: Annotated[int, Field(ge=4, le=10)] = 4
    dark: Colour = "ink"
    light: Colour = "white"
    radius: Length = 0


class Progress(Base):
    """A progress bar. Its field gives the completed share as `64`, `64%` or `128/200`."""

    type: Literal["progress"]
    box: Box
    field: Name
    fill: Fill = "primary"
    track: Colour = "ink@12"
    radius: Length = 999


class Countdown(Base):
    """A countdown such as `2天13:45:00`: its numbers are on tiles, the other texts between them."""

    type: Literal["countdown"]
    box: Box
    field: Name
    size: Size
    weight: Weight = 800
    align: Align = "left"
    fill: Colour = "white"
    tile: Fill = "ink"
    radius: Length = 16
    ink: Colour = "ink"
    gap: Length = 12


Layer: TypeAlias = Annotated[
    Rect | Ticket | Blob | Line | ImageLayer | BrandMark | TextLayer | Spans | ListLayer | Seal | Qr
    | Progress | Countdown,
    Field(discriminator="type"),
]  # fmt: skip

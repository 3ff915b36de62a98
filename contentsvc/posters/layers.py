"""The layers of a poster template: what each is called and which keys it takes.

All numbers are pixels of the variant's canvas; boxes are `[x, y, width, height]`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

__all__ = [
    "Blob",
    "Box",
    "Bullet",
    "Fill",
    "Gradient",
    "ImageLayer",
    "Layer",
    "Line",
    "ListLayer",
    "Plate",
    "Qr",
    "Rect",
    "Row",
    "Run",
    "Seal",
    "Shadow",
    "Spans",
    "Stroke",
    "TextLayer",
]

#: No canvas is larger, so no number in it is.
_FAR = 10_000
Coordinate = Annotated[float, Field(ge=-_FAR, le=_FAR)]
Length = Annotated[float, Field(ge=0, le=_FAR)]
Above = Annotated[float, Field(gt=0, le=_FAR)]
Share = Annotated[float, Field(ge=0, le=1)]
Box: TypeAlias = tuple[Coordinate, Coordinate, Above, Above]
Colour = Annotated[
    str,
    Field(pattern=r"^(#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[a-z][a-z0-9_]*)"
                  r"([+-]\d{1,3})?(@\d{1,3})?$"),
]  # fmt: skip
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_ONE_CONDITION = r"(not )?[a-z][a-z0-9_]{0,39}"
Condition = Annotated[
    str, Field(pattern=rf"^{_ONE_CONDITION}( and {_ONE_CONDITION}){{0,3}}$", max_length=200)
]
Size = Annotated[int, Field(ge=6, le=1000)]
Weight = Annotated[int, Field(ge=100, le=900)]


class Part(BaseModel):
    """A piece of a template: unknown keys are faults, and nothing changes once it is read."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False
    )


class Gradient(Part):
    """Colours that run into each other."""

    stops: Annotated[tuple[Colour | tuple[Share, Colour], ...], Field(min_length=2, max_length=12)]
    angle: float = 180
    radial: bool = False


Fill: TypeAlias = Colour | Gradient


class Shadow(Part):
    """A soft shadow, best in a darker shade of what casts it."""

    dx: Coordinate = 0
    dy: Coordinate = 12
    blur: Annotated[float, Field(ge=0, le=400)] = 32
    alpha: Share = 0.25
    fill: Colour = "#000000"


class Stroke(Part):
    """A line around a rectangle."""

    fill: Colour
    width: Above = 2


class Hug(Part):
    """Makes a rectangle as wide as the lettering of other layers needs."""

    layers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
    pad: Length = 32


class Base(Part):
    """What every layer may have."""

    id: Name | None = None
    when: Condition | None = Field(default=None, alias="if")
    opacity: Share = 1


class Rect(Base):
    """A rectangle: grounds, cards, tickets."""

    type: Literal["rect"]
    box: Box
    fill: Fill | None = None
    radius: Length | tuple[Length, Length, Length, Length] = 0
    notches: Annotated[tuple[tuple[Coordinate, Above], ...], Field(max_length=8)] = ()
    shadow: Shadow | None = None
    stroke: Stroke | None = None
    hug: Hug | None = None


class Blob(Base):
    """A soft spot of colour: `at` is its middle and radius, `[x, y, radius]`."""

    type: Literal["blob"]
    at: tuple[Coordinate, Coordinate, Above]
    fill: Colour
    blur: Annotated[float, Field(ge=0, le=400)] = 120


class Line(Base):
    """A straight line from one point to another, whole or dashed."""

    type: Literal["line"]
    points: tuple[Coordinate, Coordinate, Coordinate, Coordinate]
    fill: Colour
    width: Above = 2
    dash: tuple[Above, Above] | None = None


class ImageLayer(Base):
    """A picture of a field, or a fixed one: `art:NAME`, `brand:logo` or a stored name."""

    type: Literal["image"]
    box: Box
    field: Name | None = None
    source: str | None = None
    fitting: Literal["cover", "contain"] = "cover"
    focus: tuple[Share, Share] = (0.5, 0.5)
    radius: Length | tuple[Length, Length, Length, Length] = 0
    shadow: Shadow | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> ImageLayer:
        if (self.field is None) == (self.source is None):
            raise ValueError("an image has either a field or a source")
        return self


class Plate(Part):
    """A ground that is as wide as the lettering on it: badges, labels."""

    fill: Fill
    pad: tuple[Length, Length] = (24, 12)
    radius: Length = 999
    shadow: Shadow | None = None
    dot: Colour | None = None


class TextLayer(Base):
    """Lettering that shrinks from `size` to `min`, then is cut with a warning."""

    type: Literal["text"]
    box: Box
    field: Name | None = None
    text: Annotated[str, Field(max_length=500)] | None = None
    size: Size
    min: Size | None = None
    max_lines: Annotated[int, Field(ge=1, le=60)] = 1
    weight: Weight = 500
    line: Annotated[float, Field(ge=0.8, le=3)] = 1.3
    tracking: Annotated[float, Field(ge=-0.2, le=2)] = 0
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["top", "middle", "bottom"] = "top"
    balance: bool = True
    fill: Fill = "ink"
    group: Name | None = None
    plate: Plate | None = None

    @model_validator(mode="after")
    def _has_one_origin(self) -> TextLayer:
        if (self.field is None) == (self.text is None):
            raise ValueError("a text has either a field or a text with {placeholders}")
        return self


class Run(Part):
    """One piece of a line of mixed sizes."""

    text: Annotated[str, Field(max_length=200)]
    size: Size
    weight: Weight = 500
    fill: Colour = "ink"
    tracking: Annotated[float, Field(ge=-0.2, le=2)] = 0
    strike: bool = False
    gap: Length = 0
    when: Condition | None = Field(default=None, alias="if")


class Spans(Base):
    """Mixed sizes on one baseline: dates, prices."""

    type: Literal["spans"]
    box: Box
    runs: Annotated[tuple[Run, ...], Field(min_length=1, max_length=12)]
    align: Literal["left", "center", "right"] = "left"
    valign: Literal["top", "middle", "bottom"] = "middle"
    least: Annotated[float, Field(ge=0.2, le=1)] = 0.6


class Bullet(Part):
    """What stands before each row of a list."""

    kind: Literal["number", "index", "dot", "check", "none"] = "number"
    size: Size = 40
    fill: Colour = "accent"
    ink: Colour = "white"
    gap: Length = 22


class Row(Part):
    """The ground and the height of a list's rows."""

    height: Above = 60
    gap: Length = 14
    pad: Length = 24
    stretch: bool = False
    most: Above = 400
    fill: Colour | None = None
    radius: Length = 30
    rule: Colour | None = None


class ListLayer(Base):
    """The rows of a list field, all in one size."""

    type: Literal["list"]
    box: Box
    field: Name
    size: Size
    min: Size | None = None
    max_lines: Annotated[int, Field(ge=1, le=6)] = 1
    weight: Weight = 500
    line: Annotated[float, Field(ge=0.8, le=3)] = 1.3
    fill: Colour = "ink"
    bullet: Bullet = Bullet()
    row: Row = Row()


class Seal(Base):
    """A round sticker with a few words: `at` is its middle and radius, `[x, y, radius]`."""

    type: Literal["seal"]
    at: tuple[Coordinate, Coordinate, Above]
    runs: Annotated[tuple[Run, ...], Field(min_length=1, max_length=3)]
    fill: Fill
    teeth: Annotated[int, Field(ge=0, le=60)] = 22
    rotate: Annotated[float, Field(ge=-180, le=180)] = 0
    ring: Colour | None = None
    shadow: Shadow | None = None


class Qr(Base):
    """A QR code of a link; the quiet zone is inside the box."""

    type: Literal["qr"]
    box: Box
    field: Name
    error: Literal["l", "m", "q", "h"] = "m"
    # ISO/IEC 18004 asks for four modules of quiet zone.
    quiet: Annotated[int, Field(ge=4, le=10)] = 4
    dark: Colour = "ink"
    light: Colour = "white"
    radius: Length = 0


Layer: TypeAlias = Annotated[
    Rect | Blob | Line | ImageLayer | TextLayer | Spans | ListLayer | Seal | Qr,
    Field(discriminator="type"),
]

"""The types of the values in layers, such as numbers, colours, gradients and shadows."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

__all__ = [
    "Above",
    "Align",
    "Box",
    "Bullet",
    "Colour",
    "Condition",
    "Coordinate",
    "Fill",
    "Gradient",
    "Hug",
    "Length",
    "Name",
    "Part",
    "Plate",
    "Radius",
    "Row",
    "Run",
    "Shadow",
    "Share",
    "Size",
    "Stroke",
    "Tail",
    "Tracking",
    "Valign",
    "Weight",
]

#: The largest coordinate and length, in pixels; no canvas is as large.
_FAR = 10_000
Coordinate = Annotated[float, Field(ge=-_FAR, le=_FAR)]
Length = Annotated[float, Field(ge=0, le=_FAR)]
Above = Annotated[float, Field(gt=0, le=_FAR)]
Share = Annotated[float, Field(ge=0, le=1)]
Box: TypeAlias = tuple[Coordinate, Coordinate, Above, Above]
#: One radius for all corners, or four clockwise from the top left.
Radius: TypeAlias = Length | tuple[Length, Length, Length, Length]
Colour = Annotated[
    str,
    Field(pattern=r"^(#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8})|[a-z][a-z0-9_]*)"
                  r"([+-]\d{1,3})?(@\d{1,3})?$"),
]  # fmt: skip
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
_ONE_CONDITION = r"(not )?(brand\.)?[a-z][a-z0-9_]{0,39}( is \S{1,20})?"
#: `a`, `not a`, `a is 直播`, and up to four of them joined by ` and `.
Condition = Annotated[
    str, Field(pattern=rf"^{_ONE_CONDITION}( and {_ONE_CONDITION}){{0,3}}$", max_length=200)
]
Align: TypeAlias = Literal["left", "center", "right"]
Valign: TypeAlias = Literal["top", "middle", "bottom"]
Size = Annotated[int, Field(ge=6, le=1000)]
Weight = Annotated[int, Field(ge=100, le=900)]
Tracking = Annotated[float, Field(ge=-0.2, le=2)]


class Part(BaseModel):
    """Base class of templates, their parts and brand kits. Immutable; rejects unknown keys."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, allow_inf_nan=False
    )


class Gradient(Part):
    """A gradient between two or more colours."""

    stops: Annotated[tuple[Colour | tuple[Share, Colour], ...], Field(min_length=2, max_length=12)]
    angle: float = 180
    radial: bool = False


Fill: TypeAlias = Colour | Gradient


class Shadow(Part):
    """A soft shadow. A darker shade of the shape's own colour looks best."""

    dx: Coordinate = 0
    dy: Coordinate = 12
    blur: Annotated[float, Field(ge=0, le=400)] = 32
    alpha: Share = 0.25
    fill: Colour = "#000000"


class Stroke(Part):
    """An outline around a shape."""

    fill: Colour
    width: Above = 2


class Plate(Part):
    """A background as wide as the lettering on it, for badges and labels."""

    fill: Fill
    pad: tuple[Length, Length] = (24, 12)
    radius: Length = 999
    shadow: Shadow | None = None
    dot: Colour | None = None


class Hug(Part):
    """Fits a rectangle's width to the texts of other layers, whose ids are in `layers`."""

    layers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
    pad: Length = 32


class Run(Part):
    """A piece of text with its own font size, weight and colour, as part of a line."""

    text: Annotated[str, Field(max_length=200)]
    size: Size
    weight: Weight = 500
    fill: Colour = "ink"
    tracking: Tracking = 0
    strike: bool = False
    gap: Length = 0
    when: Condition | None = Field(default=None, alias="if")


class Bullet(Part):
    """The bullet before each row of a list."""

    kind: Literal["number", "index", "dot", "check", "none"] = "number"
    size: Size = 40
    fill: Colour = "accent"
    ink: Colour = "white"
    gap: Length = 22


class Row(Part):
    """The height, spacing and background of each row of a list."""

    height: Above = 60
    gap: Length = 14
    pad: Length = 24
    stretch: bool = False
    most: Above = 400
    fill: Colour | None = None
    radius: Length = 30
    rule: Colour | None = None


class Tail(Part):
    """The last column of a list. It shows the part of each item after the `|`."""

    width: Above
    size: Size
    weight: Weight = 500
    fill: Colour = "ink"
    align: Align = "right"

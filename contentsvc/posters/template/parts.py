"""The pieces that the layers of a template are made of: numbers, colours, gradients, shadows."""

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

#: No canvas is larger, so no number in it is.
_FAR = 10_000
Coordinate = Annotated[float, Field(ge=-_FAR, le=_FAR)]
Length = Annotated[float, Field(ge=0, le=_FAR)]
Above = Annotated[float, Field(gt=0, le=_FAR)]
Share = Annotated[float, Field(ge=0, le=1)]
Box: TypeAlias = tuple[Coordinate, Coordinate, Above, Above]
#: Of all four corners, or of each from the top left clockwise.
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
    """A line around a shape."""

    fill: Colour
    width: Above = 2


class Plate(Part):
    """A ground that is as wide as the lettering on it: badges, labels."""

    fill: Fill
    pad: tuple[Length, Length] = (24, 12)
    radius: Length = 999
    shadow: Shadow | None = None
    dot: Colour | None = None


class Hug(Part):
    """Makes a rectangle as wide as the lettering of other layers needs."""

    layers: Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
    pad: Length = 32


class Run(Part):
    """One piece of a line of mixed sizes."""

    text: Annotated[str, Field(max_length=200)]
    size: Size
    weight: Weight = 500
    fill: Colour = "ink"
    tracking: Tracking = 0
    strike: bool = False
    gap: Length = 0
    when: Condition | None = Field(default=None, alias="if")


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


class Tail(Part):
    """What follows `|` in a list's items, in a column of its own at the row's end."""

    width: Above
    size: Size
    weight: Weight = 500
    fill: Colour = "ink"
    align: Align = "right"

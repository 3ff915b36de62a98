"""The steps that paint a poster. Recording them first shows which steps overlap."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

__all__ = ["Box4", "Paste", "Probe", "Step", "boxes_of", "meet", "run"]

#: Left, top, right, bottom, in whole pixels.
Box4: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Paste:
    """A picture or a single colour to paste through a mask."""

    paint: Image.Image | tuple[int, int, int]
    at: tuple[int, int]
    mask: Image.Image | None
    size: tuple[int, int]

    @property
    def box(self) -> Box4:
        """Return the box of the canvas that the step changes."""
        return (*self.at, self.at[0] + self.size[0], self.at[1] + self.size[1])

    def on(self, canvas: Image.Image) -> None:
        """Paste on *canvas*."""
        paint = self.paint
        if not isinstance(paint, Image.Image):
            if self.mask is None:
                canvas.paste(paint, self.box)
                return
            # Pasting a picture of one colour takes half as long as pasting the colour itself.
            paint = Image.new("RGB", self.size, paint)
        canvas.paste(paint, self.at, self.mask)


@dataclass(frozen=True, slots=True)
class Probe:
    """A function that inspects the part of the canvas painted so far."""

    box: Box4
    inspect: Callable[[Image.Image], None]

    def on(self, canvas: Image.Image) -> None:
        """Call the function with *canvas*."""
        self.inspect(canvas)


Step: TypeAlias = Paste | Probe


def boxes_of(steps: Iterable[Step]) -> tuple[Box4, ...]:
    """Return the box of each of *steps*."""
    return tuple(step.box for step in steps)


def meet(first: Sequence[Box4], second: Sequence[Box4]) -> bool:
    """Return whether any box of *first* overlaps any box of *second*."""
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a in first for b in second
    )


def run(steps: Iterable[Step], canvas: Image.Image) -> None:
    """Run *steps* on *canvas*, in order."""
    for step in steps:
        step.on(canvas)

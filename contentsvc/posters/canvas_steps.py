"""Painting steps of a poster, which are recorded, compared for overlap, and then run."""

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
    """A painting step that pastes a picture or a single colour through a mask."""

    paint: Image.Image | tuple[int, int, int]
    at: tuple[int, int]
    mask: Image.Image | None
    size: tuple[int, int]

    @property
    def box(self) -> Box4:
        """Return the rectangle of the poster that the step changes."""
        return (*self.at, self.at[0] + self.size[0], self.at[1] + self.size[1])

    def on(self, canvas: Image.Image) -> None:
        """Run the step: paste the picture or colour on *canvas*, the poster."""
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
    """A painting step that changes nothing; it inspects what has been painted so far."""

    box: Box4
    inspect: Callable[[Image.Image], None]

    def on(self, canvas: Image.Image) -> None:
        """Run the step: call `inspect` with *canvas*, the poster painted so far."""
        self.inspect(canvas)


Step: TypeAlias = Paste | Probe


def boxes_of(steps: Iterable[Step]) -> tuple[Box4, ...]:
    """Return the rectangles that *steps* change or inspect, one per step."""
    return tuple(step.box for step in steps)


def meet(first: Sequence[Box4], second: Sequence[Box4]) -> bool:
    """Return True if any rectangle of *first* overlaps any rectangle of *second*."""
    return any(
        a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for a in first for b in second
    )


def run(steps: Iterable[Step], canvas: Image.Image) -> None:
    """Run the painting *steps* on *canvas*, the poster, in order."""
    for step in steps:
        step.on(canvas)

"""What is done to a canvas, noted before it is done: so it is known what lies over what."""

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
    """A picture, or one colour, through a mask."""

    paint: Image.Image | tuple[int, int, int]
    at: tuple[int, int]
    mask: Image.Image | None
    size: tuple[int, int]

    @property
    def box(self) -> Box4:
        """Give where it is seen."""
        return (*self.at, self.at[0] + self.size[0], self.at[1] + self.size[1])

    def on(self, canvas: Image.Image) -> None:
        """Paint it."""
        paint = self.paint
        if not isinstance(paint, Image.Image):
            if self.mask is None:
                canvas.paste(paint, self.box)
                return
            # A picture of one colour is pasted in half the time that a colour takes.
            paint = Image.new("RGB", self.size, paint)
        canvas.paste(paint, self.at, self.mask)


@dataclass(frozen=True, slots=True)
class Probe:
    """A look at what is painted so far."""

    box: Box4
    look: Callable[[Image.Image], None]

    def on(self, canvas: Image.Image) -> None:
        """Probe."""
        self.look(canvas)


Step: TypeAlias = Paste | Probe


def boxes_of(steps: Iterable[Step]) -> tuple[Box4, ...]:
    """Give where *steps* paint or look."""
    return tuple(step.box for step in steps)


def meet(first: Sequence[Box4], second: Sequence[Box4]) -> bool:
    """Say whether some box of one meets some box of the other."""
    return any(
        one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
        for one in first
        for other in second
    )


def run(steps: Iterable[Step], canvas: Image.Image) -> None:
    """Do *steps* on *canvas*, in order."""
    for step in steps:
        step.on(canvas)

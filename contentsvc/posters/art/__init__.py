"""Art drawn by code: no picture files, any size, in the poster's own colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters.art.bear import draw_bear
from contentsvc.posters.art.calendar import draw_calendar
from contentsvc.posters.art.gift import draw_gift, draw_rays
from contentsvc.posters.art.hills import draw_hills
from contentsvc.posters.art.morning import draw_morning
from contentsvc.posters.art.pen import Pen

__all__ = ["ART", "draw_art"]

#: Every art by its name, as templates and fields write it after `art:`.
ART: Mapping[str, Callable[[Pen], None]] = {
    "bear": draw_bear,
    "calendar": draw_calendar,
    "gift": draw_gift,
    "hills": draw_hills,
    "morning": draw_morning,
    "rays": draw_rays,
}


def draw_art(name: str, size: tuple[int, int], palette: Mapping[str, str]) -> Image.Image:
    """Draw art *name* to fill *size* pixels, as RGBA.

    Raises:
        RenderError: there is no such art.
    """
    if name not in ART:
        raise RenderError(f"there is no art {name!r}; there is {', '.join(ART)}")
    pen = Pen(size, palette)
    ART[name](pen)
    return pen.finish()

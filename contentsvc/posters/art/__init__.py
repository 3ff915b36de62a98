"""Packaged pictures that Python code draws, at any size and in the poster's colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters.art.bear import draw_bear
from contentsvc.posters.art.calendar import draw_calendar
from contentsvc.posters.art.gift import draw_gift, draw_rays
from contentsvc.posters.art.goods import draw_bottle, draw_jar, draw_phone
from contentsvc.posters.art.hills import draw_hills
from contentsvc.posters.art.morning import draw_morning
from contentsvc.posters.art.pen import Pen
from contentsvc.posters.art.people import draw_expert, draw_face, draw_friends
from contentsvc.posters.art.scenes import (
    draw_cup,
    draw_letter,
    draw_love,
    draw_market,
    draw_podium,
    draw_room,
)
from contentsvc.posters.art.symbols import (
    draw_arcs,
    draw_dots,
    draw_isle,
    draw_leaf,
    draw_play,
    draw_streamers,
)

__all__ = ["ART", "draw_art"]

#: The function that draws each art, by the name that follows `art:` in templates and fields.
ART: Mapping[str, Callable[[Pen], None]] = {
    "arcs": draw_arcs,
    "bear": draw_bear,
    "bottle": draw_bottle,
    "calendar": draw_calendar,
    "cup": draw_cup,
    "dots": draw_dots,
    "expert": draw_expert,
    "face": draw_face,
    "friends": draw_friends,
    "gift": draw_gift,
    "hills": draw_hills,
    "isle": draw_isle,
    "jar": draw_jar,
    "leaf": draw_leaf,
    "letter": draw_letter,
    "love": draw_love,
    "market": draw_market,
    "morning": draw_morning,
    "phone": draw_phone,
    "play": draw_play,
    "podium": draw_podium,
    "rays": draw_rays,
    "room": draw_room,
    "streamers": draw_streamers,
}


#: Art so pale that smooth edges would be invisible.
_FAINT = frozenset({"rays", "dots"})


def draw_art(name: str, size: tuple[int, int], palette: Mapping[str, str]) -> Image.Image:
    """Draw the packaged picture *name*, *size* pixels large, in the colours of *palette*.

    The image is RGB if it is opaque everywhere, else RGBA.

    Raises:
        RenderError: there is no packaged picture of that name.
    """
    if name not in ART:
        raise RenderError("art-unknown", name=name, names=tuple(ART))
    pen = Pen(size, palette, smooth=name not in _FAINT)
    ART[name](pen)
    return pen.finish()

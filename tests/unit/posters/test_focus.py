"""The focus of a picture: the point that stays in view."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters import (
    Brand,
    Fonts,
    PaintCache,
    Poster,
    Template,
    parse_template,
    poster_key,
    split_focus,
    with_focus,
)

WIDE = """
id: wide
name: {zh: 宽, en: Wide}
size: [200, 200]
fields:
  hero: {label: {zh: 主图, en: Picture}, type: image}
palette: {ink: "#222222"}
layers:
  - {id: hero, type: image, field: hero, box: [0, 0, 200, 200]}
variants:
  9x16: {size: [200, 200]}
"""


@pytest.fixture
def wide() -> Template:
    return parse_template(WIDE, "wide.yaml")


def stripes(_name: str) -> bytes:
    """Return a picture of three squares: red, green, blue."""
    picture = Image.new("RGB", (600, 200), "#0F0")
    picture.paste("#F00", (0, 0, 200, 200))
    picture.paste("#00F", (400, 0, 600, 200))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize(
    ("focus", "seen"),
    [
        ("", (0, 255, 0)),
        ("#focus=0,0.5", (255, 0, 0)),
        ("#focus=1,0.5", (0, 0, 255)),
        ("#focus=0.5, 0.5", (0, 255, 0)),
    ],
)
def test_the_focus_stays_in_view(
    wide: Template, paint: Callable[..., Poster], focus: str, seen: tuple[int, int, int]
) -> None:
    """A field's focus overrides the template's, also if the same picture is cached."""
    cache = PaintCache()
    paint(wide, {"hero": "a.png"}, pictures=stripes, cache=cache)

    poster = paint(wide, {"hero": f"a.png{focus}"}, pictures=stripes, cache=cache)

    assert poster.image.getpixel((100, 100)) == seen


@pytest.mark.parametrize("focus", ["2,0.5", "0.5", "a,b", "-0.1,0.2", "0.1,0.2,0.3"])
def test_an_invalid_focus_is_an_error_of_its_field(
    wide: Template, paint: Callable[..., Poster], focus: str
) -> None:
    """The error shows an example of a valid focus."""
    with pytest.raises(RenderError, match=r"focus=0\.3,0\.72") as refused:
        paint(wide, {"hero": f"a.png#focus={focus}"}, pictures=stripes)

    assert refused.value.field == "hero"


def test_the_focus_is_part_of_the_key(wide: Template, fonts: Fonts, brand: Brand) -> None:
    """Posters with different focuses have different cache keys."""
    keys = {
        poster_key(
            wide,
            {"hero": name},
            brand=brand,
            pictures=stripes,
            fonts=fonts,
            size="9x16",
            kind="png",
        )
        for name in ("a.png", "a.png#focus=0,0", "a.png#focus=0,1")
    }

    assert len(keys) == 3


@pytest.mark.parametrize("name", ["tent.jpg", "sha256:0a", "a#b.png"])
def test_a_name_and_its_focus_are_joined_and_split(name: str) -> None:
    """A name without a focus stays unchanged."""
    assert split_focus(with_focus(name, (0.3, 0.72))) == (name, (0.3, 0.72))
    assert split_focus(with_focus(name, None)) == (name, None)
    assert with_focus("", (0.1, 0.2)) == ""


def test_a_painting_can_be_stopped(wide: Template, paint: Callable[..., Poster]) -> None:
    """`watch` is called before each layer, and its exception stops the painting."""

    def watch() -> None:
        raise RenderError("too long")

    with pytest.raises(RenderError, match="too long"):
        paint(wide, {"hero": "a.png"}, pictures=stripes, watch=watch)

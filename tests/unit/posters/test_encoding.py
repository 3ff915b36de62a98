from __future__ import annotations

import io

import pytest
from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters import encode
from contentsvc.posters.encoding import Format


@pytest.fixture(scope="module")
def noisy() -> Image.Image:
    """Paint what compresses badly, the same each time."""
    bands = [Image.linear_gradient("L").rotate(turn).resize((400, 300)) for turn in (0, 90, 180)]
    grain = bytes((x * x * 7 + x * 13) % 251 for x in range(120_000))
    return Image.blend(
        Image.merge("RGB", bands), Image.frombytes("L", (400, 300), grain).convert("RGB"), 0.03
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_each_format_opens_as_what_it_says(noisy: Image.Image, kind: Format) -> None:
    """The bytes are of the format and have the size."""
    found = encode(noisy, kind)

    opened = Image.open(io.BytesIO(found.data))
    assert (opened.size, found.media_type) == ((400, 300), f"image/{kind}")
    assert Image.MIME[opened.format or ""] == found.media_type


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_quality_steps_down_to_the_limit(noisy: Image.Image, kind: Format) -> None:
    """Under a limit the best quality that keeps it is taken."""
    best = encode(noisy, kind)
    limit = len(best.data) * 2 // 3

    found = encode(noisy, kind, max_bytes=limit)

    assert len(found.data) <= limit
    assert 40 <= (found.quality or 0) < 90 == best.quality


def test_png_steps_to_fewer_colours(noisy: Image.Image) -> None:
    """A PNG over the limit is compressed harder, then painted with 256 colours."""
    whole = len(encode(noisy, "png").data)

    found = encode(noisy, "png", max_bytes=whole // 2)

    assert Image.open(io.BytesIO(found.data)).mode == "P"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_an_impossible_limit_is_told(noisy: Image.Image, kind: Format) -> None:
    """The size reached and what to do are named."""
    with pytest.raises(RenderError, match=r"bytes as .* takes at most 100"):
        encode(noisy, kind, max_bytes=100)

from __future__ import annotations

import io

import pytest
from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters import encode
from contentsvc.posters.encoding import Format


@pytest.fixture(scope="module")
def noisy() -> Image.Image:
    """Return a picture that compresses badly, the same on each call."""
    bands = [Image.linear_gradient("L").rotate(turn).resize((400, 300)) for turn in (0, 90, 180)]
    grain = bytes((x * x * 7 + x * 13) % 251 for x in range(120_000))
    return Image.blend(
        Image.merge("RGB", bands), Image.frombytes("L", (400, 300), grain).convert("RGB"), 0.03
    )


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_each_format_can_be_opened(noisy: Image.Image, kind: Format) -> None:
    """The bytes have the requested format and the size of the picture."""
    encoded = encode(noisy, kind)

    opened = Image.open(io.BytesIO(encoded.data))
    assert (opened.size, encoded.media_type) == ((400, 300), f"image/{kind}")
    assert Image.MIME[opened.format or ""] == encoded.media_type


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_quality_steps_down_to_the_limit(noisy: Image.Image, kind: Format) -> None:
    """With a byte limit, the best quality within it is chosen."""
    best = encode(noisy, kind)
    limit = len(best.data) * 2 // 3

    encoded = encode(noisy, kind, max_bytes=limit)

    assert len(encoded.data) <= limit
    assert 40 <= (encoded.quality or 0) < 90 == best.quality


def test_png_steps_to_fewer_colours(noisy: Image.Image) -> None:
    """A PNG over the limit is compressed harder, then reduced to 256 colours."""
    whole = len(encode(noisy, "png").data)

    encoded = encode(noisy, "png", max_bytes=whole // 2)

    assert Image.open(io.BytesIO(encoded.data)).mode == "P"


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_an_impossible_limit_is_an_error(noisy: Image.Image, kind: Format) -> None:
    """The error names the size that was reached and what to do."""
    with pytest.raises(RenderError, match=r"bytes as .* takes at most 100"):
        encode(noisy, kind, max_bytes=100)

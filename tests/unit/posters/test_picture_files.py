from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageCms

from contentsvc.errors import InputError
from contentsvc.posters import PictureLimits, clean_picture, open_picture
from contentsvc.posters.picture_files import picture_size
from tests.unit.posters.pixels import rgb


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def claiming(width: int, height: int) -> bytes:
    """Return a PNG of a few bytes whose header says *width* × *height*."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(50_000, 50_000), (10_000, 10_000), (8_000, 6_000)])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(width: int, height: int) -> None:
    """A small file whose header claims many pixels is refused with its field."""
    with pytest.raises(InputError, match="at most 40 million") as caught:
        clean_picture(claiming(width, height), field="hero")

    assert caught.value.field == "hero"


def test_a_file_of_too_many_bytes_is_refused() -> None:
    """The error names the size of the file and the limit."""
    with pytest.raises(InputError, match=r"2\.0 MB; at most 1 MB"):
        open_picture(bytes(2 * 1024 * 1024), PictureLimits(max_bytes=1024 * 1024))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    """Half a file of each format is an error."""
    image = Image.effect_noise((300, 200), 60).convert("RGB")
    data = encoded(image, kind)

    with pytest.raises(InputError, match=r"damaged or cut short|not a usable picture"):
        clean_picture(data[: len(data) // 2])


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n", b"GIF89a"],
)
def test_a_file_that_is_no_picture_is_refused(data: bytes) -> None:
    """The error lists the accepted formats."""
    with pytest.raises(InputError, match="PNG, JPEG, WebP, GIF"):
        clean_picture(data)


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "PPM"])
def test_other_formats_are_refused(kind: str) -> None:
    """Formats that Pillow could decode, but that are not accepted, are errors."""
    with pytest.raises(InputError, match="allowed"):
        clean_picture(encoded(Image.new("RGB", (9, 9)), kind))


@pytest.mark.parametrize(
    ("kind", "mode", "media_type"),
    [
        ("PNG", "RGBA", "image/png"),
        ("PNG", "RGB", "image/png"),
        ("PNG", "P", "image/png"),
        ("GIF", "P", "image/png"),
        ("JPEG", "RGB", "image/jpeg"),
        ("JPEG", "CMYK", "image/jpeg"),
        ("JPEG", "L", "image/jpeg"),
        ("WEBP", "RGB", "image/jpeg"),
        ("WEBP", "RGBA", "image/png"),
    ],
)
def test_each_format_comes_out_clean(kind: str, mode: str, media_type: str) -> None:
    """The cleaned picture can be opened, and its size and media type are right."""
    cleaned = clean_picture(encoded(Image.new(mode, (30, 20)), kind))

    opened = Image.open(io.BytesIO(cleaned.data))
    assert (cleaned.width, cleaned.height, cleaned.media_type) == (30, 20, media_type)
    assert opened.size == (30, 20)
    assert Image.MIME[opened.format or ""] == media_type


def test_the_orientation_is_applied_and_metadata_dropped() -> None:
    """A sideways photo becomes upright, and its metadata is removed."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "secret place"
    data = encoded(Image.new("RGB", (40, 20), "red"), "JPEG", exif=exif)

    cleaned = clean_picture(data)

    assert (cleaned.width, cleaned.height) == picture_size(data) == (20, 40)
    assert b"secret" in data
    assert b"secret" not in cleaned.data


def test_only_the_first_frame_of_an_animation_is_read() -> None:
    """An animated GIF becomes one still picture."""
    frames = [Image.new("RGB", (10, 10), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert open_picture(data).convert("RGB").getpixel((5, 5)) == (255, 0, 0)


def test_wide_colours_are_converted_to_srgb() -> None:
    """An embedded profile is applied; a broken profile is ignored."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (10, 10), (200, 40, 40))

    converted = open_picture(encoded(image, "PNG", icc_profile=profile))
    broken = open_picture(encoded(image, "PNG", icc_profile=b"nonsense"))

    assert all(abs(a - b) < 3 for a, b in zip(rgb(converted, (5, 5)), (200, 40, 40), strict=True))
    assert broken.getpixel((5, 5)) == (200, 40, 40)

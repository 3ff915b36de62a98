"""Pictures keep the look that they have in a browser, whatever their depth and profile."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, cast

import pytest
from PIL import Image, ImageCms

from contentsvc.posters import Poster, Template, clean_picture, open_picture, parse_template
from contentsvc.posters.picture_files import picture_size
from tests.unit.posters import colour_profiles as profiles

Pixels = list[tuple[int, ...]]
Chunk = tuple[bytes, bytes]
Inks = Callable[[int, int, int, int], tuple[int, int, int]]
GREY, RGB, INDEXED, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
#: Three values of 16 bits, and what they are of 8 bits.
RAMP, RAMP_8 = (25 * 257, 127 * 257, 229 * 257), (25, 127, 229)
DARK = (0x1234, 0x5678, 0x9ABC)
GREY_RAMP: Pixels = [(value,) * 3 for value in RAMP_8]


def png(depth: int, kind: int, width: int, row: bytes, *chunks: Chunk) -> bytes:
    """Return a PNG of one row, with *chunks* before its pixels."""

    def packed(name: bytes, body: bytes) -> bytes:
        checked = name + body
        return struct.pack(">I", len(body)) + checked + struct.pack(">I", zlib.crc32(checked))

    head = struct.pack(">IIBBBBB", width, 1, depth, kind, 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(b"\0" + row)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed(name, body) for name, body in parts)


def shorts(*values: int) -> bytes:
    return struct.pack(f">{len(values)}H", *values)


def hides(*values: int) -> Chunk:
    """Return the chunk that makes pixels of *values* transparent."""
    return b"tRNS", shorts(*values)


def profiled(profile: bytes) -> Chunk:
    return b"iCCP", b"p\0\0" + zlib.compress(profile)


def gamma(value: float) -> Chunk:
    return b"gAMA", struct.pack(">I", round(value * 100_000))


def encoded(mode: str, colour: Any, kind: str, **options: Any) -> bytes:
    """Return a picture of one *colour*, 16 × 16 so that JPEG keeps it exactly."""
    out = io.BytesIO()
    Image.new(mode, (16, 16), colour).save(out, kind, quality=100, **options)
    return out.getvalue()


def pixels(image: Image.Image, count: int) -> Pixels:
    return [cast("tuple[int, ...]", image.getpixel((x, 0))) for x in range(count)]


def near(found: Pixels, right: Sequence[Sequence[int]]) -> bool:
    """Return True if no band of any pixel differs by more than 2, as JPEG may."""
    return all(
        len(a) == len(b) and all(abs(x - y) <= 2 for x, y in zip(a, b, strict=True))
        for a, b in zip(found, right, strict=True)
    )


def opaque(*colours: tuple[int, ...], hidden: int) -> Pixels:
    """Return *colours* with alpha 255, except the one with the index *hidden*."""
    return [(*colour, 0 if index == hidden else 255) for index, colour in enumerate(colours)]


def inks(cyan: int, magenta: int, yellow: int, black: int) -> tuple[int, int, int]:
    """Return the Lab bytes of a press whose three full inks together are a dark grey, L* 20."""
    if (cyan, magenta, yellow, black) == (1, 1, 1, 0):
        return (51, 128, 128)
    return (0, 128, 128) if black else (255 - 60 * (cyan + magenta + yellow), 128, 128)


CMYK = profiles.cmyk(inks)
P3 = profiles.matrix(profiles.DISPLAY_P3, 2.2)
LINEAR = profiles.grey(1.0)
SHARP = (b"PLTE", bytes((255, 0, 0, 0, 255, 0, 0, 0, 255)))

DEPTHS: dict[str, tuple[bytes, Pixels]] = {
    "16-bit grey": (png(16, GREY, 3, shorts(*RAMP)), GREY_RAMP),
    "16-bit grey, one value transparent": (
        png(16, GREY, 3, shorts(*RAMP), hides(RAMP[1])),
        opaque(*GREY_RAMP, hidden=1),
    ),
    "16-bit grey with alpha": (
        png(16, GREY_ALPHA, 2, shorts(RAMP[0], RAMP[1], RAMP[2], 65_535)),
        [(25, 25, 25, 127), (229, 229, 229, 255)],
    ),
    "16-bit colour": (png(16, RGB, 1, shorts(*RAMP)), [RAMP_8]),
    "16-bit colour, one colour transparent": (
        png(16, RGB, 2, shorts(*DARK, 0x3400, 0x7800, 0xBC00), hides(*DARK)),
        opaque((0x12, 0x56, 0x9A), (0x34, 0x78, 0xBC), hidden=0),
    ),
    "16-bit colour with alpha": (png(16, RGB_ALPHA, 1, shorts(*RAMP, 127 * 257)), [(*RAMP_8, 127)]),
    "1-bit": (png(1, GREY, 2, b"\x40"), [(0, 0, 0), (255, 255, 255)]),
    "1-bit, white transparent": (
        png(1, GREY, 2, b"\x40", hides(1)),
        opaque((0, 0, 0), (255, 255, 255), hidden=1),
    ),
    "2-bit, one value transparent": (
        png(2, GREY, 3, b"\x18", hides(1)),
        opaque((0, 0, 0), (85, 85, 85), (170, 170, 170), hidden=1),
    ),
    "4-bit, one value transparent": (
        png(4, GREY, 2, b"\x5a", hides(5)),
        opaque((85, 85, 85), (170, 170, 170), hidden=0),
    ),
    "8-bit grey, one value transparent": (
        png(8, GREY, 2, b"\x05\x09", hides(5)),
        opaque((5, 5, 5), (9, 9, 9), hidden=0),
    ),
    "a palette of which entries are transparent": (
        png(8, INDEXED, 3, b"\0\1\2", SHARP, (b"tRNS", b"\0\x80")),
        [(255, 0, 0, 0), (0, 255, 0, 128), (0, 0, 255, 255)],
    ),
    "linear light": (png(8, GREY, 1, b"\x7f", gamma(1.0)), [(186,) * 3]),
    "linear light of 16 bits with alpha": (
        png(16, GREY_ALPHA, 1, shorts(RAMP[1], RAMP[1]), gamma(1.0)),
        [(186, 186, 186, 127)],
    ),
    "the gamma of sRGB": (png(8, GREY, 1, b"\x7f", gamma(0.45455)), [(127,) * 3]),
    "a gamma, but sRGB": (png(8, GREY, 1, b"\x7f", (b"sRGB", b"\0"), gamma(1.0)), [(127,) * 3]),
    "a profile that cannot be unpacked": (
        png(8, GREY, 1, b"\x7f", (b"iCCP", b"p\0\0nonsense")),
        [(127,) * 3],
    ),
    "a gamma of nothing": (png(8, GREY, 1, b"\x7f", gamma(0)), [(127,) * 3]),
}  # fmt: skip


@pytest.mark.parametrize("case", DEPTHS)
def test_each_depth_keeps_its_values(case: str) -> None:
    """Opened and cleaned, a picture has the values and transparency that a browser shows."""
    data, right = DEPTHS[case]

    opened, cleaned = open_picture(data), Image.open(io.BytesIO(clean_picture(data).data))

    assert pixels(opened, len(right)) == pixels(cleaned, len(right)) == right


def brown(cyan: int, magenta: int, yellow: int, black: int) -> tuple[int, int, int]:
    """Return the Lab bytes of a press whose black ink is a dark brown; all inks are black."""
    if cyan and magenta and yellow and black:
        return (0, 128, 128)
    return (24, 128, 137) if black else (255, 128, 128)


def coloured(cyan: int, magenta: int, yellow: int, black: int) -> tuple[int, int, int]:
    """Return the Lab bytes of a press with strong colours; full inks are not quite black."""
    light = 245 - 35 * cyan - 45 * magenta - 10 * yellow - 140 * black
    return (max(light, 20), 128 - 35 * cyan + 70 * magenta, 128 - 45 * cyan + 85 * yellow)


BROWN = profiles.cmyk(brown)
#: Inks of a shadow: nearly black without a profile.
SHADOW = (10, 10, 112, 230)

PROFILES: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "CMYK photo": (encoded("CMYK", (255, 255, 255, 0), "JPEG", icc_profile=CMYK), (48, 48, 48)),
    "CMYK photo without a profile": (encoded("CMYK", (255, 255, 255, 0), "JPEG"), (0, 0, 0)),
    "CMYK shadow": (encoded("CMYK", SHADOW, "JPEG", icc_profile=BROWN), (49, 44, 33)),
    "CMYK shadow without a profile": (encoded("CMYK", SHADOW, "JPEG"), (24, 24, 14)),
    "Display P3 photo": (encoded("RGB", (200, 40, 40), "JPEG", icc_profile=P3), (220, 0, 17)),
    "Display P3 WebP": (
        encoded("RGBA", (200, 40, 40, 99), "WEBP", icc_profile=P3, lossless=True),
        (220, 0, 17, 99),
    ),
    "Display P3 with a palette": (
        png(8, INDEXED, 1, b"\0", profiled(P3), (b"PLTE", b"\xc8\x28\x28")),
        (220, 0, 17),
    ),
    "grey photo in linear light": (encoded("L", 100, "JPEG", icc_profile=LINEAR), (168,) * 3),
    "grey with alpha": (
        encoded("LA", (100, 99), "PNG", icc_profile=LINEAR),
        (168, 168, 168, 99),
    ),
    "16-bit grey in linear light": (
        png(16, GREY, 1, shorts(100 * 257), profiled(LINEAR)),
        (168,) * 3,
    ),
    "1-bit": (encoded("1", 1, "PNG", icc_profile=LINEAR), (255,) * 3),
    "colour photo with a grey profile": (
        encoded("RGB", (200, 40, 40), "JPEG", icc_profile=LINEAR),
        (200, 40, 40),
    ),
    "colour photo with a CMYK profile": (
        encoded("RGB", (200, 40, 40), "JPEG", icc_profile=CMYK),
        (200, 40, 40),
    ),
    "CMYK photo with an RGB profile": (
        encoded("CMYK", (0, 0, 0, 55), "JPEG", icc_profile=P3),
        (200, 200, 200),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PROFILES)
def test_a_profile_is_applied_to_the_pictures_that_it_is_for(case: str) -> None:
    """The colours are those of the profile; a profile for another kind of picture is ignored."""
    data, right = PROFILES[case]

    opened, cleaned = open_picture(data), Image.open(io.BytesIO(clean_picture(data).data))

    assert near(pixels(opened, 1), [right])
    assert near(pixels(cleaned, 1), [right])
    assert "icc_profile" not in cleaned.info


@pytest.mark.parametrize("press", [inks, brown, coloured], ids=lambda press: press.__name__)
def test_the_inks_of_a_photo_become_the_colours_of_its_profile(press: Inks) -> None:
    """Each colour is the one that littlecms computes for the inks with the embedded profile."""
    profile = profiles.cmyk(press)
    values = (0, 90, 255)
    wheel = [tuple(colour) for colour in product(values, repeat=4)]
    transform = ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), "CMYK", "RGB"
    )

    for colour in wheel:
        right = ImageCms.applyTransform(Image.new("CMYK", (1, 1), colour), transform)
        assert right is not None
        opened = open_picture(encoded("CMYK", colour, "JPEG", icc_profile=profile))
        assert near(pixels(opened, 1), pixels(right, 1)), colour


HOSTILE = {
    "nonsense": b"nonsense",
    "empty": b"",
    "cut short": P3[:200],
    "only a header": P3[:128],
    "without its tags": P3[:128] + bytes(4),
    "four thousand million tags": P3[:128] + b"\xff" * 4 + P3[132:],
    "tags beyond its end": P3[:136] + b"\x7f" * 120 + P3[256:],
    "far too large": P3 + bytes(4 * 1024 * 1024),
}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize(
    ("mode", "colour"), [("RGB", (200, 40, 40)), ("L", 200), ("CMYK", (0, 0, 0, 55))]
)
def test_a_broken_profile_is_ignored(case: str, mode: str, colour: Any) -> None:
    """The picture looks as it would without its profile."""
    plain = open_picture(encoded(mode, colour, "JPEG"))

    opened = open_picture(encoded(mode, colour, "JPEG", icc_profile=HOSTILE[case]))

    assert pixels(opened, 1) == pixels(plain, 1)


def test_a_chain_of_tables_in_a_profile_is_not_computed() -> None:
    """A profile of a few kilobytes may ask for thousands of steps for each colour."""
    chained, plain = profiles.chained(4), profiles.matrix(profiles.DISPLAY_P3, 2.2)

    first, second = (
        open_picture(encoded("RGB", (200, 40, 40), "PNG", icc_profile=profile))
        for profile in (chained, plain)
    )

    assert pixels(first, 1) == pixels(second, 1)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_comment_does_not_outlive_the_cleaning(mode: str) -> None:
    """A JPEG's comment and an ignored profile are dropped like all other metadata."""
    data = encoded(mode, 9, "JPEG", comment=b"secret place", icc_profile=b"secret profile")

    cleaned = clean_picture(data)

    assert b"secret place" in data
    assert b"secret" not in cleaned.data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_applied_to_16_bits(orientation: int) -> None:
    """A row of grey is turned as its EXIF data says, and `picture_size` agrees."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = png(16, GREY, 3, shorts(*RAMP), (b"eXIf", exif.tobytes()[6:]))

    opened = open_picture(data)

    row = [
        cast("tuple[int, ...]", opened.getpixel((i, 0) if opened.width == 3 else (0, i)))
        for i in range(3)
    ]
    assert opened.size == picture_size(data) == ((3, 1) if orientation < 5 else (1, 3))
    assert row == (GREY_RAMP if orientation in {1, 4, 5, 6} else GREY_RAMP[::-1])


def test_a_poster_shows_the_converted_colours(
    plain_text: str, paint: Callable[..., Poster]
) -> None:
    """A stored picture is decoded in the same way as an upload."""
    shown = "  - {id: photo, type: image, source: photo.jpg, box: [0, 200, 16, 16]}\nvariants:"
    template: Template = parse_template(plain_text.replace("variants:", shown), "plain.yaml")
    photo = encoded("CMYK", (255, 255, 255, 0), "JPEG", icc_profile=CMYK)

    poster = paint(template, {"title": "冬日"}, pictures={"photo.jpg": photo}.__getitem__)

    assert near([cast("tuple[int, ...]", poster.image.getpixel((8, 208)))], [(48, 48, 48)])

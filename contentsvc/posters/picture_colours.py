"""Converts decoded pictures to 8-bit sRGB, so that they look as they do in a browser.

Colour profiles are untrusted. They are measured and checked before the colour engine reads them,
and a profile that fails the check is ignored, as browsers do.
"""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import cast

from PIL import Image, ImageCms, ImageFile

__all__ = ["to_srgb", "transparent_value"]

#: The largest profile in use, for a press with fine tables, has 3 MB.
_LARGEST_PROFILE = 4 * 1024 * 1024
#: An ICC profile begins with 128 bytes of header and a table of 12 bytes per tag (ICC.1:2022, 7).
_HEADER, _TAG = 128, 12
_MOST_TAGS = 100
#: Tags with a chain of up to 65,535 steps, which would be computed for each colour. Every profile
#: that has them says the same in simpler tags.
_CHAINS = (b"D2B0", b"D2B1", b"D2B2", b"D2B3")
_GREY_MODES = ("1", "L", "LA", "I;16")
_MOST, _MOST_16 = 255, 65_535
#: By what the values of PNG's small grey pictures are multiplied when they are decoded.
_SCALES = {"L;2": 85, "L;4": 17}
#: The gamma of sRGB in a PNG, and the difference below which another gamma looks alike.
_SRGB_GAMMA, _ALIKE = 0.45455, 0.01
_LEAST_GAMMA, _MOST_GAMMA = 0.16, 6.25


def transparent_value(picture: ImageFile.ImageFile) -> int | tuple[int, ...] | None:
    """Return the pixel value that *picture*, a PNG, declares transparent, scaled to 8 bits.

    Pillow reports the value as it is in the file, but scales pixels of 2, 4 and 16 bits to 8. Call
    this before the PNG is decoded. Return None if the PNG declares no such value, or if Pillow's
    value needs no scaling.
    """
    value = picture.info.get("transparency")
    if picture.format != "PNG" or not picture.tile or value is None:
        return None
    bits = picture.tile[0].args
    if bits in _SCALES:
        return int(value) * _SCALES[bits] & _MOST
    return tuple(part >> 8 for part in value) if bits == "RGB;16B" else None


def to_srgb(picture: Image.Image) -> Image.Image:
    """Convert the decoded *picture* to RGB or RGBA in sRGB, and remove its metadata.

    Its colour profile is applied; a profile that is broken, too large or for another kind of
    picture is ignored. A PNG without a profile may have a gamma, which is applied too.
    """
    profile = picture.info.get("icc_profile") or b""
    kind = _kind(profile)
    if picture.mode == "CMYK":
        converted = _converted(picture, profile, "RGB") if kind == b"CMYK" else None
        return _bare(converted or picture.convert("RGB"))
    is_grey = picture.mode in _GREY_MODES
    plain = _plain(picture)
    if kind == b"RGB ":
        plain = _converted(plain, profile, plain.mode) or plain
    elif kind == b"GRAY" and is_grey:
        plain = _converted_grey(plain, profile)
    elif not profile and "srgb" not in picture.info:
        plain = _without_gamma(plain, picture.info.get("gamma"))
    return _bare(plain)


def _bare(picture: Image.Image) -> Image.Image:
    """Remove the metadata of *picture*, such as comments, and return it.

    Pillow would otherwise write them into files.
    """
    picture.info = {}
    return picture


def _plain(picture: Image.Image) -> Image.Image:
    """Convert *picture* to RGB or RGBA with 8 bits per band, without changing its colours."""
    if picture.mode != "I;16":
        return picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    values = picture.convert("I")
    plain = values.point(_to_8_bits(), "L").convert("RGB")
    hidden = picture.info.get("transparency")
    if isinstance(hidden, int):
        table = [_MOST] * (_MOST_16 + 1)
        table[hidden & _MOST_16] = 0
        plain.putalpha(values.point(table, "L"))
    return plain


@lru_cache(maxsize=1)
def _to_8_bits() -> list[int]:
    half = _MOST_16 // 2
    return [(value * _MOST + half) // _MOST_16 for value in range(_MOST_16 + 1)]


def _without_gamma(picture: Image.Image, gamma: object) -> Image.Image:
    """Convert *picture*, whose values are encoded with *gamma*, to the gamma of sRGB."""
    if not isinstance(gamma, float) or not _LEAST_GAMMA <= gamma <= _MOST_GAMMA:
        return picture
    if abs(gamma - _SRGB_GAMMA) < _ALIKE:
        return picture
    curve = [round(_MOST * (value / _MOST) ** (_SRGB_GAMMA / gamma)) for value in range(_MOST + 1)]
    same = list(range(_MOST + 1))
    return picture.point(curve * 3 + (same if picture.mode == "RGBA" else []))


def _converted_grey(picture: Image.Image, profile: bytes) -> Image.Image:
    converted = _converted(picture.getchannel("R"), profile, "RGB")
    if converted is None:
        return picture
    if picture.mode == "RGBA":
        converted.putalpha(picture.getchannel("A"))
    return converted


def _converted(picture: Image.Image, profile: bytes, mode: str) -> Image.Image | None:
    """Convert *picture* from its colour *profile* to sRGB. Return None if that fails."""
    try:
        return ImageCms.profileToProfile(
            picture,
            ImageCms.ImageCmsProfile(io.BytesIO(_bounded(profile))),
            ImageCms.createProfile("sRGB"),
            outputMode=mode,
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _kind(profile: bytes) -> bytes | None:
    """Return the colour space that *profile* is for, such as `b"CMYK"`; None if it is invalid."""
    if not _HEADER + 4 <= len(profile) <= _LARGEST_PROFILE or profile[36:40] != b"acsp":
        return None
    return profile[16:20] if _tags(profile) <= _MOST_TAGS else None


def _tags(profile: bytes) -> int:
    return cast("int", struct.unpack_from(">I", profile, _HEADER)[0])


def _bounded(profile: bytes) -> bytes:
    """Return *profile* without its chains of transforms, which could take very long.

    Their tags are renamed, so that no program reads them.
    """
    start = _HEADER + 4
    table = bytearray(profile)
    for at in range(start, min(start + _tags(profile) * _TAG, len(table) - 4), _TAG):
        if bytes(table[at : at + 4]) in _CHAINS:
            table[at : at + 4] = b"none"
    return bytes(table)

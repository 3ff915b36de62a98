"""Checks uploaded picture files before they are decoded, and re-encodes them before storage.

Nothing is decoded until its format, its bytes and its pixels are known to be within limits.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageFile, ImageOps

from contentsvc.errors import InputError
from contentsvc.posters.picture_colours import to_srgb, transparent_value

__all__ = ["CleanPicture", "PictureLimits", "clean_picture", "open_picture", "picture_size"]

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
#: Exceptions that Pillow's decoders raise for broken files.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    MemoryError,
    struct.error,
    zlib.error,
)
_MEGABYTE = 1024 * 1024
#: The orientations that exchange width and height (EXIF 2.32, tag 0x0112).
_SIDEWAYS = (5, 6, 7, 8)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """The largest numbers of bytes and pixels that a picture file may have."""

    #: The size of the file, in bytes.
    max_bytes: int = 10 * 1024 * 1024
    #: Width times height; 40 million pixels take 160 MB of memory once decoded.
    max_pixels: int = 40_000_000


_LIMITS = PictureLimits()


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A re-encoded picture without metadata, rotated as its metadata specified."""

    data: bytes
    media_type: str
    width: int
    height: int


def clean_picture(
    data: bytes, limits: PictureLimits = _LIMITS, *, field: str | None = None
) -> CleanPicture:
    """Decode the picture file *data* and encode it again, so that only its pixels remain.

    Pictures with transparency, and GIFs (their first frame), become PNG; all others become JPEG.

    Raises:
        InputError: the file is too large, of another format, truncated or no picture. Its `field`
            is *field*.
    """
    picture = open_picture(data, limits, field=field)
    out = io.BytesIO()
    if picture.mode == "RGBA" or data[:4] in (b"\x89PNG", b"GIF8"):
        picture.save(out, "PNG", compress_level=6)
        media_type = "image/png"
    else:
        picture.save(out, "JPEG", quality=90, subsampling=0, optimize=True)
        media_type = "image/jpeg"
    return CleanPicture(out.getvalue(), media_type, picture.width, picture.height)


def open_picture(
    data: bytes, limits: PictureLimits = _LIMITS, *, field: str | None = None
) -> Image.Image:
    """Decode the picture file *data* to RGB or RGBA in sRGB, rotated as its EXIF data specifies.

    Raises:
        InputError: the file is too large, of another format, truncated or no picture. Its `field`
            is *field*.
    """
    if len(data) > limits.max_bytes:
        used, most = len(data) / _MEGABYTE, limits.max_bytes / _MEGABYTE
        raise InputError("picture-file-too-large", used=used, most=most, field=field)
    picture = _open(data, field)
    if picture.width * picture.height > limits.max_pixels:
        raise InputError(
            "picture-too-many-pixels",
            size=f"{picture.width}×{picture.height}",
            most=limits.max_pixels // 1_000_000,
            field=field,
        )
    try:
        hidden = transparent_value(picture)
        picture.load()
        if hidden is not None:
            picture.info["transparency"] = hidden
        return to_srgb(ImageOps.exif_transpose(picture))
    except _BROKEN as error:
        raise InputError("picture-damaged", reason=str(error), field=field) from error


def picture_size(data: bytes, *, field: str | None = None) -> tuple[int, int]:
    """Return the width and height of the picture file *data*, after its EXIF rotation.

    Only the header of the file is read.

    Raises:
        InputError: the file is not a picture of an accepted format.
    """
    picture = _open(data, field)
    is_sideways = picture.getexif().get(ExifTags.Base.Orientation, 1) in _SIDEWAYS
    return (picture.height, picture.width) if is_sideways else picture.size


def _open(data: bytes, field: str | None) -> ImageFile.ImageFile:
    """Open a picture file. Only its format, width and height are read; no pixels are decoded."""
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except _BOMB as error:
        most = _LIMITS.max_pixels // 1_000_000
        raise InputError("picture-far-too-many-pixels", most=most, field=field) from error
    except _BROKEN as error:
        raise InputError("picture-not-usable", field=field) from error

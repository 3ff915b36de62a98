"""Pictures from outside: opened only when they are small enough, and cleaned before they are kept.

Nothing is decoded before its format, bytes and pixels are known to be within bounds.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass

from PIL import ExifTags, Image, ImageCms, ImageOps

from contentsvc.errors import InputError

__all__ = ["CleanPicture", "PictureLimits", "clean_picture", "open_picture", "picture_size"]

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
#: What Pillow's decoders raise on broken files.
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
#: EXIF 2.32, tag 0x0112: these orientations exchange width and height.
_SIDEWAYS = (5, 6, 7, 8)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How large a picture from outside may be."""

    #: Of the file.
    max_bytes: int = 10 * 1024 * 1024
    #: Width times height; 40 million take 160 MB of memory once decoded.
    max_pixels: int = 40_000_000


_LIMITS = PictureLimits()


@dataclass(frozen=True, slots=True)
class CleanPicture:
    """A picture encoded anew, without metadata, the right way up."""

    data: bytes
    media_type: str
    width: int
    height: int


def clean_picture(
    data: bytes, limits: PictureLimits = _LIMITS, *, field: str | None = None
) -> CleanPicture:
    """Open *data* safely and encode it anew: what comes out holds pixels and nothing else.

    Pictures with transparency, and GIFs (their first frame), become PNG; the others JPEG.

    Raises:
        InputError: it is too large, of another format, cut short or no picture; *field* is kept.
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
    """Decode *data* into RGB or RGBA in sRGB, turned as its EXIF orientation says.

    Raises:
        InputError: it is too large, of another format, cut short or no picture; *field* is kept.
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
        picture.load()
        return _plain(ImageOps.exif_transpose(picture))
    except _BROKEN as error:
        raise InputError("picture-damaged", reason=str(error), field=field) from error


def picture_size(data: bytes, *, field: str | None = None) -> tuple[int, int]:
    """Read the width and height that *data* will have once opened; its head alone is read.

    Raises:
        InputError: it is no picture of an allowed format.
    """
    picture = _open(data, field)
    turned = picture.getexif().get(ExifTags.Base.Orientation, 1) in _SIDEWAYS
    return (picture.height, picture.width) if turned else picture.size


def _open(data: bytes, field: str | None) -> Image.Image:
    """Read the head alone: format, width and height."""
    try:
        return Image.open(io.BytesIO(data), formats=_FORMATS)
    except _BOMB as error:
        most = _LIMITS.max_pixels // 1_000_000
        raise InputError("picture-far-too-many-pixels", most=most, field=field) from error
    except _BROKEN as error:
        raise InputError("picture-not-usable", field=field) from error


def _plain(picture: Image.Image) -> Image.Image:
    has_alpha = picture.has_transparency_data
    profile = picture.info.get("icc_profile")
    plain = picture.convert("RGBA" if has_alpha else "RGB")
    return _to_srgb(plain, profile) if profile and picture.mode in {"RGB", "RGBA"} else plain


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Phones keep wide-gamut colours that look dull where the profile is dropped."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        turned = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode=picture.mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture  # A broken profile is no reason to refuse a good picture.
    return turned if turned is not None else picture

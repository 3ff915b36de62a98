"""The characters that a font file can draw, read from its character map."""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from contentsvc.errors import RenderError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Coverage", "read_coverage"]

#: Preferred (platform, encoding) pairs, best first: full Unicode, then the basic plane alone.
#: OpenType 1.9, "cmap", "Platform IDs".
_ENCODINGS = ((3, 10), (0, 6), (0, 4), (3, 1), (0, 3))


@dataclass(frozen=True, slots=True)
class Coverage:
    """The characters of a font, as sorted ranges of code points; both ends are included."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __contains__(self, char: str) -> bool:
        index = bisect_right(self.starts, ord(char)) - 1
        return index >= 0 and ord(char) <= self.ends[index]


def read_coverage(path: Path, face: int = 0) -> Coverage:
    """Return the characters that the font file *path* can draw.

    *face* is the font's index in a collection.

    Raises:
        RenderError: the file has no Unicode character map of format 4 or 12.
    """
    with path.open("rb") as file:
        table = _cmap_offset(file, face)
        ranges = sorted(_ranges(file, table))
    return Coverage(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))


def _unpack(file: BinaryIO, layout: str, offset: int) -> tuple[int, ...]:
    file.seek(offset)
    return struct.unpack(layout, file.read(struct.calcsize(layout)))


def _cmap_offset(file: BinaryIO, face: int) -> int:
    (tag,) = _unpack(file, ">I", 0)
    is_collection = tag == int.from_bytes(b"ttcf", "big")
    (base,) = _unpack(file, ">I", 12 + 4 * face) if is_collection else (0,)
    (tables,) = _unpack(file, ">H", base + 4)
    for index in range(tables):
        name, _, offset, _ = _unpack(file, ">IIII", base + 12 + 16 * index)
        if name == int.from_bytes(b"cmap", "big"):
            return offset
    raise RenderError("font-map-missing")


def _ranges(file: BinaryIO, table: int) -> list[tuple[int, int]]:
    (count,) = _unpack(file, ">H", table + 2)
    records = [_unpack(file, ">HHI", table + 4 + 8 * index) for index in range(count)]
    maps = {(platform, encoding): table + offset for platform, encoding, offset in records}
    for wanted in _ENCODINGS:
        if wanted in maps:
            return _read_map(file, maps[wanted])
    raise RenderError("font-map-not-unicode")


def _read_map(file: BinaryIO, offset: int) -> list[tuple[int, int]]:
    (kind,) = _unpack(file, ">H", offset)
    if kind == 12:  # noqa: PLR2004 - the number is the subtable's own name, "format 12"
        return _read_groups(file, offset)
    if kind == 4:  # noqa: PLR2004 - the number is the subtable's own name, "format 4"
        return _read_segments(file, offset)
    raise RenderError("font-map-format", format=kind)


def _read_groups(file: BinaryIO, offset: int) -> list[tuple[int, int]]:
    (count,) = _unpack(file, ">I", offset + 12)
    flat = _unpack(file, f">{3 * count}I", offset + 16)
    return list(zip(flat[0::3], flat[1::3], strict=True))


def _read_segments(file: BinaryIO, offset: int) -> list[tuple[int, int]]:
    (doubled,) = _unpack(file, ">H", offset + 6)
    count = doubled // 2
    ends = _unpack(file, f">{count}H", offset + 14)
    starts = _unpack(file, f">{count}H", offset + 16 + doubled)
    # The last segment is always 0xFFFF and stands for no character.
    return list(zip(starts[:-1], ends[:-1], strict=True))

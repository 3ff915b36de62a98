"""Colour profiles made by hand, byte by byte, as ICC.1:2022 describes them."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from itertools import product

__all__ = ["DISPLAY_P3", "chained", "cmyk", "grey", "matrix"]

#: Red, green and blue of Display P3 as XYZ, adapted to D50; Apple's own profile has the same.
DISPLAY_P3 = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
_WHITE = (0.9642, 1.0, 0.8249)
Xyz = Sequence[float]


def matrix(colours: Sequence[Xyz], gamma: float) -> bytes:
    """Return a profile for RGB: the XYZ of the three colours, and one gamma for all."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: _xyz(colour) for name, colour in zip(names, colours, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(gamma))
    return _profile(b"mntr", b"RGB ", b"XYZ ", {**tags, **curves})


def grey(gamma: float) -> bytes:
    """Return a profile for grey with *gamma*."""
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(gamma)})


def cmyk(lab: Callable[[int, int, int, int], tuple[int, int, int]]) -> bytes:
    """Return a profile for CMYK; *lab* gives the Lab bytes where each ink is absent or full."""
    nodes = b"".join(bytes(lab(*inks)) for inks in product((0, 1), repeat=4))
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": _lut8(4, nodes)}, 0x02400000)


def chained(steps: int) -> bytes:
    """Return a profile for RGB in which each colour passes the same table *steps* times."""
    white = (100.0, 0.0, 0.0)
    table = b"clut" + bytes(4) + struct.pack(">HH16B", 3, 3, *[2] * 3, *[0] * 13)
    table += struct.pack(">24f", *white * 8)
    offset = 16 + 8 * steps
    chain = b"mpet" + bytes(4) + struct.pack(">HHI", 3, 3, steps)
    chain += struct.pack(">II", offset, len(table)) * steps + table
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: _xyz(colour) for name, colour in zip(names, DISPLAY_P3, strict=True)}
    curves = dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), _curve(2.2))
    return _profile(b"mntr", b"RGB ", b"XYZ ", {**tags, **curves, b"D2B0": chain})


def _profile(
    kind: bytes, space: bytes, link: bytes, tags: dict[bytes, bytes], version: int = 0x04300000
) -> bytes:
    tags = {b"wtpt": _xyz(_WHITE), **tags}
    start = 132 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12x4s", start + len(body), b"none", version, kind, space, link, b"acsp"
    )
    head += bytes(28) + struct.pack(">3i", *(_fixed(value) for value in _WHITE))
    return head.ljust(128, b"\0") + table + body


def _fixed(value: float) -> int:
    return round(value * 65_536)


def _xyz(colour: Xyz) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(_fixed(value) for value in colour))


def _curve(gamma: float) -> bytes:
    return b"para" + bytes(4) + struct.pack(">HHi", 0, 0, _fixed(gamma))


def _lut8(inks: int, nodes: bytes) -> bytes:
    straight = bytes(range(256))
    unit = struct.pack(
        ">9i", *(65_536 * (row == column) for row in range(3) for column in range(3))
    )
    head = b"mft1" + bytes(4) + bytes((inks, 3, 2, 0)) + unit
    return head + straight * inks + nodes + straight * 3

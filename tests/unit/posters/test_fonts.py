from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from contentsvc.errors import RenderError
from contentsvc.posters import Fonts
from contentsvc.posters.typesetting.coverage import read_coverage
from contentsvc.posters.typesetting.fonts import Glyph, _pack_face
from contentsvc.posters.typesetting.unhinted import unhinted


def test_coverage_knows_all_of_gb2312(fonts: Fonts) -> None:
    """Every hanzi of GB 2312, the national standard of 1980, can be drawn."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    hanzi = [char for pair in rows for char in pair.decode("gb2312", errors="ignore")]

    assert len(hanzi) == 6763
    assert all(fonts.covers(char) for char in hanzi)


@pytest.mark.parametrize("char", ["\ue000", "\U00012000", "\U0001fbff"])
def test_coverage_knows_what_is_missing(fonts: Fonts, char: str) -> None:
    """Characters of the private use area and rare scripts are reported as missing."""
    assert not fonts.covers(char)


@pytest.mark.parametrize("char", ["🎉", "❤", "✔", "🥕"])
def test_emoji_come_from_the_packaged_font(fonts: Fonts, char: str) -> None:
    """The monochrome emoji font draws what the fonts for Chinese lack."""
    assert fonts.covers(char)
    assert fonts.font(char, 40, 500).getname()[0] == "Noto Emoji"


def test_each_size_and_weight_is_opened_once(fonts: Fonts) -> None:
    """The same font object is returned again; another weight is another object."""
    first = fonts.open(0, 40, 700)

    assert fonts.open(0, 40, 700) is first
    assert fonts.open(0, 40, 400) is not first


def test_weights_differ_in_ink(fonts: Fonts) -> None:
    """A heavier weight draws more ink, so the variable axis is set."""
    light, black = (fonts.open(0, 100, weight).getmask("好") for weight in (100, 900))

    assert sum(black) > 1.8 * sum(light)


def test_opened_fonts_are_bounded() -> None:
    """The cache of open fonts stays within its limit."""
    fonts = Fonts()
    for size in range(10, 110):
        fonts.open(0, size, 400)

    assert len(fonts._opened) <= 16


def test_a_brands_own_fonts_come_first(tmp_path: Path) -> None:
    """A brand's font draws what it covers, and the packaged fonts draw the rest."""
    source = _pack_face(0).path
    shutil.copy(source, tmp_path / "Brand.ttf")

    fonts = Fonts(tmp_path)

    assert fonts.face_number("好", 500) == 0
    assert fonts.face_number("𠮷", 500) > 0
    assert fonts.key != Fonts().key


@pytest.mark.parametrize("size", [16, 20, 24, 30])
def test_outlines_are_not_hinted(fonts: Fonts, size: int) -> None:
    """A small glyph equals a large one reduced, which is not so with automatic hints."""
    small, large = (
        _on_canvas(fonts.glyph("田", size * times, 400), size * times) for times in (1, 10)
    )

    # With hints the difference is between 1.6 and 6.3.
    assert ImageStat.Stat(ImageChops.difference(small, large.reduce(10))).mean[0] < 0.6


def _on_canvas(glyph: Glyph, size: int) -> Image.Image:
    canvas = Image.new("L", (2 * size, 2 * size))
    canvas.paste(glyph.mask, (size // 2 + glyph.offset[0], size * 3 // 2 + glyph.offset[1]))
    return canvas


def test_only_fonts_without_hints_are_copied(tmp_path: Path) -> None:
    """The packaged font is copied once; a hinted font, or a file that is no font, is not."""
    packaged, emoji = _pack_face(0).path, _pack_face(3).path
    other = tmp_path / "other.otf"
    other.write_bytes(b"OTTO" + bytes(40))

    assert Path(unhinted(packaged)).stat().st_size > packaged.stat().st_size
    assert unhinted(packaged) == unhinted(packaged)
    assert [unhinted(emoji), unhinted(other)] == [str(emoji), str(other)]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (None, b"", "does not exist"),
        ("readme.txt", b"", "holds no .ttf"),
        ("bad.ttf", b"nonsense", "cannot be read"),
    ],
)
def test_an_unusable_font_folder_is_an_error(
    tmp_path: Path, name: str | None, data: bytes, message: str
) -> None:
    """The error names a missing folder, an empty folder or a broken font."""
    folder = tmp_path / "fonts"
    if name:
        folder.mkdir()
        (folder / name).write_bytes(data)

    with pytest.raises(RenderError, match=message):
        Fonts(folder)


def test_a_segment_map_is_read(tmp_path: Path) -> None:
    """A font with only a character map of format 4 is supported."""
    segments = struct.pack(">HHHHHHH", 4, 32, 0, 4, 0, 0, 0)
    segments += struct.pack(">HH", 0x5A, 0xFFFF) + bytes(2) + struct.pack(">HH", 0x41, 0xFFFF)
    cmap = struct.pack(">HHHHI", 0, 1, 3, 1, 12) + segments
    head = struct.pack(">IHHHH", 0x00010000, 1, 0, 0, 0)
    table = struct.pack(">IIII", int.from_bytes(b"cmap", "big"), 0, 28, len(cmap))
    path = tmp_path / "tiny.ttf"
    path.write_bytes(head + table + cmap)

    coverage = read_coverage(path)

    assert ("A" in coverage, "Z" in coverage, "a" in coverage) == (True, True, False)

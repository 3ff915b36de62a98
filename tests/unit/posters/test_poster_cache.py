from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from contentsvc.errors import RenderError
from contentsvc.posters import Brand, Fonts, Poster, Template
from contentsvc.posters.poster_cache import PosterCache, poster_key

Paint = Callable[..., Poster]


def key(template: Template, fonts: Fonts, **more: Any) -> str:
    arguments: dict[str, Any] = {
        "fields": {"title": "好"},
        "brand": Brand(),
        "pictures": dict[str, bytes]().__getitem__,
        "fonts": fonts,
        "size": "9x16",
        "kind": "png",
        **more,
    }
    fields = arguments.pop("fields")
    return poster_key(template, fields, **arguments)


def photo(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 40), colour).save(out, "PNG")
    return out.getvalue()


def test_a_poster_is_painted_once(
    tmp_path: Path, plain: Template, fonts: Fonts, paint: Paint
) -> None:
    """A second request returns the same bytes, text and warnings from the disk."""
    calls = []

    def once() -> Poster:
        calls.append(1)
        return paint(plain, {"title": "好", "other": "x"})

    shelves = [PosterCache(tmp_path), PosterCache(tmp_path)]
    first, again = (shelf.get(key(plain, fonts), "png", None, once) for shelf in shelves)

    assert (first, len(calls)) == (again, 1)
    assert first.warnings[0].code == "unknown_field"
    assert Image.open(io.BytesIO(again.encoded.data)).size == again.size == (400, 300)


@pytest.mark.parametrize(
    "more",
    [
        {"fields": {"title": "坏"}},
        {"brand": Brand(name="甲")},
        {"kind": "jpeg"},
        {"max_bytes": 9000},
        {"brand": Brand(logo="logo.png"), "pictures": {"logo.png": photo("red")}.__getitem__},
    ],
)
def test_whatever_changes_the_bytes_changes_the_key(
    plain: Template, fonts: Fonts, more: dict[str, object]
) -> None:
    """Fields, brand, format, limit and pictures change the key; defaults count as fields."""
    assert key(plain, fonts, **more) != key(plain, fonts)
    assert key(plain, fonts, fields={}, defaults={"title": "好"}) == key(plain, fonts)


def test_a_changed_picture_changes_the_key(plain: Template, fonts: Fonts) -> None:
    """A logo that was replaced under the same name changes the key."""
    red, blue = (
        key(plain, fonts, brand=Brand(logo="l"), pictures={"l": photo(colour)}.__getitem__)
        for colour in ("red", "blue")
    )

    assert red != blue


@pytest.mark.parametrize("damage", [b"", b"{}\nxx", b"nonsense", None])
def test_a_damaged_file_is_replaced(
    tmp_path: Path, plain: Template, fonts: Fonts, paint: Paint, damage: bytes | None
) -> None:
    """A cached file that was truncated or changed is never returned."""
    shelf, name = PosterCache(tmp_path), key(plain, fonts)
    good = shelf.get(name, "png", None, lambda: paint(plain, {"title": "好"}))
    (file,) = tmp_path.glob("??/*")
    file.write_bytes(file.read_bytes()[:-1] + b"!" if damage is None else damage)

    assert shelf.get(name, "png", None, lambda: paint(plain, {"title": "好"})) == good


def test_the_least_recently_used_posters_are_deleted(
    tmp_path: Path, plain: Template, fonts: Fonts, paint: Paint
) -> None:
    """The folder stays within its limit, and the last requested poster stays."""
    shelf = PosterCache(tmp_path, limit=6000)
    names = [key(plain, fonts, fields={"title": title}) for title in "一二三四五六七八"]
    for name, title in zip(names, "一二三四五六七八", strict=True):
        shelf.get(name, "png", None, partial(paint, plain, {"title": title}))

    left = {path.name for path in tmp_path.glob("??/*")}
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*")) <= 6000
    assert names[-1] in left
    assert names[0] not in left


def test_posters_are_painted_if_the_folder_cannot_be_written(
    tmp_path: Path, plain: Template, fonts: Fonts, paint: Paint
) -> None:
    """A file in the place of the folder does not prevent painting."""
    (tmp_path / "shelf").write_text("in the way")
    shelf = PosterCache(tmp_path / "shelf")

    cached = shelf.get(key(plain, fonts), "png", None, lambda: paint(plain, {"title": "好"}))

    assert cached.size == (400, 300)


def test_a_missing_field_is_an_error_before_painting(plain: Template, fonts: Fonts) -> None:
    """The key of a poster raises the same error as the poster itself."""
    with pytest.raises(RenderError, match="title"):
        key(plain, fonts, fields={})

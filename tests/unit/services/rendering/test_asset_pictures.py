"""The picture files that the poster forms offer."""

from __future__ import annotations

from pathlib import Path

from contentsvc.services.rendering.painting import asset_pictures


def test_the_first_names_are_listed_whatever_the_order_on_the_disk(tmp_path: Path) -> None:
    """Of many pictures, the first by name are listed; other files and doubles are left out."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    names = [f"{number:02}.png" for number in range(20)]
    for folder in (own, shipped):
        folder.mkdir()
        for name in reversed(names):
            (folder / name).touch()
    (own / "00.txt").touch()

    assert asset_pictures([own, shipped], 5) == names[:5]

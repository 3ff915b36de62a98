"""docs/architecture.md and docs/glossary.md say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from contentsvc.domain.deliveries import MOVES, Actor, DeliveryStatus
from contentsvc.domain.elements import Element

_ROOT = Path(__file__).resolve().parents[1]
_PAGE = (_ROOT / "docs/architecture.md").read_text(encoding="utf-8")
_GLOSSARY = (_ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def test_the_table_of_moves_is_the_code_s() -> None:
    """Every legal move stands in the page with who makes it, and no other does."""
    statuses = "|".join(DeliveryStatus)
    rows = re.findall(rf"^\| ({statuses}) \| ({statuses}) \| ([a-z, ]+) \|$", _PAGE, re.MULTILINE)

    assert rows == [
        (before, after, ", ".join(actor for actor in Actor if actor in by))
        for (before, after), by in MOVES.items()
    ]


def test_every_room_is_in_the_page() -> None:
    """Each package and module directly below `contentsvc/` is named, and each named one exists."""
    package = _ROOT / "contentsvc"
    there = {
        f"contentsvc/{path.name}{'/' if path.is_dir() else ''}"
        for path in package.iterdir()
        if (path.is_dir() and (path / "__init__.py").exists()) or path.suffix == ".py"
    }
    unnamed = {"contentsvc/__init__.py", "contentsvc/__main__.py"}

    named = set(re.findall(r"`(contentsvc/[a-z_]+(?:/|\.py))`", _PAGE))

    assert named == there - unnamed


def test_every_module_named_in_the_page_exists() -> None:
    """The walk through the house leads past no door that is gone."""
    for name in re.findall(r"`((?:services|domain|db)/[a-z_]+)(?:\.py)?`", _PAGE):
        place = _ROOT / "contentsvc" / name

        assert place.is_dir() or place.with_suffix(".py").is_file(), name


def test_the_glossary_holds_the_words_of_the_code() -> None:
    """The statuses' nouns and each element that the glossary names exist in the code."""
    words = set(re.findall(r"^\| ([a-z -]+) \|", _GLOSSARY, re.MULTILINE))
    row = next(line for line in _GLOSSARY.splitlines() if line.startswith("| element |"))
    elements = set(re.findall(r"([a-z-]+) [\u4e00-\u9fff]", row)) - {"activity", "deal", "is"}

    assert {"entry", "delivery", "rendition", "receipt", "hand-off", "slot"} <= words
    assert elements <= set(Element)

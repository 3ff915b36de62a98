"""docs/architecture.md, the other pages for developers and the glossary agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contentsvc.domain.deliveries import MOVES, Actor, DeliveryStatus
from contentsvc.domain.elements import Element

_ROOT = Path(__file__).resolve().parents[1]
_PAGE = (_ROOT / "docs/architecture.md").read_text(encoding="utf-8")
_PAGES = sorted(
    {
        _ROOT / "docs/architecture.md",
        _ROOT / "docs/reliability.md",
        _ROOT / "docs/performance.md",
        *(_ROOT / "docs/decisions").glob("*.md"),
        *(_ROOT / "docs/how-to").glob("*.md"),
    }
)
_GLOSSARY = (_ROOT / "docs/glossary.md").read_text(encoding="utf-8")


def test_the_table_of_moves_is_the_code_s() -> None:
    """The page lists every legal move with its actors, and no other."""
    statuses = "|".join(DeliveryStatus)
    rows = re.findall(rf"^\| ({statuses}) \| ({statuses}) \| ([a-z, ]+) \|$", _PAGE, re.MULTILINE)

    assert rows == [
        (before, after, ", ".join(actor for actor in Actor if actor in by))
        for (before, after), by in MOVES.items()
    ]


def test_every_package_is_in_the_map() -> None:
    """The map has a line for each package, at any depth, and for each module beside them."""
    package = _ROOT / "contentsvc"
    packages = {f"{path.parent.relative_to(_ROOT)}/" for path in package.rglob("__init__.py")} - {
        "contentsvc/"
    }
    modules = {f"contentsvc/{path.name}" for path in package.glob("[!_]*.py")}
    map_lines = re.findall(r"^\| (`contentsvc/.+?) \|", _PAGE, re.MULTILINE)

    mapped = {name for line in map_lines for name in re.findall(r"`([^`]+)`", line)}

    assert mapped == packages | modules


def _paths_of(page: str) -> set[str]:
    """Return every path of a package, module, folder or file that *page* names in code."""
    tops = "contentsvc|plugins|calendars|assets|tests|docs|services|domain|db|web|worker|channels"
    return set(re.findall(rf"`((?:{tops})/[\w./-]*)`", page))


@pytest.mark.parametrize("page", [_ROOT / "CONTRIBUTING.md", *_PAGES], ids=lambda page: page.name)
def test_every_path_named_in_a_page_exists(page: Path) -> None:
    """Pages for developers name no file, module or folder that is gone."""
    for name in sorted(_paths_of(page.read_text(encoding="utf-8"))):
        places = [base / name for base in (_ROOT, _ROOT / "contentsvc")]

        assert any(place.exists() or place.with_suffix(".py").exists() for place in places), (
            f"{page.name} names {name}"
        )


def test_the_map_answers_the_usual_questions() -> None:
    """A newcomer who wants to add something finds the file to change."""
    answers = re.findall(r"^\| an? ([\w ]+) \| (.+?) \|", _PAGE, re.MULTILINE)
    questions = {question for question, _ in answers}

    assert {
        *("setting", "delivery status", "table column", "poster layer", "message or an error"),
        *("page", "command", "metric", "check of planned posts", "channel"),
    } <= questions


def test_the_glossary_holds_the_words_of_the_code() -> None:
    """Each element that the glossary names exists, and so do the terms of the delivery engine."""
    terms = set(re.findall(r"^\| ([a-z -]+) \|", _GLOSSARY, re.MULTILINE))
    row = next(line for line in _GLOSSARY.splitlines() if line.startswith("| element |"))
    elements = set(re.findall(r"([a-z-]+) [\u4e00-\u9fff]", row)) - {"activity", "deal", "is"}

    assert {"entry", "delivery", "rendition", "receipt", "hand-off", "slot"} <= terms
    assert {"lane", "fence", "lease", "claim", "pace", "in doubt", "message", "code"} <= terms
    assert elements <= set(Element)

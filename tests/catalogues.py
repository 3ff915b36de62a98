"""Compile the translation catalogues, which may have changed since the editable install."""

from __future__ import annotations

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

__all__ = ["TRANSLATIONS", "compile_catalogues"]

TRANSLATIONS = Path(__file__).parents[1] / "contentsvc/web/translations"


def compile_catalogues() -> None:
    """Write a `.mo` file beside every `.po` file; several processes may do so at the same time."""
    for source in TRANSLATIONS.rglob("*.po"):
        part = source.with_suffix(f".{os.getpid()}.part")
        with source.open("rb") as po, part.open("wb") as mo:
            write_mo(mo, read_po(po, locale=source.parent.parent.name))
        part.replace(source.with_suffix(".mo"))

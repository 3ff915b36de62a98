"""The catalogue: the text of every message code, read from TOML files."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["LANGUAGES", "catalogue"]

#: The supported languages. Logs and the command line use the first.
LANGUAGES = ("en", "zh")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the texts of all messages in *language* (`en` or `zh`), by message code.

    Raises:
        ValueError: two files have a text for the same code, or a text is not a string.
    """
    texts: dict[str, str] = {}
    folder = files("contentsvc.messages") / language
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        for code, text in tomllib.loads(file.read_text(encoding="utf-8")).items():
            if code in texts or not isinstance(text, str):
                raise ValueError(f"{language}/{file.name}: {code} is not one text, given once")
            texts[code] = text
    return MappingProxyType(texts)

"""Every message code has a text in both languages, and every code that the code uses exists."""

from __future__ import annotations

import string

import pytest

from contentsvc.messages import LANGUAGES, catalogue


def _names(text: str) -> set[str]:
    return {name.split(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_every_code() -> None:
    """English and Chinese have the same codes."""
    english, chinese = (set(catalogue(language)) for language in LANGUAGES)

    assert english == chinese


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_code_is_a_short_name(language: str) -> None:
    """Codes are lower-case words joined by hyphens."""
    odd = [code for code in catalogue(language) if code.strip("-").replace("-", "").isalnum() < 1]

    assert not [code for code in catalogue(language) if code != code.lower()]
    assert odd == []


def test_both_texts_name_the_same_parameters() -> None:
    """A text that leaves out a value, or names one that is not given, is a mistake."""
    differing = [
        code
        for code, text in catalogue("en").items()
        if _names(text) != _names(catalogue("zh")[code])
    ]

    assert differing == []

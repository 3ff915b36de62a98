"""Tests of the table of elements in docs/posts.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentsvc.channels import markdown_html
from tests.unit.channels.formats.rules import FORMATS, RULES, Rule, page_table

_PAGE = Path(__file__).parents[4] / "docs/posts.md"


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.element)
def test_an_element_is_formatted(rule: Rule, format_name: str) -> None:
    """Each element has the result that the table shows."""
    assert FORMATS[format_name](markdown_html(rule.markdown)) == getattr(rule, format_name)


def test_the_page_shows_the_table() -> None:
    """docs/posts.md has the table that `python -m tests.unit.channels.formats.rules` prints."""
    assert page_table() in _PAGE.read_text(encoding="utf-8")

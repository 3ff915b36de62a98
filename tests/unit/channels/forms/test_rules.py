"""Each element has its look in each form, and the page says the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from contentsvc.channels import markdown_html
from tests.unit.channels.forms.rules import FORMS, RULES, Rule, page_table

_PAGE = Path(__file__).parents[4] / "docs/posts.md"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.element)
def test_an_element_takes_its_form(rule: Rule, form: str) -> None:
    """Row by row and column by column, as the table says."""
    assert FORMS[form](markdown_html(rule.markdown)) == getattr(rule, form)


def test_the_page_shows_the_table() -> None:
    """docs/posts.md has the table as `python -m tests.unit.channels.forms.rules` prints it."""
    assert page_table() in _PAGE.read_text(encoding="utf-8")

"""Tests of the tables of docs/plugins.md that come from the code."""

from __future__ import annotations

import pytest

from tests.guide_tables import GUIDE, TABLES, block_between, with_block

TEXT = GUIDE.read_text("utf-8")


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_guide_are_current(name: str) -> None:
    """docs/plugins.md has the tables of the code; `python -m tests.guide_tables` writes them."""
    assert block_between(TEXT, name) == "\n".join(TABLES[name]())


@pytest.mark.parametrize("name", TABLES)
def test_writing_a_table_leaves_the_rest(name: str) -> None:
    """Only the lines between the markers are replaced."""
    changed = with_block(TEXT, name, "| other |")

    assert block_between(changed, name) == "| other |"
    assert with_block(changed, name, block_between(TEXT, name)) == TEXT


def test_a_guide_without_markers_is_refused() -> None:
    """Without its markers, a table has nowhere to go."""
    with pytest.raises(ValueError, match="substring not found"):
        with_block("# Plugins\n", "api", "| a |")

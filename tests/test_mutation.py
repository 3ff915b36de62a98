"""`make mutate` makes the changes it promises, and each changed module is still Python."""

from __future__ import annotations

import ast

import pytest

from tests.mutation.__main__ import TARGETS
from tests.mutation.mutants import mutants


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("late = now > due", {"(now >= due)"}),
        ("ends = a and b", {"(a or b)"}),
        ("ends = not a", {"(a)"}),
        ("most = 8", {"(9)"}),
        ("is_out = True", {"(False)"}),
        ("end = start + lease", {"(start - lease)"}),
        ("first = min(a, b)", {"(max(a, b))"}),
        ("state = a if b else c", {"(c if b else a)"}),
        ("by = {S.A: x, S.B: y}", {"({S.B: y})", "({S.A: x})", "(S.B)", "(S.A)"}),
        ("by = {a}", {"({*()})"}),
        ("rows = where(a, b)", {"(where(b))", "(where(a))"}),
        ("row = replace(row, a=b)", {"(replace(row))"}),
        ("def f():\n    raise E", {"pass"}),
        (
            "def f():\n    if a:\n        b = c",
            {"if False:\n        b = c", "if True:\n        b = c"},
        ),
    ],
)
def test_each_kind_of_fault_is_made(source: str, changes: set[str]) -> None:
    """Each mutant changes one expression or statement."""
    assert {mutant.after for mutant in mutants(source)} == changes


@pytest.mark.parametrize(
    "source",
    ["__all__ = ['a', 1]", "def f(a: int | None) -> int:\n    'Count 1.'", "import a"],
)
def test_parts_that_no_test_depends_on_stay(source: str) -> None:
    """Docstrings, annotations, imports and the list of public names are not changed."""
    assert not list(mutants(source))


def test_only_the_named_parts_are_changed() -> None:
    """A target may be a few functions of a module."""
    source = "first = 1\n\n\ndef second() -> int:\n    return 2\n"

    assert [(mutant.line, mutant.before) for mutant in mutants(source, ["second"])] == [(5, "2")]


@pytest.mark.parametrize("name", TARGETS)
def test_the_mutants_of_every_target_are_python(name: str) -> None:
    """A mutant that cannot be compiled would count as noticed, though no test ran."""
    target = TARGETS[name]
    source = target.path.read_text(encoding="utf-8")

    made = list(mutants(source, target.names))

    assert made
    for mutant in made:
        ast.parse(mutant.source)

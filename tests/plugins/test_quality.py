"""The shipped plugins reach the tier that they state."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from contentsvc.channels.contract import RenderContract
from contentsvc.channels.hosting import load_plugins
from contentsvc.channels.quality import (
    ContractRun,
    Tier,
    assess,
    gather_facts,
    read_declaration,
)
from contentsvc.channels.quality.contract_report import Outcome, unproven
from contentsvc.channels.testing import load_plugin
from contentsvc.cli.plugins import _file_faults
from contentsvc.config import shipped

ROOT = Path(__file__).parents[2]
PLUGINS = [
    Path(plugin.origin) for plugin in load_plugins([shipped("plugins")], entry_points=False).plugins
]


def run_of(test: Path) -> ContractRun:
    """Return the run of a test file that passes, as the suite shows when it runs the file."""
    name = ".".join(test.relative_to(ROOT).with_suffix("").parts)
    module = importlib.import_module(name)
    contracts = unproven(
        outcome
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, RenderContract)
        for outcome in outcomes(value)
    )
    return ContractRun(
        1, 0, {kind: {name: tuple(t) for name, t in one.items()} for kind, one in contracts.items()}
    )


def outcomes(owner: type) -> Iterator[Outcome]:
    if hasattr(owner, "channel_class"):
        yield from (Outcome(owner, name, True) for name in dir(owner) if name.startswith("test_"))


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.stem)
def test_a_shipped_plugin_reaches_the_tier_that_it_states(plugin: Path) -> None:
    """The tier in the plugin's declaration is the one that its code and its answers reach."""
    declaration = read_declaration(plugin)
    registry = load_plugin(plugin)
    assert declaration.test is not None

    facts = gather_facts(
        registry, plugin, file_faults=list(_file_faults(registry)), run=run_of(declaration.test)
    )
    found = assess(facts, declaration)

    assert declaration.tier is not None
    missing = [finding.rule.name for finding in found.missing(found.next_tier or Tier.PLATINUM)]
    assert (found.tier, missing) == (declaration.tier, missing)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.stem)
def test_an_answer_of_a_shipped_plugin_counts(plugin: Path) -> None:
    """Each answer decides about its rule; an answer that the program makes needless is gone."""
    declaration = read_declaration(plugin)
    registry = load_plugin(plugin)
    assert declaration.test is not None

    facts = gather_facts(registry, plugin, file_faults=[], run=run_of(declaration.test))
    found = assess(facts, declaration)

    used = {finding.rule.name for finding in found.findings if finding.answer is not None}
    assert set(declaration.answers) == used

"""A pytest plugin that reports which tests of the contract a channel type passed.

`contentsvc plugins check` runs `pytest -p contentsvc.channels.quality.contract_report
--contract-report FILE`; `ContractRun.read` reads the file.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from contentsvc.channels.contract import ChannelContract, HttpChannelContract, RenderContract

__all__ = ["Outcome", "Recorder", "pytest_addoption", "pytest_configure", "unproven"]

#: Each class inherits from the one before it.
_CONTRACTS: tuple[type, ...] = (RenderContract, ChannelContract, HttpChannelContract)


def _tests_of(contract: type) -> set[str]:
    """Return the tests that *contract* adds to the contract class that it inherits from."""
    before = _CONTRACTS[: _CONTRACTS.index(contract)]
    inherited = {name for one in before for name in dir(one)}
    return {name for name in dir(contract) if name.startswith("test_")} - inherited


_TESTS = {contract.__name__: _tests_of(contract) for contract in _CONTRACTS}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option `--contract-report` to pytest."""
    parser.addoption("--contract-report", type=Path, help="write the passed contracts to this file")


def pytest_configure(config: pytest.Config) -> None:
    """Start recording if the option `--contract-report` is given."""
    path = config.getoption("--contract-report")
    if path is not None:
        config.pluginmanager.register(Recorder(path))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one test of a test class."""

    owner: Any
    #: The name of the method.
    test: str
    is_passed: bool


def unproven(outcomes: Iterable[Outcome]) -> dict[str, dict[str, list[str]]]:
    """Return, by channel type and contract class, the tests that did not pass in every test class.

    A test that the plugin's class overrides proves nothing.
    """
    proven: dict[tuple[str, str], set[str]] = defaultdict(set)
    broken: dict[tuple[str, str], set[str]] = defaultdict(set)
    for outcome in outcomes:
        for contract in (one for one in _CONTRACTS if issubclass(outcome.owner, one)):
            key = outcome.owner.channel_class.type, contract.__name__
            is_own = getattr(outcome.owner, outcome.test) is getattr(contract, outcome.test, None)
            (proven if is_own and outcome.is_passed else broken)[key].add(outcome.test)
    found: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for key in sorted({*proven, *broken}):
        channel_type, name = key
        found[channel_type][name] = sorted(_TESTS[name] - (proven[key] - broken[key]))
    return found


class Recorder:
    """Records the outcome of each test, and writes a report when the run ends."""

    def __init__(self, path: Path) -> None:
        """Create a recorder that will write its report to *path*."""
        self._path = path
        self._items: dict[str, pytest.Item] = {}
        self._failed: set[str] = set()
        self._ended: set[str] = set()
        self._passed = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Record the outcome of one phase of a test: setup, call or teardown."""
        report = yield
        self._items[item.nodeid] = item
        if report.failed:
            self._failed.add(item.nodeid)
        elif report.when == "call":
            # A test of the contract skips itself if it is about something that a channel lacks.
            self._ended.add(item.nodeid)
            self._passed += report.passed
        return report

    def pytest_sessionfinish(self) -> None:
        """Write the report."""
        report = {
            "passed": self._passed,
            "failed": len(self._failed),
            "contracts": unproven(self._outcomes()),
        }
        self._path.write_text(json.dumps(report), "utf-8")

    def _outcomes(self) -> Iterator[Outcome]:
        for node_id, item in self._items.items():
            if isinstance(item, pytest.Function) and item.cls is not None:
                is_passed = node_id in self._ended - self._failed
                yield Outcome(item.cls, item.originalname, is_passed)

"""The facts by which a plugin's quality is assessed: its classes, source and test run."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contentsvc.channels.channel import Channel
from contentsvc.channels.registry import Registry
from contentsvc.messages import Message, Phrases

__all__ = ["ContractRun", "PluginFacts", "gather_facts"]

#: Python files beside a plugin's modules that are its tests.
_TESTS = re.compile(r"test_.*|.*_test|conftest")


@dataclass(frozen=True, slots=True)
class ContractRun:
    """The result of running a plugin's tests. Those of the contract are listed separately."""

    passed: int = 0
    failed: int = 0
    #: By channel type and then by the name of a contract class: its tests that did not pass or that
    #: the plugin's test class replaces. A class that was not run is not in it.
    contracts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> ContractRun:
        """Read the result that `contract_report` wrote to *path*; an empty one if pytest failed."""
        if not path.is_file():
            return cls()
        found = json.loads(path.read_text("utf-8"))
        contracts = {
            channel_type: {name: tuple(tests) for name, tests in unproven.items()}
            for channel_type, unproven in found["contracts"].items()
        }
        return cls(found["passed"], found["failed"], contracts)


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """The facts about a plugin that the rules check."""

    version: str = ""
    #: Why it could not be loaded; None if it was.
    error: Message | None = None
    channel_types: Mapping[str, type[Channel]] = field(default_factory=dict)
    #: Faults of its poster templates and calendar files.
    file_faults: tuple[str, ...] = ()
    has_files: bool = False
    #: The text of each Python file, by its name.
    sources: Mapping[str, str] = field(default_factory=dict)
    phrases: tuple[Phrases, ...] = ()
    run: ContractRun = field(default_factory=ContractRun)


def gather_facts(
    registry: Registry, path: Path, *, file_faults: Sequence[str], run: ContractRun
) -> PluginFacts:
    """Collect the facts about the only plugin in *registry*, which was loaded from *path*."""
    (plugin,) = registry.plugins
    files = [] if plugin.error else list(_source_files(path))
    return PluginFacts(
        version=plugin.version,
        error=plugin.error,
        channel_types=dict(registry.channel_types()),
        file_faults=tuple(file_faults),
        has_files=bool(registry.poster_folders() or registry.calendar_templates()),
        sources={file.name: file.read_text("utf-8") for file in files},
        phrases=tuple(_phrases(files)),
        run=run,
    )


def _source_files(path: Path) -> Iterator[Path]:
    found = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return (file for file in found if not _TESTS.fullmatch(file.stem))


def _phrases(files: Sequence[Path]) -> Iterator[Phrases]:
    """Yield the Phrases objects in the plugin's imported modules."""
    paths = {str(file.resolve()) for file in files}
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) in paths:
            yield from (value for value in vars(module).values() if isinstance(value, Phrases))

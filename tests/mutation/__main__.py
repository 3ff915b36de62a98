"""`make mutate`: change the rules of a delivery on purpose, and count what the tests notice.

Each target is a module, the tests that should notice a fault in it, and the least share of its
mutants that they must notice. A mutant that no test notices is printed: a test is missing, or the
change makes no difference.

Every mutant is tested in a fork of a process that has already imported the libraries, because
importing them would take longer than most tests.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from types import ModuleType

import click
import pytest

from tests.mutation.mutants import Mutant, mutants

_ROOT = Path(__file__).resolve().parents[2]
#: Libraries that the tests of the targets import.
_LIBRARIES = ("alembic", "httpx", "psycopg", "pydantic", "redis", "rq", "sqlalchemy")
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True, slots=True)
class Target:
    """A module to change, and the tests that should notice."""

    module: str
    tests: tuple[str, ...]
    #: The least share of mutants that tests must notice, from 0 to 1.
    floor: float
    #: The functions, classes and tables to change; all if empty.
    names: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Return the module's file."""
        return _ROOT / f"{self.module.replace('.', '/')}.py"


@dataclass(frozen=True, slots=True)
class Sample:
    """The mutants to test: *most* drawn at random with *seed*, or all if *most* is None."""

    most: int | None
    seed: int

    def draw(self, made: list[Mutant]) -> list[Mutant]:
        """Return the mutants to test, in the order of *made*."""
        if self.most is None or self.most >= len(made):
            return made
        drawn = random.Random(self.seed).sample(range(len(made)), self.most)
        return [made[index] for index in sorted(drawn)]


TARGETS = {
    "deliveries": Target(
        "contentsvc.domain.deliveries",
        ("tests/unit/domain/test_deliveries.py", "tests/unit/services/delivery/test_judging.py"),
        floor=0.97,
    ),
    "judge": Target(
        "contentsvc.services.delivery.tasks",
        ("tests/unit/services/delivery/test_judging.py",),
        floor=1.0,
    ),
    "reconciling": Target(
        "contentsvc.services.delivery.reconciling",
        (
            "tests/integration/services/delivery/test_reaping.py",
            "tests/integration/services/delivery/test_publishing.py",
            "tests/integration/services/delivery/test_dispatching.py",
            "tests/integration/services/test_withdrawing.py",
        ),
        floor=0.8,
    ),
}


def main() -> None:
    """Run the targets that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="make mutate")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="tests at a time")
    parser.add_argument("--most", type=int, metavar="N", help="test N mutants drawn at random")
    parser.add_argument("--seed", type=int, default=1, help="seed of that draw (default 1)")
    options = parser.parse_args()
    unknown = sorted(set(options.targets) - set(TARGETS))
    if unknown:
        parser.error(f"there is no target {unknown[0]!r}; choose from {', '.join(TARGETS)}")
    for library in _LIBRARIES:
        importlib.import_module(library)
    names = options.targets or list(TARGETS)
    sample = Sample(options.most, options.seed)
    passed = [_run(name, TARGETS[name], sample, options.jobs) for name in names]
    sys.exit(0 if all(passed) else 1)


def _run(name: str, target: Target, sample: Sample, jobs: int) -> bool:
    """Test the mutants of a target, print those that survive, and return whether it passes."""
    source = target.path.read_text(encoding="utf-8")
    started = time.monotonic()
    unchanged = Mutant(1, "", "", source)
    if not _survivors(target, [unchanged], jobs=1, timeout=600):
        sys.exit(f"{name}: the tests fail before anything is changed")
    timeout = 10 + 5 * (time.monotonic() - started)
    changed = sample.draw(list(mutants(source, target.names)))
    survivors = _survivors(target, changed, jobs, timeout)
    for mutant in survivors:
        before, after = (" ".join(text.split()) for text in (mutant.before, mutant.after))
        click.echo(f"{target.module}:{mutant.line}: {before[:150]}  ->  {after[:150]}")
    score = 1 - len(survivors) / len(changed)
    click.echo(
        f"{name}: {len(changed) - len(survivors)} of {len(changed)} mutants noticed, "
        f"{score:.1%} (floor {target.floor:.0%}), {time.monotonic() - started:.0f} s"
    )
    return score >= target.floor


def _survivors(
    target: Target, changed: Sequence[Mutant], jobs: int, timeout: float
) -> list[Mutant]:
    """Return the mutants that no test notices; a test that takes *timeout* seconds notices."""
    survivors = []
    waiting = list(reversed(changed))
    running: dict[ForkProcess, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            process = _FORK.Process(target=_test, args=(target, mutant))
            process.start()
            running[process] = (mutant, time.monotonic() + timeout)
        wait([process.sentinel for process in running], timeout=0.5)
        for process, (mutant, deadline) in list(running.items()):
            if process.is_alive() and time.monotonic() > deadline:
                process.kill()
                process.join()
            if not process.is_alive():
                process.join()
                del running[process]
                if process.exitcode == 0:
                    survivors.append(mutant)
    return sorted(survivors, key=lambda mutant: mutant.line)


def _test(target: Target, mutant: Mutant) -> None:
    """Run the tests of *target* with its module replaced by a mutant; exit as pytest does."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, _MutantFinder(target, mutant.source))
    os.chdir(_ROOT)
    # SQLite alone: starting PostgreSQL for each mutant would take longer than its tests.
    options = ["-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-k", "not postgresql"]
    os._exit(int(pytest.main([*options, *target.tests])))


class _MutantFinder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports the target's module from a mutant's source instead of its file."""

    def __init__(self, target: Target, source: str) -> None:
        """Import the module of *target* from *source*."""
        self._target = target
        self._source = source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Return a spec for the target's module, and None for any other."""
        if fullname != self._target.module:
            return None
        return importlib.util.spec_from_loader(fullname, self, origin=str(self._target.path))

    def get_source(self, fullname: str) -> str:
        """Return the mutant's source."""
        return self._source


if __name__ == "__main__":
    main()

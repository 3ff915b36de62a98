"""The import contracts hold, and import-linter notices a breach of each."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest

from contentsvc import channels

_ROOT = Path(__file__).resolve().parents[1]

#: A contract's name in `.importlinter`, a module, and an import that breaks it there.
_BREACHES = [
    ("layers", "messages/catalogue.py", "import contentsvc.errors"),
    ("layers", "yaml_nodes.py", "import contentsvc.domain"),
    ("layers", "services/entries.py", "import contentsvc.web"),
    ("layers", "domain/weeks.py", "import contentsvc.db"),
    ("layers", "db/types.py", "import contentsvc.channels"),
    ("layers", "launcher/up.py", "import contentsvc.worker"),
    ("layers", "web/boards.py", "import contentsvc.cli"),
    ("bottom", "config.py", "import contentsvc.services"),
    ("values", "posters/painting/poster.py", "import contentsvc.config"),
    ("pure", "domain/entries.py", "import sqlalchemy"),
    ("painting", "posters/qr.py", "import httpx"),
    ("rq", "services/delivery/dispatching.py", "import rq"),
    ("flask", "services/entries.py", "import flask"),
    ("typesetting", "posters/typesetting/breaking.py", "import contentsvc.posters.colours"),
    ("template", "posters/template/schema.py", "import contentsvc.posters.painting.scene"),
    ("poster_painting", "cli/posters.py", "import contentsvc.posters.painting.scene"),
    ("delivery", "services/delivery/sending.py", "import contentsvc.services.planning"),
    (
        "calendar_files",
        "services/calendar_files/importing.py",
        "import contentsvc.services.delivery.sending",
    ),
    ("poster_batches", "services/poster_batches/making.py", "import contentsvc.services.entries"),
    ("corrections", "services/planning.py", "import contentsvc.services.corrections.correcting"),
    ("rendering", "services/rendering/renderer.py", "import contentsvc.services.deliveries"),
    ("channel_setup", "services/channel_setup/channels.py", "import contentsvc.services.planning"),
    ("operations", "services/operations/health.py", "import contentsvc.services.entries"),
    ("entry_pages", "web/entries/editor.py", "import contentsvc.web.batches.runs"),
    ("studio_pages", "web/studio/studio.py", "import contentsvc.web.batches.runs"),
    ("batch_pages", "web/boards.py", "import contentsvc.web.batches.runs"),
    ("operation_pages", "web/boards.py", "import contentsvc.web.operations.metrics"),
    ("faces", "services/entries.py", "import contentsvc.channels.settings"),
]


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def _contracts() -> dict[str, str]:
    parser = ConfigParser()
    parser.read(_ROOT / ".importlinter", encoding="utf-8")
    start = "importlinter:contract:"
    names = [name for name in parser.sections() if name.startswith(start)]
    return {name.removeprefix(start): parser[name]["name"] for name in names}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Create a copy of the package and its contracts that a test may break."""
    shutil.copytree(
        _ROOT / "contentsvc",
        tmp_path / "contentsvc",
        ignore=lambda _folder, names: [name for name in names if name == "__pycache__"],
    )
    shutil.copy(_ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_contracts_hold() -> None:
    """The package keeps every contract."""
    answer = _lint(_ROOT)

    assert answer.returncode == 0, answer.stdout
    assert f"Contracts: {len(_contracts())} kept, 0 broken." in answer.stdout


@pytest.mark.parametrize(("contract", "module", "line"), _BREACHES)
def test_a_breach_is_caught(copy: Path, contract: str, module: str, line: str) -> None:
    """One import in the wrong place breaks the contract that forbids it."""
    file = copy / "contentsvc" / module
    file.write_text(file.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")

    answer = _lint(copy)

    assert answer.returncode == 1
    assert f"{_contracts()[contract]} BROKEN" in answer.stdout


def test_every_contract_is_broken_once() -> None:
    """Each contract has a breach in the table above."""
    assert {contract for contract, _, _ in _BREACHES} == set(_contracts())


def test_every_module_of_the_plugin_api_is_behind_its_faces() -> None:
    """The contract of the faces lists each module of `contentsvc.channels` but `hosting`."""
    parser = ConfigParser()
    parser.read(_ROOT / ".importlinter", encoding="utf-8")
    listed = parser["importlinter:contract:faces"]["protected_modules"].split()
    modules = {path.stem for path in (_ROOT / "contentsvc" / "channels").glob("[a-z]*")}

    assert set(listed) == {f"contentsvc.channels.{name}" for name in modules - {"hosting"}}


def _imports(file: Path) -> Iterator[tuple[str, int]]:
    """Yield the modules that a file imports, each with its level: 0 for an absolute import."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"), str(file))):
        if isinstance(node, ast.Import):
            yield from ((name.name, 0) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield base, node.level
            # `from contentsvc import db` imports a module as well.
            yield from ((f"{base}.{name.name}", node.level) for name in node.names)


def _outside_the_plugin_api(folder: Path) -> list[str]:
    """Return the imports of plugins from this package that are not names of the plugin API."""
    names = {"contentsvc.channels", *(f"contentsvc.channels.{name}" for name in channels.__all__)}
    return [
        f"{file.relative_to(folder)}: {module}"
        for file in sorted(folder.rglob("*.py"))
        for module, level in _imports(file)
        if level == 0 and module.split(".")[0] == "contentsvc" and module not in names
    ]


def _plugins_imported(folder: Path) -> list[str]:
    """Return the imports of plugins in the package."""
    return [
        f"{file.relative_to(folder)}: {module}"
        for file in sorted(folder.rglob("*.py"))
        for module, level in _imports(file)
        if level == 0 and module.split(".")[0] == "plugins"
    ]


def test_plugins_import_the_plugin_api_alone() -> None:
    """The shipped plugins import nothing that a third party's could not."""
    assert list((_ROOT / "plugins").rglob("*.py"))
    assert _outside_the_plugin_api(_ROOT / "plugins") == []


@pytest.mark.parametrize(
    "line",
    [
        "import contentsvc.db.models",
        "from contentsvc.services import entries",
        "from contentsvc import config",
        "from contentsvc.channels import hosting",
        "from contentsvc.channels.registry import load_plugins",
        "def late():\n    import contentsvc.errors",
    ],
)
def test_a_plugin_that_reaches_further_is_caught(tmp_path: Path, line: str) -> None:
    """Any other import is reported, even inside a function."""
    source = f"from contentsvc.channels import Channel\n{line}\n"
    (tmp_path / "greedy.py").write_text(source, encoding="utf-8")

    assert _outside_the_plugin_api(tmp_path)


def test_the_package_never_imports_plugins() -> None:
    """Plugins are loaded by path, exactly as a third party's are."""
    assert _plugins_imported(_ROOT / "contentsvc") == []


def test_a_package_that_imports_a_plugin_is_caught(tmp_path: Path) -> None:
    """An import of a plugin is reported."""
    (tmp_path / "short_cut.py").write_text("from plugins.site import Site\n", encoding="utf-8")

    assert _plugins_imported(tmp_path) == [
        "short_cut.py: plugins.site",
        "short_cut.py: plugins.site.Site",
    ]

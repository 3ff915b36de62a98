"""`contentsvc plugins`: list, create and check plugins."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from string import Template

import click

import contentsvc
from contentsvc.channels.hosting import (
    ContractRun,
    Declaration,
    PluginInfo,
    Registry,
    assess,
    gather_facts,
    load_plugin_beside,
    load_plugins,
    read_declaration,
)
from contentsvc.cli.quality import quality_lines
from contentsvc.config import Config, shipped
from contentsvc.errors import ConflictError, InputError, PluginError
from contentsvc.messages import Message

__all__ = ["plugins"]

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")

#: The test of a plugin without a test file. It does not publish, because publishing might reach the
#: real platform.
_CHECK = Template("""\
from pathlib import Path

from contentsvc.channels.contract import RenderContract
from contentsvc.channels.testing import load_plugin

REGISTRY = load_plugin(Path($path))
for number, channel_type in enumerate(REGISTRY.channel_types().values()):
    values = {"channel_class": channel_type, "settings": $settings}
    globals()[f"Test{number}"] = type(f"Test_{channel_type.type}", (RenderContract,), values)
""")


@click.group()
def plugins() -> None:
    """List, create and check plugins."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(*, as_json: bool) -> None:
    """List the plugins with their hooks and channel types; exit with 1 if one is broken."""
    registry = load_plugins(Config.from_env().plugin_folders())
    if as_json:
        rows = [asdict(plugin) for plugin in registry.plugins]
        click.echo(json.dumps(rows, default=str, ensure_ascii=False, indent=2))
    else:
        for plugin in registry.plugins:
            click.echo("\n".join(_lines(plugin)))
    if any(plugin.error for plugin in registry.plugins):
        raise click.exceptions.Exit(1)


def _lines(plugin: PluginInfo) -> Iterator[str]:
    yield f"{plugin.name} {plugin.version}".rstrip()
    yield f"  from      {plugin.origin}"
    if plugin.error:
        yield f"  error     {plugin.error}"
        yield from (f"  {line}" for line in (plugin.traceback or "").splitlines())
    else:
        yield f"  api       {plugin.api_version}"
        yield f"  hooks     {', '.join(plugin.hooks)}"
        if plugin.channel_types:
            yield f"  channels  {', '.join(plugin.channel_types)}"


@plugins.command("new")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; by default that of CONTENTSVC_PLUGINS_DIR.",
)
def new(name: str, folder: Path | None) -> None:
    """Create a working plugin named NAME and its test."""
    if not _NAME.fullmatch(name):
        raise InputError("command-plugin-name-invalid", name=name)
    target = _own_folder(folder)
    module = name.replace("-", "_")
    values = {
        "module": module,
        "type": module,
        "class_name": "".join(part.capitalize() for part in module.split("_")),
    }
    sources = {target / f"{module}.py": "plugin.txt", target / f"test_{module}.py": "test.txt"}
    for path in sources:
        if path.exists():
            raise ConflictError("command-plugin-file-exists", file=str(path))
    target.mkdir(parents=True, exist_ok=True)
    for path, source in sources.items():
        path.write_text(_scaffold(source).substitute(values), "utf-8")
        click.echo(f"wrote {path}")
    click.echo(f"next: contentsvc plugins check {target / f'{module}.py'}")


def _own_folder(folder: Path | None) -> Path:
    """Return the folder to write a plugin to: *folder*, or the one in the settings.

    Raises:
        InputError: there is none, or it belongs to the installation.
    """
    target = folder or Config.from_env().plugins_dir
    if target is None:
        raise InputError("command-plugin-folder-missing")
    installation = (shipped("plugins").resolve(), Path(contentsvc.__file__).resolve().parent)
    if any(target.resolve().is_relative_to(own) for own in installation):
        raise InputError("command-plugin-in-installation", folder=str(target))
    return target


def _scaffold(name: str) -> Template:
    return Template((files("contentsvc.cli") / "scaffold" / name).read_text("utf-8"))


@plugins.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--settings",
    default="{}",
    help="The channel's settings as JSON, for a plugin without a test file.",
)
@click.option("--rules", "show_rules", is_flag=True, help="Show every rule of the quality scale.")
def check(path: Path, settings: str, *, show_rules: bool) -> None:
    """Load the plugin PATH as the service does, and run its contract tests; exit with 1 on faults.

    It is loaded beside the plugins of this installation, and its poster templates and calendar
    files are read. If the test file `test_<name>.py` is in the same folder, it is run; only such a
    test checks publishing. Otherwise everything but publishing is checked, and nothing is sent.
    At the end stands the tier of the quality scale that it reaches, and what the next one needs.
    """
    plugin_path = path.resolve()
    registry = load_plugin_beside(plugin_path, Config.from_env().plugin_folders())
    (plugin,) = registry.plugins
    click.echo("\n".join(_lines(plugin)))
    if plugin.error:
        raise click.exceptions.Exit(1)
    declaration = read_declaration(plugin_path)
    faults = list(_file_faults(registry))
    for fault in faults:
        click.echo(f"  wrong     {fault}")
    status, run = 1, ContractRun()
    if not faults:
        status, run = _tested(plugin_path, settings, registry, declaration)
    facts = gather_facts(registry, plugin_path, file_faults=faults, run=run)
    found = assess(facts, declaration)
    click.echo("\n".join(quality_lines(found, show_rules=show_rules)))
    if declaration.tier not in {None, found.tier}:
        stated = Message(
            "quality-file-tier-wrong",
            file=declaration.path.name,
            stated=declaration.tier or "",
            reached=found.tier or "none",
        )
        click.echo(f"  wrong     {stated}")
        status = status or 1
    raise click.exceptions.Exit(status)


def _tested(
    path: Path, settings: str, registry: Registry, declaration: Declaration
) -> tuple[int, ContractRun]:
    """Run the tests of a plugin; return the exit status of pytest and what they have shown."""
    _need_pytest()
    test = declaration.test or path.with_name(f"test_{path.stem}.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if test.is_file():
            click.echo(f"running {test}")
        elif not registry.channel_types():
            click.echo(
                "it loads; without a channel type or a test file there is nothing else to check"
            )
            return 0, ContractRun()
        else:
            click.echo("it has no test file, so publishing is not checked")
            test = _generated(folder, path, settings)
        report = folder / "report.json"
        return _run(test, folder, report), ContractRun.read(report)


def _file_faults(registry: Registry) -> Iterator[str]:
    """Yield each fault of the plugins' poster templates and calendar files, with file and line."""
    from contentsvc.posters import list_templates
    from contentsvc.services.calendar_files.templates import offered_templates

    _, template_errors = list_templates(registry.poster_folders())
    for error in template_errors:
        yield from str(error).splitlines()
    for offered in offered_templates(registry):
        for problem in offered.problems:
            yield f"{offered.name}: {problem.text()}"


def _need_pytest() -> None:
    if importlib.util.find_spec("pytest") is None:
        raise PluginError("command-pytest-missing")


def _generated(folder: Path, path: Path, settings: str) -> Path:
    try:
        values = json.loads(settings)
    except ValueError as error:
        raise InputError("command-settings-not-json", reason=str(error)) from error
    if not isinstance(values, dict):
        raise InputError("command-settings-not-object")
    test = folder / "test_plugin.py"
    text = _CHECK.substitute(path=repr(str(path.resolve())), settings=repr(values))
    test.write_text(text, "utf-8")
    return test


def _run(test: Path, folder: Path, report: Path) -> int:
    """Run pytest on the file *test* without any project's configuration; return its exit status.

    It writes to *report* which contracts the plugin's channel types passed.
    """
    empty = folder / "pytest.ini"
    empty.write_text("[pytest]\n", "utf-8")
    # Processes that a test starts can import its module by the name that it has from here.
    root = Path.cwd() if test.is_relative_to(Path.cwd()) else folder
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(empty), "--rootdir", str(root)]
    command += ["-p", "contentsvc.channels.quality.contract_report", f"--contract-report={report}"]
    command += ["-p", "no:cacheprovider", "--import-mode=importlib", str(test)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own interpreter

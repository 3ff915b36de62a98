"""`contentsvc plugins`: which plugins there are, a new one, and whether one is sound."""

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

from contentsvc.channels import PluginInfo, load_plugin, load_plugins
from contentsvc.config import Config
from contentsvc.errors import ConflictError, InputError, PluginError

__all__ = ["plugins"]

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")

#: For a plugin that has no test of its own beside it; publishing might reach the real platform.
_CHECK = Template("""\
from pathlib import Path

from contentsvc.channels import load_plugin
from contentsvc.channels.contract import RenderContract

REGISTRY = load_plugin(Path($path))
for number, channel_type in enumerate(REGISTRY.channel_types().values()):
    values = {"channel_class": channel_type, "settings": $settings}
    globals()[f"Test{number}"] = type(f"Test_{channel_type.type}", (RenderContract,), values)
""")


@click.group()
def plugins() -> None:
    """List, write and check plugins."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(*, as_json: bool) -> None:
    """List every plugin with what it brings; exit 1 where one cannot be used."""
    registry = load_plugins(Config.from_env().plugin_folders())
    if as_json:
        found = [asdict(plugin) for plugin in registry.plugins]
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
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
        yield f"  hooks     {', '.join(plugin.hooks)}"
        if plugin.channel_types:
            yield f"  channels  {', '.join(plugin.channel_types)}"


@plugins.command("new")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write it; the folder of CONTENTSVC_PLUGINS_DIR unless given.",
)
def new(name: str, folder: Path | None) -> None:
    """Write a working plugin named NAME and its test."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is not a name of lower-case letters, digits, hyphens and underscores"
        )
    place = folder or Config.from_env().plugin_folders()[-1]
    module = name.replace("-", "_")
    words = {
        "module": module,
        "type": module,
        "class_name": "".join(part.capitalize() for part in module.split("_")),
    }
    written = {place / f"{module}.py": "plugin.txt", place / f"test_{module}.py": "test.txt"}
    for path in written:
        if path.exists():
            raise ConflictError(f"{path} exists already; choose another name")
    place.mkdir(parents=True, exist_ok=True)
    for path, source in written.items():
        path.write_text(_scaffold(source).substitute(words), "utf-8")
        click.echo(f"wrote {path}")
    click.echo(f"next: contentsvc plugins check {place / f'{module}.py'}")


def _scaffold(name: str) -> Template:
    return Template((files("contentsvc.cli") / "scaffold" / name).read_text("utf-8"))


@plugins.command("check")
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--settings",
    default="{}",
    help="JSON of the settings, where the plugin has no test of its own.",
)
def check(path: Path, settings: str) -> None:
    """Load the plugin PATH and run its contract; exit 1 where it does not hold.

    Where `test_<name>.py` lies beside it, that is run; it is how publishing is checked. Without
    one, all that holds before publishing is checked: nothing is sent anywhere.
    """
    registry = load_plugin(path.resolve())
    (plugin,) = registry.plugins
    click.echo("\n".join(_lines(plugin)))
    if plugin.error:
        raise click.exceptions.Exit(1)
    _need_pytest()
    with tempfile.TemporaryDirectory() as folder:
        test = path.resolve().with_name(f"test_{path.stem}.py")
        if test.is_file():
            click.echo(f"running {test}")
        elif not registry.channel_types():
            click.echo("it loads; without a channel type or a test beside it there is no more")
            return
        else:
            click.echo("without a test beside it, publishing is not checked")
            test = _generated(Path(folder), path, settings)
        raise click.exceptions.Exit(_run(test, Path(folder)))


def _need_pytest() -> None:
    if importlib.util.find_spec("pytest") is None:
        raise PluginError("checking a plugin needs pytest: run `pip install pytest` and try again")


def _generated(folder: Path, path: Path, settings: str) -> Path:
    try:
        values = json.loads(settings)
    except ValueError as error:
        raise InputError(f"--settings is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise InputError("--settings is not a JSON object")
    test = folder / "test_plugin.py"
    text = _CHECK.substitute(path=repr(str(path.resolve())), settings=repr(values))
    test.write_text(text, "utf-8")
    return test


def _run(test: Path, folder: Path) -> int:
    """Run one test file by itself: no settings of whatever project lies around it."""
    empty = folder / "pytest.ini"
    empty.write_text("[pytest]\n", "utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(empty), "--rootdir", str(folder)]
    command += ["-p", "no:cacheprovider", "--import-mode=importlib", str(test)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - our own interpreter

"""`contentsvc doctor`: show the settings in force and check the installation."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from contentsvc import __version__
from contentsvc.assembly import assemble
from contentsvc.config import SETTINGS, Config
from contentsvc.db import migrate
from contentsvc.errors import ConfigError
from contentsvc.launcher.locking import lock_holder
from contentsvc.launcher.server import check_port
from contentsvc.posters import Fonts, list_templates
from contentsvc.private_files import open_files
from contentsvc.services.channel_setup.problems import channel_problems
from contentsvc.services.rendering.painting import template_folders
from contentsvc.services.runtime import Runtime

__all__ = ["CheckResult", "doctor"]

#: The fewest bytes of free disk space; with less, writing to the database may soon fail.
_LEAST_FREE = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check that `contentsvc doctor` makes of the installation."""

    name: str
    ok: bool
    message: str
    #: Further lines, such as a plugin's traceback.
    detail: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--settings", "only_settings", is_flag=True, help="List every setting and exit.")
def doctor(*, as_json: bool, only_settings: bool) -> None:
    """Show the settings in force and check the installation; exit with 1 if a check fails."""
    if only_settings:
        _list_settings()
        return
    config = Config.from_env()
    runtime = assemble(config)
    try:
        results = [result for check in _CHECKS for result in check(runtime)]
    finally:
        runtime.database.close()
    (_print_json if as_json else _print_text)(config, results)
    if not all(result.ok for result in results):
        raise SystemExit(1)


def _list_settings() -> None:
    for setting in SETTINGS:
        default = setting.default or "unset"
        click.echo(f"{setting.name} (default: {default})\n    {setting.help}")


def _print_json(config: Config, results: list[CheckResult]) -> None:
    report = {
        "version": __version__,
        "settings": {setting.name: value for setting, value in config.in_force()},
        "checks": [_facts(result) for result in results],
    }
    click.echo(json.dumps(report, ensure_ascii=False, indent=2))


def _facts(result: CheckResult) -> dict[str, object]:
    return {
        "name": result.name,
        "ok": result.ok,
        "words": result.message,
        "detail": result.detail,
    }


def _print_text(config: Config, results: list[CheckResult]) -> None:
    click.echo(f"contentsvc {__version__}\n\nSettings in force")
    for setting, value in config.in_force():
        click.echo(f"  {setting.name:<28} {value or '(unset)'}")
    click.echo("\nChecks")
    for result in results:
        click.echo(f"  {'ok   ' if result.ok else 'WRONG'}  {result.name}: {result.message}")
        for line in result.detail.splitlines():
            click.echo(f"           {line}")


def _data_folder(runtime: Runtime) -> Iterator[CheckResult]:
    folder = runtime.config.data_dir
    free = shutil.disk_usage(folder).free
    message = f"{folder}, {free // 2**20} MB free"
    yield CheckResult("data folder", free >= _LEAST_FREE, message)
    open_to_others = open_files(runtime.config)
    if not open_to_others:
        yield CheckResult("permissions", ok=True, message="only the owner may read the data")
    for file in open_to_others:
        message = f"{file.path}, mode {file.mode:04o}; others may read it: `chmod go= {file.path}`"
        yield CheckResult("permissions", ok=False, message=message)


def _database(runtime: Runtime) -> Iterator[CheckResult]:
    try:
        current = migrate.current_revision(runtime.database)
        if current is None:
            yield CheckResult(
                "database", ok=True, message="empty; `contentsvc up` creates the tables"
            )
            return
        migrate.check(runtime.database)
    except ConfigError as error:
        yield CheckResult("database", ok=False, message=str(error))
        return
    yield CheckResult("database", ok=True, message=f"revision {current}")
    with runtime.database.read() as session:
        problems = channel_problems(runtime, session)
    for name, problem in problems.items():
        yield CheckResult(f"channel {name}", ok=False, message=str(problem))


def _redis(runtime: Runtime) -> Iterator[CheckResult]:
    stats = runtime.queue.stats()
    if stats.reachable:
        waiting = ", ".join(f"{count} in {name}" for name, count in stats.waiting)
        yield CheckResult("redis", ok=True, message=f"{stats.server}, waiting: {waiting}")
    elif runtime.config.redis_url is None and lock_holder(runtime.config.data_dir) is None:
        yield CheckResult("redis", ok=True, message="embedded; `contentsvc up` starts it")
    else:
        yield CheckResult(
            "redis", ok=False, message="it does not respond; see CONTENTSVC_REDIS_URL"
        )


def _port(runtime: Runtime) -> Iterator[CheckResult]:
    pid = lock_holder(runtime.config.data_dir)
    if pid is not None:
        yield CheckResult("port", ok=True, message=f"`contentsvc up` runs as process {pid}")
        return
    try:
        check_port(runtime.config)
    except ConfigError as error:
        yield CheckResult("port", ok=False, message=str(error))
    else:
        yield CheckResult("port", ok=True, message=f"{runtime.config.port} is free")


def _plugins(runtime: Runtime) -> Iterator[CheckResult]:
    for plugin in runtime.registry.plugins:
        message = str(plugin.error or "") or ", ".join(plugin.channel_types) or "no channel types"
        yield CheckResult(
            f"plugin {plugin.name}", plugin.error is None, message, plugin.traceback or ""
        )


def _posters(runtime: Runtime) -> Iterator[CheckResult]:
    covered = all(Fonts().covers(char) for char in "社群周历")
    yield CheckResult(
        "fonts", covered, "Chinese is covered" if covered else "no font has Chinese characters"
    )
    templates, faults = list_templates(template_folders(runtime))
    names = ", ".join(template.id for template in templates)
    yield CheckResult("poster templates", ok=bool(templates), message=names or "there are none")
    for fault in faults:
        yield CheckResult("poster template", ok=False, message=str(fault))


_CHECKS: tuple[Callable[[Runtime], Iterator[CheckResult]], ...] = (
    _data_folder,
    _database,
    _redis,
    _port,
    _plugins,
    _posters,
)

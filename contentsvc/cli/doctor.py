"""`contentsvc doctor`: what is in force, and what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import click

from contentsvc import __version__
from contentsvc.assembly import assemble
from contentsvc.config import SETTINGS, Config
from contentsvc.db import migrate
from contentsvc.errors import ConfigError
from contentsvc.launcher.locking import lock_holder
from contentsvc.launcher.server import check_port
from contentsvc.posters import Fonts, list_templates
from contentsvc.services.channel_setup.channels import all_channels
from contentsvc.services.rendering.painting import template_folders
from contentsvc.services.runtime import Runtime

__all__ = ["Check", "doctor"]

#: Bytes. With less, the database may soon not be able to write.
_LEAST_FREE = 200 * 1024 * 1024
_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    words: str
    #: More lines, such as a plugin's traceback.
    detail: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.option("--settings", "only_settings", is_flag=True, help="List every setting and stop.")
def doctor(*, as_json: bool, only_settings: bool) -> None:
    """Show what is in force and check what the service needs; exit 1 where something is wrong."""
    if only_settings:
        _list_settings()
        return
    config = Config.from_env()
    runtime = assemble(config)
    try:
        checks = [check for look in _LOOKS for check in look(runtime)]
    finally:
        runtime.database.close()
    (_print_json if as_json else _print_text)(config, checks)
    if not all(check.ok for check in checks):
        raise SystemExit(1)


def _list_settings() -> None:
    for setting in SETTINGS:
        default = setting.default or "unset"
        click.echo(f"{setting.name} (default: {default})\n    {setting.help}")


def _print_json(config: Config, checks: list[Check]) -> None:
    told = {
        "version": __version__,
        "settings": {setting.name: value for setting, value in config.in_force()},
        "checks": [asdict(check) for check in checks],
    }
    click.echo(json.dumps(told, ensure_ascii=False, indent=2))


def _print_text(config: Config, checks: list[Check]) -> None:
    click.echo(f"contentsvc {__version__}\n\nSettings in force")
    for setting, value in config.in_force():
        click.echo(f"  {setting.name:<28} {value or '(unset)'}")
    click.echo("\nChecks")
    for check in checks:
        click.echo(f"  {'ok   ' if check.ok else 'WRONG'}  {check.name}: {check.words}")
        for line in check.detail.splitlines():
            click.echo(f"           {line}")


def _data_folder(runtime: Runtime) -> Iterator[Check]:
    folder = runtime.config.data_dir
    free = shutil.disk_usage(folder).free
    words = f"{folder}, {free // 2**20} MB free"
    yield Check("data folder", free >= _LEAST_FREE, words)
    key = folder / "secret.key"
    if key.exists():
        mode = key.stat().st_mode & 0o777
        advice = "" if mode == _OWNER_ONLY else f"; others may read it: `chmod 600 {key}`"
        yield Check("secret key", mode == _OWNER_ONLY, f"{key}, mode {mode:04o}{advice}")


def _database(runtime: Runtime) -> Iterator[Check]:
    try:
        current = migrate.current_revision(runtime.database)
        if current is None:
            yield Check("database", ok=True, words="empty; `contentsvc up` makes its tables")
            return
        migrate.check(runtime.database)
    except ConfigError as error:
        yield Check("database", ok=False, words=str(error))
        return
    yield Check("database", ok=True, words=f"revision {current}")
    with runtime.database.read() as session:
        names = {channel.name: channel.type for channel in all_channels(session)}
    for name, kind in names.items():
        if kind not in runtime.registry.channel_types():
            yield Check(f"channel {name}", ok=False, words=f"no plugin brings the type {kind!r}")


def _redis(runtime: Runtime) -> Iterator[Check]:
    stats = runtime.queue.stats()
    if stats.reachable:
        waiting = ", ".join(f"{count} in {name}" for name, count in stats.waiting)
        yield Check("redis", ok=True, words=f"{stats.server}, waiting: {waiting}")
    elif runtime.config.redis_url is None and lock_holder(runtime.config.data_dir) is None:
        yield Check("redis", ok=True, words="embedded; `contentsvc up` starts it")
    else:
        yield Check("redis", ok=False, words="it does not answer; see CONTENTSVC_REDIS_URL")


def _port(runtime: Runtime) -> Iterator[Check]:
    pid = lock_holder(runtime.config.data_dir)
    if pid is not None:
        yield Check("port", ok=True, words=f"`contentsvc up` runs as process {pid}")
        return
    try:
        check_port(runtime.config)
    except ConfigError as error:
        yield Check("port", ok=False, words=str(error))
    else:
        yield Check("port", ok=True, words=f"{runtime.config.port} is free")


def _plugins(runtime: Runtime) -> Iterator[Check]:
    for plugin in runtime.registry.plugins:
        words = plugin.error or ", ".join(plugin.channel_types) or "no channel types"
        yield Check(f"plugin {plugin.name}", plugin.error is None, words, plugin.traceback or "")


def _posters(runtime: Runtime) -> Iterator[Check]:
    covered = all(Fonts().covers(char) for char in "社群周历")
    yield Check("fonts", covered, "Chinese is covered" if covered else "no font has Chinese")
    templates, faults = list_templates(template_folders(runtime))
    names = ", ".join(template.id for template in templates)
    yield Check("poster templates", ok=bool(templates), words=names or "there are none")
    for fault in faults:
        yield Check("poster template", ok=False, words=str(fault))


_LOOKS: tuple[Callable[[Runtime], Iterator[Check]], ...] = (
    _data_folder,
    _database,
    _redis,
    _port,
    _plugins,
    _posters,
)

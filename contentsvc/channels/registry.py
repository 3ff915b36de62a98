"""Loads plugins, and holds a registry of their channel types, checks and templates."""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import re
import sys
import traceback as tracebacks
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import entry_points as installed
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import pluggy

from contentsvc.channels import hookspecs
from contentsvc.channels.api_versions import (
    API_VERSION,
    check_api_version,
    declared_api_version,
)
from contentsvc.channels.channel import Channel
from contentsvc.channels.checks import Check
from contentsvc.channels.class_checks import async_fault
from contentsvc.channels.contributions import (
    CalendarTemplate,
    Contributions,
    DeliveryListener,
    gather,
)
from contentsvc.channels.hookspecs import PROJECT
from contentsvc.channels.spelling import meant
from contentsvc.errors import PLUGIN_FAULTS, ContentsvcError, PluginError
from contentsvc.messages import LANGUAGES, Message, text_of

__all__ = ["PluginInfo", "Registry", "load_plugin", "load_plugin_beside", "load_plugins"]

#: Names in a plugin folder that are not plugins: tests, private and hidden files.
_NOT_PLUGINS = re.compile(r"[_.].*|test_.*|.*_test|conftest")


_NOTHING = Contributions()
#: The traceback has the rest of a longer message.
_MOST_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """A plugin that was found: its name, origin and version, and the error if it failed to load."""

    name: str
    #: The file's path, or the distribution's name of an installed plugin.
    origin: str
    #: Empty if the plugin does not state a version.
    version: str = ""
    #: Names of the hooks it implements.
    hooks: tuple[str, ...] = ()
    channel_types: tuple[str, ...] = ()
    #: One line; None if the plugin was loaded.
    error: Message | None = None
    traceback: str | None = None
    #: The version of the plugin API that it declares; None if it declares none.
    api_version: int | None = None


class Registry:
    """The plugins loaded in one process, with their channel types, checks and templates."""

    def __init__(self, plugins: Sequence[PluginInfo], contributions: Contributions) -> None:
        """Create a registry from loaded plugins. Other modules call `load_plugins` instead."""
        self.plugins = tuple(plugins)
        self._channel_types = MappingProxyType(dict(contributions.channel_types))
        self._checks = tuple(contributions.checks.values())
        self._listeners = contributions.listeners
        self._calendar_templates = contributions.calendar_templates
        self._poster_folders = contributions.poster_folders

    def checks(self) -> Sequence[Check]:
        """Return the plugins' checks of finished posts, in the order of the plugins."""
        return self._checks

    def listeners(self) -> Sequence[DeliveryListener]:
        """Return the plugins' functions for finished deliveries, in the order of the plugins."""
        return self._listeners

    def calendar_templates(self) -> Sequence[CalendarTemplate]:
        """Return the plugins' calendar templates, in the order of the plugins."""
        return self._calendar_templates

    def poster_folders(self) -> Sequence[Path]:
        """Return the folders with the plugins' poster templates, in the order of the plugins."""
        return self._poster_folders

    def channel_types(self) -> Mapping[str, type[Channel]]:
        """Return the classes of all channel types, by type name."""
        return self._channel_types

    def channel_type(self, type: str) -> type[Channel]:  # noqa: A002 - the name in the domain
        """Return the class of the channel type *type*. Raise PluginError if there is none."""
        try:
            return self._channel_types[type]
        except KeyError:
            known = sorted(self._channel_types)
            if not known:
                raise PluginError("no-channel-types", channel_type=type) from None
            raise PluginError("no-such-channel-type", channel_type=type, known=known) from None


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    origin: str
    version: str
    load: Callable[[], Any]


def load_plugins(folders: Sequence[Path], *, entry_points: bool = True) -> Registry:
    """Load the plugins in *folders* and, if *entry_points* is true, the installed ones.

    A plugin is a `.py` file, a folder with `__init__.py`, or an entry point in the group
    `contentsvc`. If a plugin cannot be loaded, the registry lists it with its error and the other
    plugins are loaded. If two plugins provide the same channel type, only the first is loaded. The
    order is that of the folders, then of the names in each; installed plugins come last.
    """
    return Registry(*_load_all(_find(folders, entry_points=entry_points)))


def load_plugin(path: Path) -> Registry:
    """Load the plugin in the file or folder *path*, and no other."""
    return Registry(*_load_all([_found_at(path)]))


def load_plugin_beside(path: Path, folders: Sequence[Path]) -> Registry:
    """Load the plugin in *path* as the last of all plugins. Return a registry with only this one.

    The other plugins are those in *folders* and the installed ones. The plugin does not load if
    another has taken one of its names. Another plugin of the same name is ignored, because it is an
    earlier copy of this one.
    """
    this = _found_at(path)
    others = [found for found in _find(folders, entry_points=True) if found.name != this.name]
    _, taken = _load_all(others)
    return Registry(*_load_all([this], taken))


def _found_at(path: Path) -> _Found:
    source = path / "__init__.py" if path.is_dir() else path
    return _Found(path.stem, str(path), "", partial(_import, source))


def _load_all(
    all_found: Iterable[_Found], taken: Contributions = _NOTHING
) -> tuple[list[PluginInfo], Contributions]:
    """Load plugins in order; return all of them, and the contributions of those that loaded.

    *taken* are the contributions of plugins that were loaded before.
    """
    plugins: list[PluginInfo] = []
    all_brought = Contributions()
    for found in all_found:
        info = PluginInfo(found.name, found.origin, found.version)
        try:
            info, brought = _load(found, info, taken.plus(all_brought))
        except PLUGIN_FAULTS as error:
            info = replace(info, error=_message(error), traceback=_traceback(error))
        else:
            all_brought = all_brought.plus(brought)
        plugins.append(info)
    return plugins, all_brought


def _find(folders: Sequence[Path], *, entry_points: bool) -> Iterator[_Found]:
    for folder in folders:
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            source = path / "__init__.py" if path.is_dir() else path
            if _NOT_PLUGINS.fullmatch(path.stem) or source.suffix != ".py" or not source.is_file():
                continue
            yield _Found(path.stem, str(path), "", partial(_import, source))
    if entry_points:
        for point in sorted(installed(group=PROJECT), key=lambda one: one.name):
            name = point.dist.name if point.dist else point.value
            yield _Found(point.name, name, point.dist.version if point.dist else "", point.load)


def _import(source: Path) -> ModuleType:
    """Import a plugin's file under a unique module name, which replaces no other module."""
    path = source.resolve()
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    mark = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"_contentsvc_plugin_{mark}_{re.sub(r'[^A-Za-z0-9_]', '_', stem)}"
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise PluginError("plugin-not-python", path=str(source))
    if (declared := declared_api_version(source)) is not None:
        # The import of a newer plugin would fail at a name that this service does not have.
        check_api_version(declared)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        for key in [key for key in sys.modules if key == name or key.startswith(f"{name}.")]:
            del sys.modules[key]
        raise
    return module


def _load(
    found: _Found, info: PluginInfo, taken: Contributions
) -> tuple[PluginInfo, Contributions]:
    plugin = found.load()
    version = str(getattr(plugin, "__version__", "") or info.version)
    api_version = getattr(plugin, "api_version", None)
    if api_version is not None:
        check_api_version(api_version)
    manager = _manager(plugin, found.name)
    hooks = tuple(caller.name for caller in manager.get_hookcallers(plugin) or ())
    if not hooks:
        raise PluginError("plugin-without-hooks", hooks=_specs())
    if api_version is None:
        raise PluginError("plugin-api-version-missing", version=API_VERSION)
    brought = gather(manager, found.name, taken)
    types = tuple(brought.channel_types)
    info = replace(info, version=version, api_version=api_version)
    return replace(info, hooks=hooks, channel_types=types), brought


def _manager(plugin: Any, name: str) -> pluggy.PluginManager:
    """Return a pluggy manager with only *plugin*. Raise PluginError if a hook is misnamed."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for attribute, function in inspect.getmembers(plugin, inspect.isroutine):
        marked = hasattr(function, f"{PROJECT}_impl")
        if not marked and attribute[0] != "_" and _is_own(plugin, function):
            _refuse_misspelt(attribute)
        if marked and attribute not in _specs():
            raise PluginError("plugin-unknown-hook", name=attribute, hooks=_specs())
        if attribute in _specs() and not marked:
            raise PluginError("plugin-hook-unmarked", name=attribute)
        if marked and (fault := async_fault(attribute, function)):
            raise PluginError(fault)
    manager.register(plugin, name)
    manager.check_pending()
    return manager


def _is_own(plugin: Any, function: object) -> bool:
    return getattr(function, "__module__", None) == getattr(plugin, "__name__", "")


def _refuse_misspelt(name: str) -> None:
    """Raise PluginError if *name*, the name of an unmarked function, looks like a misspelt hook."""
    hook = meant(name, _specs())
    if hook is not None:
        raise PluginError("plugin-name-misspelt", name=name, meant=hook)


def _specs() -> list[str]:
    return sorted(name for name, one in vars(hookspecs).items() if hasattr(one, f"{PROJECT}_spec"))


def _message(error: BaseException) -> Message:
    """Return the message to show for an exception that a plugin raised while loading."""
    if isinstance(error, ContentsvcError):
        if error.message.code:
            return error.message
        texts = {lang: _one_line(error.message.text(lang)) for lang in LANGUAGES}
        return Message.given(**texts)
    text = _one_line(text_of(error))
    return Message.plain(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_MOST_CHARACTERS]


def _traceback(error: BaseException) -> str:
    return "".join(tracebacks.format_exception(error))

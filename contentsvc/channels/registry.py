"""Finds plugins, loads each by itself, and knows the channel types they bring."""

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
from contentsvc.channels.channel import Channel, ChannelSettings, Rate
from contentsvc.channels.hookspecs import PROJECT
from contentsvc.channels.limits import Limits
from contentsvc.channels.settings import form_fields
from contentsvc.domain.entries import EntryKind
from contentsvc.errors import PluginError

__all__ = ["PluginInfo", "Registry", "check_channel_class", "load_plugin", "load_plugins"]

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")
#: Beside a plugin lie its tests; what begins with an underscore or a dot is nobody's plugin.
_NOT_PLUGINS = re.compile(r"[_.].*|test_.*|.*_test|conftest")


#: The rest of a long message is in the traceback.
_MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class PluginInfo:
    """What is known of one plugin, whether it loaded or not."""

    name: str
    #: The file's path, or the distribution's name for an installed one.
    origin: str
    #: Empty where the plugin names none.
    version: str = ""
    #: Names of the hooks it implements.
    hooks: tuple[str, ...] = ()
    channel_types: tuple[str, ...] = ()
    #: One line; None where it loaded.
    error: str | None = None
    traceback: str | None = None


class Registry:
    """The plugins of one process and their channel types."""

    def __init__(
        self, plugins: Sequence[PluginInfo], channel_types: Mapping[str, type[Channel]]
    ) -> None:
        """Keep what was loaded; `load_plugins` is what calls it."""
        self.plugins = tuple(plugins)
        self._channel_types = MappingProxyType(dict(channel_types))

    def channel_types(self) -> Mapping[str, type[Channel]]:
        """Return every channel type by its name."""
        return self._channel_types

    def channel_type(self, type: str) -> type[Channel]:  # noqa: A002 - the domain's word
        """Return the class of a channel type; PluginError naming those there are otherwise."""
        try:
            return self._channel_types[type]
        except KeyError:
            known = ", ".join(sorted(self._channel_types)) or "none"
            raise PluginError(
                f"there is no channel type {type!r}; those loaded are: {known}"
            ) from None


@dataclass(frozen=True, slots=True)
class _Found:
    name: str
    origin: str
    version: str
    load: Callable[[], Any]


def load_plugins(folders: Sequence[Path], *, entry_points: bool = True) -> Registry:
    """Load every plugin in *folders* and every installed one.

    A plugin is a `.py` file, a folder with `__init__.py`, or an entry point in the group
    `contentsvc`. One that cannot be used is listed with its error, and the others load. Where
    two bring the same channel type, the one found first keeps it: folders as given, names in
    order, then installed ones.
    """
    return _load_all(_find(folders, entry_points=entry_points))


def load_plugin(path: Path) -> Registry:
    """Load the one plugin that is the file or folder *path*, as `load_plugins` does."""
    source = path / "__init__.py" if path.is_dir() else path
    return _load_all([_Found(path.stem, str(path), "", partial(_import, source))])


def _load_all(all_found: Iterable[_Found]) -> Registry:
    plugins: list[PluginInfo] = []
    channel_types: dict[str, type[Channel]] = {}
    for found in all_found:
        info = PluginInfo(found.name, found.origin, found.version)
        try:
            info, brought = _load(found, info, channel_types)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code may raise anything
            info = replace(info, error=_one_line(error), traceback=_traceback(error))
        else:
            channel_types.update(brought)
        plugins.append(info)
    return Registry(plugins, channel_types)


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
    """Import a file under a name of its own, so that no plugin shadows another or a library."""
    path = source.resolve()
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    mark = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"_contentsvc_plugin_{mark}_{re.sub(r'[^A-Za-z0-9_]', '_', stem)}"
    inside = [str(path.parent)] if path.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=inside)
    if spec is None or spec.loader is None:
        raise PluginError(f"{source} is no Python file")
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
    found: _Found, info: PluginInfo, taken: Mapping[str, type[Channel]]
) -> tuple[PluginInfo, dict[str, type[Channel]]]:
    plugin = found.load()
    version = str(getattr(plugin, "__version__", "") or info.version)
    manager = _manager(plugin, found.name)
    hooks = tuple(caller.name for caller in manager.get_hookcallers(plugin) or ())
    if not hooks:
        raise PluginError(f"it implements no hook; mark one of {_specs()} with @hookimpl")
    brought = _channel_types(manager.hook.register_channels(), taken)
    return replace(info, version=version, hooks=hooks, channel_types=tuple(brought)), brought


def _manager(plugin: Any, name: str) -> pluggy.PluginManager:
    """Return a manager that holds this plugin alone, so that a fault is this plugin's."""
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    for attribute, function in inspect.getmembers(plugin, inspect.isroutine):
        marked = hasattr(function, f"{PROJECT}_impl")
        if marked and attribute not in _specs():
            raise PluginError(f"{attribute!r} is no hook; the hooks are {_specs()}")
        if attribute in _specs() and not marked:
            raise PluginError(f"{attribute!r} is not marked with @hookimpl")
    manager.register(plugin, name)
    manager.check_pending()
    return manager


def _specs() -> list[str]:
    return sorted(name for name, one in vars(hookspecs).items() if hasattr(one, f"{PROJECT}_spec"))


def _channel_types(
    answers: Iterable[Any], taken: Mapping[str, type[Channel]]
) -> dict[str, type[Channel]]:
    brought: dict[str, type[Channel]] = {}
    for answer in answers:
        if not isinstance(answer, list | tuple):
            raise PluginError(f"register_channels returned {answer!r}, not a list of classes")
        for one in answer:
            check_channel_class(one)
            if one.type in taken or one.type in brought:
                raise PluginError(f"channel type {one.type!r} is brought by another plugin")
            brought[one.type] = one
    return brought


def check_channel_class(one: Any) -> None:
    """Raise PluginError with everything that a channel class lacks."""
    if not (inspect.isclass(one) and issubclass(one, Channel)):
        raise PluginError(f"register_channels returned {one!r}, which is no Channel class")
    faults = list(_faults(one))
    if faults:
        raise PluginError(f"{one.__name__}: {'; '.join(faults)}")
    form_fields(one, "en")


def _faults(one: type[Channel]) -> Iterator[str]:
    if inspect.isabstract(one):
        yield "it does not define publish"
    name = getattr(one, "type", None)
    if not isinstance(name, str) or not _TYPE.fullmatch(name):
        yield f"type {name!r} is not a word of lower-case letters, digits and underscores"
    label = getattr(one, "label", None)
    if not isinstance(label, Mapping) or not {"zh", "en"} <= set(label):
        yield "label needs zh and en"
    if not isinstance(one.kinds, frozenset) or not one.kinds or not one.kinds <= set(EntryKind):
        yield "kinds is not a frozenset of EntryKind"
    if not isinstance(one.limits, Limits):
        yield "limits is not a Limits"
    if not isinstance(one.rates, tuple) or not all(isinstance(rate, Rate) for rate in one.rates):
        yield "rates is no tuple of Rate"
    if not (inspect.isclass(one.Settings) and issubclass(one.Settings, ChannelSettings)):
        yield "Settings is not a ChannelSettings"
    for promise, method in (("can_find", "find"), ("has_pages", "page")):
        if getattr(one, promise) and getattr(one, method) is getattr(Channel, method):
            yield f"{promise} is true but {method} is not defined"


def _one_line(error: BaseException) -> str:
    words = " ".join(str(error).split())[:_MOST_WORDS]
    if isinstance(error, PluginError):
        return words
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _traceback(error: BaseException) -> str:
    return "".join(tracebacks.format_exception(error))

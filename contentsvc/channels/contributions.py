"""Collects and validates the channel types, checks, listeners and templates of plugins."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pluggy

from contentsvc.channels.channel import Channel, Rate
from contentsvc.channels.checks import Check
from contentsvc.channels.class_checks import class_faults, defined_members
from contentsvc.channels.finished import FinishedDelivery
from contentsvc.channels.limits import Limits
from contentsvc.channels.pages import Pages
from contentsvc.channels.parts import Parts
from contentsvc.channels.settings import form_fields
from contentsvc.channels.settings_checks import settings_faults
from contentsvc.domain.entries import EntryKind
from contentsvc.errors import PluginError
from contentsvc.messages import LANGUAGES, Message

__all__ = ["CalendarTemplate", "Contributions", "DeliveryListener", "check_channel_class", "gather"]

#: Characters of a value that a message shows.
_MOST_SHOWN = 200
#: Classes from which a channel class inherits as well to support more.
_SECOND_BASES: tuple[type, ...] = (Pages, Parts)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class DeliveryListener:
    """A plugin's function that the service calls with finished deliveries (posts to channels)."""

    #: The plugin's name.
    plugin: str
    #: The plugin's `deliveries_finished`; it may raise any exception.
    call: Callable[[Sequence[FinishedDelivery]], object]


@dataclass(frozen=True, slots=True)
class CalendarTemplate:
    """A plugin's YAML file with planned posts. People copy these into a week of their calendar."""

    #: The plugin's name.
    plugin: str
    path: Path


@dataclass(frozen=True, slots=True)
class Contributions:
    """Everything that one or more plugins provide, such as channel types and checks."""

    channel_types: Mapping[str, type[Channel]] = field(default_factory=dict)
    #: By name.
    checks: Mapping[str, Check] = field(default_factory=dict)
    listeners: tuple[DeliveryListener, ...] = ()
    calendar_templates: tuple[CalendarTemplate, ...] = ()
    #: Folders of poster templates.
    poster_folders: tuple[Path, ...] = ()

    def plus(self, more: Contributions) -> Contributions:
        """Return the union of these contributions and *more*. No name may be in both."""
        return Contributions(
            channel_types={**self.channel_types, **more.channel_types},
            checks={**self.checks, **more.checks},
            listeners=(*self.listeners, *more.listeners),
            calendar_templates=(*self.calendar_templates, *more.calendar_templates),
            poster_folders=(*self.poster_folders, *more.poster_folders),
        )


def gather(manager: pluggy.PluginManager, plugin: str, taken: Contributions) -> Contributions:
    """Call a plugin's hooks and return its contributions, such as channel types and checks.

    *taken* are the contributions of the plugins that were loaded before. Their names may not be
    used again.

    Raises:
        PluginError: a contribution is unusable, or its name is taken.
    """
    hook = manager.hook
    return Contributions(
        channel_types=_channel_types(hook.register_channels(), taken.channel_types),
        checks=_checks(hook.register_checks(), taken.checks),
        listeners=tuple(_listeners(manager, plugin)),
        calendar_templates=_calendar_templates(plugin, hook.register_calendar_templates()),
        poster_folders=_poster_folders(hook.register_poster_templates()),
    )


def _listeners(manager: pluggy.PluginManager, plugin: str) -> Iterator[DeliveryListener]:
    hook = manager.hook.deliveries_finished
    if hook.get_hookimpls():
        yield DeliveryListener(plugin, lambda deliveries: hook(deliveries=deliveries))


def _shown(value: object) -> str:
    """Return *value* as one line of text for an error message, cut to 200 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _listed(hook: str, results: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of every list in *results*. Raise PluginError if a result is not a list."""
    for result in results:
        if not isinstance(result, list | tuple):
            raise PluginError("hook-returned-no-list", hook=hook, value=_shown(result))
        yield from result


def _channel_types(
    results: Iterable[Any], taken: Mapping[str, type[Channel]]
) -> dict[str, type[Channel]]:
    registered: dict[str, type[Channel]] = {}
    for channel_class in _listed("register_channels", results):
        check_channel_class(channel_class)
        if channel_class.type in taken or channel_class.type in registered:
            raise PluginError("channel-type-taken", channel_type=channel_class.type)
        registered[channel_class.type] = channel_class
    return registered


def _checks(results: Iterable[Any], taken: Mapping[str, Check]) -> dict[str, Check]:
    registered: dict[str, Check] = {}
    for check in _listed("register_checks", results):
        if not isinstance(check, Check):
            raise PluginError("hook-returned-no-check", value=_shown(check))
        name: Any = getattr(check, "name", None)
        faults = list(class_faults(type(check), Check))
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            faults.append(Message("plugin-name-malformed", attribute="name", value=_shown(name)))
        _refuse(type(check), faults)
        if name in taken or name in registered:
            raise PluginError("check-name-taken", name=name)
        registered[name] = check
    return registered


def _paths(hook: str, results: Iterable[Any]) -> Iterator[Path]:
    """Yield the absolute paths in a hook's *results*. Raise PluginError for any other value."""
    for path in _listed(hook, results):
        if not isinstance(path, Path):
            raise PluginError("hook-returned-no-path", hook=hook, value=_shown(path))
        yield path.absolute()


def _poster_folders(results: Iterable[Any]) -> tuple[Path, ...]:
    folders = tuple(_paths("register_poster_templates", results))
    for folder in folders:
        if not folder.is_dir():
            raise PluginError("hook-returned-no-folder", folder=str(folder))
    return folders


def _calendar_templates(plugin: str, results: Iterable[Any]) -> tuple[CalendarTemplate, ...]:
    hook = "register_calendar_templates"
    paths = list(_paths(hook, results))
    for path in paths:
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            raise PluginError("hook-returned-no-calendar-file", path=str(path))
    if len({path.name for path in paths}) < len(paths):
        raise PluginError("calendar-template-names-repeat")
    return tuple(CalendarTemplate(plugin, path) for path in paths)


def check_channel_class(channel_class: Any) -> None:
    """Raise PluginError if a channel class has faults. The error lists them all."""
    if not (inspect.isclass(channel_class) and issubclass(channel_class, Channel)):
        raise PluginError("hook-returned-no-channel-class", value=_shown(channel_class))
    _refuse(channel_class, [*_api_faults(channel_class), *_faults(channel_class)])
    form_fields(channel_class, "en")
    _refuse(channel_class.Settings, list(settings_faults(channel_class.Settings)))


def _api_faults(channel_class: type[Channel]) -> Iterator[Message]:
    """Yield a message for each misspelt name, wrong signature, and missing mixin such as `Pages`.

    A mixin is missing if the channel defines one of its methods but does not inherit from it.
    """
    bases = [base for base in _SECOND_BASES if issubclass(channel_class, base)]
    yield from class_faults(channel_class, Channel, *bases)
    for base in (base for base in _SECOND_BASES if base not in bases):
        # Parts has a `publish` as well, which every channel defines.
        for name in sorted(defined_members(channel_class, base) - set(vars(Channel))):
            yield Message("channel-base-missing", name=name, base=base.__name__)


def _refuse(plugin_class: type, faults: list[Message]) -> None:
    """Raise PluginError if *faults* is not empty. The error lists the faults of *plugin_class*."""
    if not faults:
        return
    joined = {lang: "; ".join(fault.text(lang) for fault in faults) for lang in LANGUAGES}
    name = plugin_class.__name__
    raise PluginError("plugin-class-faulty", name=name, faults=Message.given(**joined))


def _is_time(value: object) -> bool:
    return isinstance(value, timedelta) and value > timedelta(0)


def _are_refusals(value: object) -> bool:
    """Return True if *value* is a set of HTTP statuses that a channel may declare as `refusals`.

    These are 408 and 5xx: what they mean depends on the platform.
    """
    return isinstance(value, frozenset) and value <= {408, *range(500, 600)}


#: The class attributes of a channel: how a message names the type of each, and a check of it.
_ATTRIBUTES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "kinds": (
        "frozenset[EntryKind]",
        lambda kinds: isinstance(kinds, frozenset) and bool(kinds) and kinds <= set(EntryKind),
    ),
    # Each of these may be a property, which depends on the settings.
    "limits": ("Limits", lambda limits: isinstance(limits, Limits | property | cached_property)),
    "rates": (
        "tuple[Rate, ...]",
        lambda rates: isinstance(rates, tuple) and all(isinstance(rate, Rate) for rate in rates),
    ),
    "idempotent_for": ("timedelta | None", lambda span: span is None or _is_time(span)),
    "poll_for": ("timedelta", _is_time),
    "refusals": ("frozenset[int]", _are_refusals),
}


def _faults(channel_class: type[Channel]) -> Iterator[Message]:
    if inspect.isabstract(channel_class):
        methods = sorted(channel_class.__abstractmethods__)
        yield Message("channel-method-undefined", methods=methods)
    name = getattr(channel_class, "type", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Message("plugin-name-malformed", attribute="type", value=_shown(name))
    label = getattr(channel_class, "label", None)
    if not isinstance(label, Mapping) or not {"zh", "en"} <= set(label):
        yield Message("channel-label-incomplete")
    for attribute, (kind, is_valid) in _ATTRIBUTES.items():
        if not is_valid(getattr(channel_class, attribute)):
            yield Message("channel-attribute-type", attribute=attribute, type=kind)

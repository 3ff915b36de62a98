"""What a plugin brings through its hooks, checked before anybody uses it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy

from contentsvc.channels.channel import Channel, ChannelSettings, Rate
from contentsvc.channels.checks import Check
from contentsvc.channels.finished import FinishedDelivery
from contentsvc.channels.limits import Limits
from contentsvc.channels.settings import form_fields
from contentsvc.domain.entries import EntryKind
from contentsvc.errors import PluginError

__all__ = ["CalendarTemplate", "Contributions", "Listener", "check_channel_class", "gather"]

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Listener:
    """A plugin that wants to know what became of deliveries."""

    #: The plugin's name.
    plugin: str
    #: Its `deliveries_finished`; may raise anything.
    call: Callable[[Sequence[FinishedDelivery]], object]


@dataclass(frozen=True, slots=True)
class CalendarTemplate:
    """A calendar file that a plugin offers to be stamped on a week."""

    #: The plugin's name.
    plugin: str
    path: Path


@dataclass(frozen=True, slots=True)
class Contributions:
    """What one plugin brings, or several together."""

    channel_types: Mapping[str, type[Channel]] = field(default_factory=dict)
    #: By name.
    checks: Mapping[str, Check] = field(default_factory=dict)
    listeners: tuple[Listener, ...] = ()
    calendar_templates: tuple[CalendarTemplate, ...] = ()
    #: Folders of poster templates.
    poster_folders: tuple[Path, ...] = ()

    def plus(self, more: Contributions) -> Contributions:
        """Return both; *more* was gathered with these taken, so that no name stands twice."""
        return Contributions(
            channel_types={**self.channel_types, **more.channel_types},
            checks={**self.checks, **more.checks},
            listeners=(*self.listeners, *more.listeners),
            calendar_templates=(*self.calendar_templates, *more.calendar_templates),
            poster_folders=(*self.poster_folders, *more.poster_folders),
        )


def gather(manager: pluggy.PluginManager, plugin: str, taken: Contributions) -> Contributions:
    """Ask the one plugin of *manager* what it brings; PluginError where that cannot be used.

    *plugin* is its name, and *taken* what the plugins before it brought.
    """
    hook = manager.hook
    return Contributions(
        channel_types=_channel_types(hook.register_channels(), taken.channel_types),
        checks=_checks(hook.register_checks(), taken.checks),
        listeners=tuple(_listeners(manager, plugin)),
        calendar_templates=_calendar_templates(plugin, hook.register_calendar_templates()),
        poster_folders=_poster_folders(hook.register_poster_templates()),
    )


def _listeners(manager: pluggy.PluginManager, plugin: str) -> Iterator[Listener]:
    hook = manager.hook.deliveries_finished
    if hook.get_hookimpls():
        yield Listener(plugin, lambda deliveries: hook(deliveries=deliveries))


def _listed(hook: str, answers: Iterable[Any], what: str) -> Iterator[Any]:
    """Give what is in the lists that a hook returned."""
    for answer in answers:
        if not isinstance(answer, list | tuple):
            raise PluginError(f"{hook} returned {answer!r}, not a list of {what}")
        yield from answer


def _channel_types(
    answers: Iterable[Any], taken: Mapping[str, type[Channel]]
) -> dict[str, type[Channel]]:
    brought: dict[str, type[Channel]] = {}
    for one in _listed("register_channels", answers, "classes"):
        check_channel_class(one)
        if one.type in taken or one.type in brought:
            raise PluginError(f"channel type {one.type!r} is brought by another plugin")
        brought[one.type] = one
    return brought


def _checks(answers: Iterable[Any], taken: Mapping[str, Check]) -> dict[str, Check]:
    brought: dict[str, Check] = {}
    for one in _listed("register_checks", answers, "checks"):
        if not isinstance(one, Check):
            raise PluginError(f"register_checks returned {one!r}, which is no instance of a Check")
        name = getattr(one, "name", None)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise PluginError(
                f"{type(one).__name__}: name {name!r} is not a word of lower-case letters, "
                "digits and underscores"
            )
        if name in taken or name in brought:
            raise PluginError(f"check {name!r} is brought by another plugin")
        brought[name] = one
    return brought


def _paths(hook: str, answers: Iterable[Any]) -> Iterator[Path]:
    """Give the paths that a hook returned, each absolute, so that no working folder matters."""
    for one in _listed(hook, answers, "paths"):
        if not isinstance(one, Path):
            raise PluginError(f"{hook} returned {one!r}, which is no Path")
        yield one.absolute()


def _poster_folders(answers: Iterable[Any]) -> tuple[Path, ...]:
    folders = tuple(_paths("register_poster_templates", answers))
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"register_poster_templates returned {folder}, which is no folder")
    return folders


def _calendar_templates(plugin: str, answers: Iterable[Any]) -> tuple[CalendarTemplate, ...]:
    hook = "register_calendar_templates"
    paths = list(_paths(hook, answers))
    for path in paths:
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            raise PluginError(f"{hook} returned {path}, which is no calendar file (.yaml)")
    if len({path.name for path in paths}) < len(paths):
        raise PluginError(f"{hook} returned several files of one name")
    return tuple(CalendarTemplate(plugin, path) for path in paths)


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
    if not isinstance(name, str) or not _NAME.fullmatch(name):
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

"""The contributions that a plugin registers through its hooks, and their validation."""

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
from contentsvc.messages import LANGUAGES, Message

__all__ = ["CalendarTemplate", "Contributions", "DeliveryListener", "check_channel_class", "gather"]

#: Characters of a value that a message shows.
_MOST_SHOWN = 200
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class DeliveryListener:
    """A plugin's function that is called when deliveries have finished."""

    #: The plugin's name.
    plugin: str
    #: The plugin's `deliveries_finished`; it may raise any exception.
    call: Callable[[Sequence[FinishedDelivery]], object]


@dataclass(frozen=True, slots=True)
class CalendarTemplate:
    """A calendar file of a plugin that people can stamp on a week."""

    #: The plugin's name.
    plugin: str
    path: Path


@dataclass(frozen=True, slots=True)
class Contributions:
    """The contributions of one or several plugins."""

    channel_types: Mapping[str, type[Channel]] = field(default_factory=dict)
    #: By name.
    checks: Mapping[str, Check] = field(default_factory=dict)
    listeners: tuple[DeliveryListener, ...] = ()
    calendar_templates: tuple[CalendarTemplate, ...] = ()
    #: Folders of poster templates.
    poster_folders: tuple[Path, ...] = ()

    def plus(self, more: Contributions) -> Contributions:
        """Return these contributions and *more*, which `gather` made knowing these."""
        return Contributions(
            channel_types={**self.channel_types, **more.channel_types},
            checks={**self.checks, **more.checks},
            listeners=(*self.listeners, *more.listeners),
            calendar_templates=(*self.calendar_templates, *more.calendar_templates),
            poster_folders=(*self.poster_folders, *more.poster_folders),
        )


def gather(manager: pluggy.PluginManager, plugin: str, taken: Contributions) -> Contributions:
    """Return the contributions of the only plugin of *manager*, whose name is *plugin*.

    *taken* are the contributions of the plugins before it.

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
    """Return a value for a message, on one line and cut to 200 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


def _listed(hook: str, answers: Iterable[Any]) -> Iterator[Any]:
    """Yield the items of the lists that a hook returned."""
    for answer in answers:
        if not isinstance(answer, list | tuple):
            raise PluginError("hook-returned-no-list", hook=hook, value=_shown(answer))
        yield from answer


def _channel_types(
    answers: Iterable[Any], taken: Mapping[str, type[Channel]]
) -> dict[str, type[Channel]]:
    brought: dict[str, type[Channel]] = {}
    for one in _listed("register_channels", answers):
        check_channel_class(one)
        if one.type in taken or one.type in brought:
            raise PluginError("channel-type-taken", channel_type=one.type)
        brought[one.type] = one
    return brought


def _checks(answers: Iterable[Any], taken: Mapping[str, Check]) -> dict[str, Check]:
    brought: dict[str, Check] = {}
    for one in _listed("register_checks", answers):
        if not isinstance(one, Check):
            raise PluginError("hook-returned-no-check", value=_shown(one))
        name = getattr(one, "name", None)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise PluginError(
                "plugin-class-faulty",
                name=type(one).__name__,
                faults=Message("plugin-name-malformed", attribute="name", value=_shown(name)),
            )
        if name in taken or name in brought:
            raise PluginError("check-name-taken", name=name)
        brought[name] = one
    return brought


def _paths(hook: str, answers: Iterable[Any]) -> Iterator[Path]:
    """Yield the paths that a hook returned, made absolute."""
    for one in _listed(hook, answers):
        if not isinstance(one, Path):
            raise PluginError("hook-returned-no-path", hook=hook, value=_shown(one))
        yield one.absolute()


def _poster_folders(answers: Iterable[Any]) -> tuple[Path, ...]:
    folders = tuple(_paths("register_poster_templates", answers))
    for folder in folders:
        if not folder.is_dir():
            raise PluginError("hook-returned-no-folder", folder=str(folder))
    return folders


def _calendar_templates(plugin: str, answers: Iterable[Any]) -> tuple[CalendarTemplate, ...]:
    hook = "register_calendar_templates"
    paths = list(_paths(hook, answers))
    for path in paths:
        if path.suffix not in {".yaml", ".yml"} or not path.is_file():
            raise PluginError("hook-returned-no-calendar-file", path=str(path))
    if len({path.name for path in paths}) < len(paths):
        raise PluginError("calendar-template-names-repeat")
    return tuple(CalendarTemplate(plugin, path) for path in paths)


def check_channel_class(one: Any) -> None:
    """Raise PluginError with every fault of a channel class."""
    if not (inspect.isclass(one) and issubclass(one, Channel)):
        raise PluginError("hook-returned-no-channel-class", value=_shown(one))
    faults = list(_faults(one))
    if faults:
        raise PluginError("plugin-class-faulty", name=one.__name__, faults=_joined(faults))
    form_fields(one, "en")


def _joined(faults: list[Message]) -> Message:
    return Message.given(
        **{lang: "; ".join(fault.text(lang) for fault in faults) for lang in LANGUAGES}
    )


def _faults(one: type[Channel]) -> Iterator[Message]:
    if inspect.isabstract(one):
        yield Message("channel-without-publish")
    name = getattr(one, "type", None)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield Message("plugin-name-malformed", attribute="type", value=_shown(name))
    label = getattr(one, "label", None)
    if not isinstance(label, Mapping) or not {"zh", "en"} <= set(label):
        yield Message("channel-label-incomplete")
    if not isinstance(one.kinds, frozenset) or not one.kinds or not one.kinds <= set(EntryKind):
        yield Message("channel-attribute-type", attribute="kinds", type="frozenset[EntryKind]")
    if not isinstance(one.limits, Limits):
        yield Message("channel-attribute-type", attribute="limits", type="Limits")
    if not isinstance(one.rates, tuple) or not all(isinstance(rate, Rate) for rate in one.rates):
        yield Message("channel-attribute-type", attribute="rates", type="tuple[Rate, ...]")
    if not (inspect.isclass(one.Settings) and issubclass(one.Settings, ChannelSettings)):
        yield Message("channel-attribute-type", attribute="Settings", type="type[ChannelSettings]")
    for promise, method in (("can_find", "find"), ("has_pages", "page")):
        if getattr(one, promise) and getattr(one, method) is getattr(Channel, method):
            yield Message("channel-method-missing", attribute=promise, method=method)

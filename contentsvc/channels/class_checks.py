"""Finds misspelt names and wrong signatures in a plugin's class when the plugin is loaded."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import FunctionType
from typing import Any

from contentsvc.channels.spelling import meant
from contentsvc.messages import Message

__all__ = ["async_fault", "class_faults", "defined_members"]

#: Attributes that the service sets in each instance, so a class cannot define them.
_SET_BY_THE_SERVICE = frozenset({"host", "settings"})
#: Words that authors use for members of the API.
_OTHER_WORDS: Mapping[str, str] = {"idempotent": "idempotent_for"}
#: Up to this length, a name with one letter replaced is usually another word: pull, poll.
_SHORT = 5

_VALUE, _METHOD = "value", "method"


def class_faults(plugin_class: type, *apis: type) -> Iterator[Message]:
    """Yield the faults of a plugin's class: misspelt names, wrong signatures, `async def`.

    *apis* are the classes of the plugin API whose members the class may override. Names that begin
    with an underscore are the plugin's own.
    """
    members = {name: value for api in apis for name, value in _members(api).items()}
    for name in sorted(_SET_BY_THE_SERVICE & _defined(plugin_class, apis)):
        yield Message("plugin-name-reserved", name=name)
    yield from _misspelt(plugin_class, apis, members)
    for name, expected in members.items():
        given = inspect.getattr_static(plugin_class, name, expected)
        if given is not expected:
            yield from _member_faults(name, given, expected)


def defined_members(plugin_class: type, api: type) -> set[str]:
    """Return the public members of *api* that *plugin_class* has, inherited from it or not."""
    return {name for name in _members(api) if hasattr(plugin_class, name)}


def async_fault(name: str, function: object) -> Message | None:
    """Return a fault if *function* returns a coroutine or a generator; else None."""
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return Message("plugin-method-async", name=name)
    if inspect.isgeneratorfunction(function):
        return Message("plugin-method-yields", name=name)
    return None


def _members(api: type) -> dict[str, object]:
    """Return the public members of *api*. A name that is only annotated has the value None."""
    declared: dict[str, object] = dict.fromkeys(inspect.get_annotations(api))
    return {
        name: value
        for name, value in {**declared, **vars(api)}.items()
        if name[0] != "_" and name not in _SET_BY_THE_SERVICE
    }


def _own_classes(plugin_class: type, apis: tuple[type, ...]) -> Iterator[type]:
    """Yield *plugin_class* and those of its base classes that the plugin defines."""
    for base in inspect.getmro(plugin_class):
        if base not in apis and issubclass(base, apis):
            yield base


def _defined(plugin_class: type, apis: tuple[type, ...]) -> set[str]:
    return {name for base in _own_classes(plugin_class, apis) for name in vars(base)}


def _misspelt(
    plugin_class: type, apis: tuple[type, ...], members: Mapping[str, object]
) -> Iterator[Message]:
    libraries = [
        base for base in inspect.getmro(plugin_class) if base in apis or not issubclass(base, apis)
    ]
    inherited = {name for base in libraries for name in dir(base)}
    for base in _own_classes(plugin_class, apis):
        own = {**inspect.get_annotations(base), **vars(base)}
        for name in sorted(own.keys() - inherited - _SET_BY_THE_SERVICE):
            api_name = None if name[0] == "_" else _meant(name, own[name], members)
            # A class that has the right name as well means its own helper by the other one.
            if api_name is not None and api_name not in own:
                yield Message("plugin-name-misspelt", name=name, meant=api_name)


def _meant(name: str, value: object, members: Mapping[str, object]) -> str | None:
    """Return the API member that *name* is probably a misspelling of, or None."""
    alike = {other for other, member in members.items() if _kind(member) == _kind(value)}
    if len(name) <= _SHORT and _kind(value) is _METHOD:
        alike = {
            other for other in alike if len(other) != len(name) or sorted(other) == sorted(name)
        }
    words = {word for word, other in _OTHER_WORDS.items() if other in members} - set(members)
    word = name if name in words else meant(name, words)
    return meant(name, alike) or (_OTHER_WORDS[word] if word else None)


def _kind(member: object) -> str:
    """Return the kind of a class member: a method, which is called, or a value, which is read."""
    is_called = isinstance(member, FunctionType | classmethod | staticmethod)
    return _METHOD if is_called else _VALUE


def _member_faults(name: str, given: Any, expected: object) -> Iterator[Message]:
    if _kind(expected) is _VALUE:
        function = _getter(given)
        if _kind(given) is _METHOD:
            yield Message("plugin-value-is-method", name=name)
        elif function is not None and (fault := async_fault(name, function)):
            yield fault
        return
    is_class_method = isinstance(expected, classmethod)
    if isinstance(given, staticmethod) or isinstance(given, classmethod) != is_class_method:
        code = "plugin-method-not-class" if is_class_method else "plugin-method-not-instance"
        yield Message(code, name=name, signature=_written(name, expected))
        return
    function = given.__func__ if is_class_method else given
    if not callable(function):
        yield Message("plugin-method-is-value", name=name, signature=_written(name, expected))
    elif fault := async_fault(name, function):
        yield fault
    elif not _can_be_called(function, _plain(expected)):
        yield Message("plugin-method-signature", name=name, signature=_written(name, expected))


def _getter(given: object) -> Callable[..., object] | None:
    if isinstance(given, property):
        return given.fget
    return given.func if isinstance(given, cached_property) else None


def _plain(expected: object) -> Callable[..., object]:
    function: Any = expected
    plain: Callable[..., object] = getattr(function, "__func__", function)
    return plain


def _written(name: str, expected: object) -> str:
    """Return the signature to write, such as `def publish(self, rendition, *, key)`."""
    found = inspect.signature(_plain(expected))
    bare = [one.replace(annotation=one.empty) for one in found.parameters.values()]
    return f"def {name}{found.replace(parameters=bare, return_annotation=found.empty)}"


def _can_be_called(function: Callable[..., object], expected: Callable[..., object]) -> bool:
    """Return True if *function* accepts the arguments that the service passes to *expected*.

    A keyword-only parameter must remain keyword-only, so that a later version of the API can add
    another parameter before it.
    """
    try:
        # A decorator's function is what is called, so the function that it wraps does not matter.
        given = inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return True
    parameters = inspect.signature(expected).parameters.values()
    keywords = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY]
    places = [one.name for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    try:
        given.bind(*places, **dict.fromkeys(keywords))
    except TypeError:
        return False
    by_place = inspect.Parameter.POSITIONAL_OR_KEYWORD
    return not any(
        name in given.parameters and given.parameters[name].kind is by_place for name in keywords
    )

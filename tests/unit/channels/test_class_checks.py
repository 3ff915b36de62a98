"""Tests of the checks of a plugin's classes when the plugin is loaded."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from contentsvc.channels import Channel, Check, Quota, Rate, Receipt
from contentsvc.channels.class_checks import async_fault, class_faults


def _publish(self: Any, rendition: object, *, key: str) -> Receipt:
    raise NotImplementedError


def faults(**members: Any) -> list[str]:
    """Return the faults of a channel class with these members."""
    plugin_class = type("Mine", (Channel,), {"publish": _publish, **members})
    return [fault.text("en") for fault in class_faults(plugin_class, Channel)]


def method(source: str) -> Any:
    """Return a function with this parameter list and body, such as `(self): return 1`."""
    names: dict[str, Any] = {}
    head, _, body = source.partition(":")
    exec(
        f"{'async ' * head.startswith('async ')}def made{head.removeprefix('async ')}:{body}", names
    )
    return names["made"]


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("rate", (Rate(1, 1),), "rates"),
        ("limit", 5, "limits"),
        ("idempotent", True, "idempotent_for"),
        ("idempotant", True, "idempotent_for"),
        ("idempotant_for", None, "idempotent_for"),
        ("refusal", frozenset(), "refusals"),
        ("kidns", frozenset(), "kinds"),
        ("quote", Quota(day=1), "quota"),
        ("acount", "shop", "account"),
        ("lable", {}, "label"),
        ("publsh", _publish, "publish"),
        ("render_posts", lambda self, entry, context: None, "render_post"),
        ("render_livestream_notise", lambda self: None, "render_livestream_notice"),
        ("retrct", lambda self, receipt: None, "retract"),
        ("fnd", lambda self: None, "find"),
        ("fidn", lambda self: None, "find"),
        ("platform_rules", property(lambda self: None), "platform_rule"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_right_one(name: str, value: Any, meant: str) -> None:
    """A public name that is nearly a name of the API is a fault, which names the right one."""
    members = {name: value, "publish": _publish}
    if name == "publsh":
        del members["publish"]
    plugin_class = type("Mine", (Channel,), members)

    (found,) = [fault.text("en") for fault in class_faults(plugin_class, Channel)]

    assert found.startswith(f"there is no {name}; write {meant} (")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("_rate", 5),
        ("_publsh", _publish),
        ("published", lambda self: None),
        ("extract", lambda self: None),
        ("bind", lambda self: None),
        ("fetch", lambda self: None),
        ("post", lambda self: None),
        ("limit", lambda self: None),
        ("pages_of", 5),
        ("token", property(lambda self: "")),
        ("Poster", type("Poster", (), {})),
    ],
)
def test_a_name_of_the_plugins_own_is_allowed(name: str, value: Any) -> None:
    """Private names, other words, and names beside the right one are the plugin's own."""
    assert faults(**{name: value}) == []


def test_a_declared_name_is_read_as_well() -> None:
    """A name that is only annotated counts as a value."""
    assert "rates" in faults(__annotations__={"rate": "ClassVar[int]"})[0]


def test_a_name_of_a_library_is_allowed() -> None:
    """A name that overrides that of a library's class is not a misspelling."""

    class Client:
        rate = 5

    plugin_class = type("Mine", (Client, Channel), {"publish": _publish, "rate": 6})

    assert list(class_faults(plugin_class, Channel)) == []


def test_a_base_class_of_the_plugin_is_checked() -> None:
    """A misspelling in a base class of the plugin is a fault of its subclasses."""
    base = type("Base", (Channel,), {"publish": _publish, "rate": 5})

    (fault,) = class_faults(type("Mine", (base,), {}), Channel)

    assert "write rates" in fault.text("en")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("publish", method("(self, rendition): pass"), "def publish(self, rendition, *, key)"),
        ("publish", method("(self, rendition, key): pass"), "def publish(self, rendition, *, key)"),
        ("publish", method("(self, rendition, key, /): pass"), "(self, rendition, *, key)"),
        ("publish", method("(self, rendition, *, id): pass"), "(self, rendition, *, key)"),
        ("publish", method("(self, rendition, *, key, token): pass"), "need defaults"),
        ("publish", method("(self, rendition, token, *, key): pass"), "need defaults"),
        ("publish", method("(rendition, *, key): pass"), "def publish(self, rendition, *, key)"),
        ("publish", staticmethod(method("(rendition, *, key): pass")), "not a static or class"),
        ("publish", classmethod(method("(cls, rendition, *, key): pass")), "not a static or class"),
        ("publish", method("async (self, rendition, *, key): pass"), "publish is async"),
        ("publish", method("async (self, rendition, *, key): yield 1"), "publish is async"),
        ("publish", method("(self, rendition, *, key): yield 1"), "publish contains yield"),
        ("publish", 5, "publish must be a method: def publish(self, rendition, *, key)"),
        ("render_post", method("(self, entry): pass"), "def render_post(self, entry, context)"),
        ("retract", method("(self): pass"), "def retract(self, receipt)"),
        ("find", method("(self, rendition, *, key): pass"), "*, key, since)"),
        ("account", method("(self): return ''"), "account must be a value or a property"),
        ("account", property(method("async (self): return ''")), "account is async"),
        ("account", functools.cached_property(method("async (self): pass")), "account is async"),
        ("rates", method("(self): return ()"), "rates must be a value or a property"),
        ("settings", 5, "settings is set by the service"),
        ("host", property(lambda self: None), "host is set by the service"),
    ],
)
def test_a_wrong_signature_is_refused_with_the_right_one(name: str, value: Any, words: str) -> None:
    """A method that the service cannot call is a fault, which shows the signature to write."""
    (found,) = faults(**{name: value})

    assert words in found


def _passed_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return *function* as a decorator does that adds an argument."""

    @functools.wraps(function)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        return function(self, *args, token="", **kwargs)

    return wrapper


class _Callable:
    def __call__(self, rendition: object, *, key: str) -> None: ...


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("publish", method("(self, post, *, key): pass")),
        ("publish", method("(self, rendition, *, key, token=''): pass")),
        ("publish", method("(self, *args, **kwargs): pass")),
        ("publish", _passed_on(method("(self, rendition, *, key, token): pass"))),
        ("account", "shop"),
        ("account", property(lambda self: "shop")),
        ("account", functools.cached_property(lambda self: "shop")),
        ("quota", Quota(day=1)),
        ("__init__", method("(self, settings, host): pass")),
    ],
)
def test_a_method_that_can_be_called_is_allowed(name: str, value: Any) -> None:
    """Other names of positional parameters, defaults, decorators and values are allowed."""
    assert faults(**{name: value}) == []


def test_a_check_is_held_to_its_own_api() -> None:
    """The class of a check is compared with `Check`, not with `Channel`."""

    class Mine(Check):
        name = "mine"
        rate: ClassVar[int] = 5

        def check(self, entry: object, rendition: object) -> Any:  # type: ignore[override]
            return []

    (found,) = class_faults(Mine, Check)

    assert "def check(self, entry, rendition, language)" in found.text("en")


def test_an_ordinary_function_has_no_fault() -> None:
    """Only coroutines and generators are faults."""
    assert async_fault("publish", _publish) is None


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_fault_is_told_in_both_languages(language: str) -> None:
    """The Chinese and the English text name the wrong and the right name."""
    plugin_class = type("Mine", (Channel,), {"publish": _publish, "rate": 5})

    (fault,) = class_faults(plugin_class, Channel)

    assert dict(fault.params) == {"name": "rate", "meant": "rates"}
    assert "rates" in fault.text(language)

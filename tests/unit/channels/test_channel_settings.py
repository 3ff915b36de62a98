"""Tests of how a channel class names the class of its settings."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from contentsvc.channels import Channel, ChannelSettings, Receipt, SettingsT
from contentsvc.channels.testing import parse_settings
from contentsvc.errors import PluginError


class GreetingSettings(ChannelSettings):
    greeting: str = "hello"


class LoudSettings(GreetingSettings):
    volume: int = 11


class Chat(Channel[SettingsT]):
    """A base class for channel types with settings of their own."""

    def publish(self, rendition: object, *, key: str) -> Receipt:
        raise NotImplementedError


class Plain(Chat):
    pass


class Greeter(Chat[GreetingSettings]):
    pass


class Shouter(Greeter):
    pass


class Louder(Chat[LoudSettings]):
    pass


@pytest.mark.parametrize(
    ("channel_class", "settings"),
    [
        (Channel, ChannelSettings),
        (Chat, ChannelSettings),
        (Plain, ChannelSettings),
        (Greeter, GreetingSettings),
        (Shouter, GreetingSettings),
        (Louder, LoudSettings),
    ],
)
def test_the_settings_class_is_the_type_parameter(
    channel_class: type[Channel], settings: type[ChannelSettings]
) -> None:
    """`Settings` is the class in `Channel[…]`, else that of the base class."""
    assert channel_class.Settings is settings


def test_settings_have_the_type_of_the_parameter() -> None:
    """A type checker and the running code agree on the class of parsed settings."""
    volume: int = parse_settings(Louder, {}).volume
    greeting: str = parse_settings(Greeter, {"greeting": "hi"}).greeting

    assert (volume, greeting) == (11, "hi")


def test_a_nested_settings_class_is_refused() -> None:
    """A nested class would not be typed, so the error says what to write in its place."""
    with pytest.raises(PluginError, match=r"class Old\(Channel\[OldSettings\]\)"):

        class Old(Chat):
            class Settings(ChannelSettings):
                pass


@pytest.mark.parametrize("parameter", ["dict", "BaseModel", "'LaterSettings'"])
def test_a_parameter_that_is_no_settings_class_is_refused(parameter: str) -> None:
    """The parameter must be a subclass of ChannelSettings that exists already."""
    source = f"class Odd(Channel[{parameter}]):\n    pass\n"

    with pytest.raises(PluginError, match=r"Odd: Channel.* must name a subclass"):
        exec(source, {"Channel": Channel, "BaseModel": BaseModel})

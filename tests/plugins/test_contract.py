"""Tests of the contract tests: they fail for channels that would harm people."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from contentsvc.channels import (
    Channel,
    ChannelEntry,
    ChannelSettings,
    Identity,
    Limits,
    Page,
    PageRequest,
    Pages,
    Receipt,
    RenderContext,
    Rendition,
    SecretStr,
    contract,
    raise_for_status,
    soundness,
)
from contentsvc.channels.contract import ChannelContract, HttpChannelContract
from contentsvc.channels.hosting import SettingsError
from contentsvc.channels.testing import FakePlatform, FakeResponse, TestHost, parse_settings
from contentsvc.errors import PluginError


class Sound(Channel):
    """A channel that passes the contract."""

    type = "sound"
    label: ClassVar[Mapping[str, str]] = {"zh": "好", "en": "Sound"}

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(self.host.store.put(key, {"text": rendition.text}).key)


class Random(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), title=str(random.random()))


class Curious(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        self.host.http.request("GET", "https://a.example/")
        return super().render_post(entry, context)


class Careless(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), html=entry.body)


class Fragile(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), title=entry.body[0])


class Opaque(Sound):
    def render_post(self, entry: ChannelEntry, context: RenderContext) -> Rendition:
        return replace(super().render_post(entry, context), data={"at": entry.due_at})


class Tight(Sound):
    limits = Limits(text_characters=3)


class Forgetful(Sound):
    idempotent_for = timedelta.max

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(str(random.random()))


class Silent(Sound):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return None  # type: ignore[return-value]


class Blind(Sound):
    def find(self, rendition: Rendition, *, key: str, since: datetime) -> Receipt | None:
        return None


class Shared(Sound):
    """Two channels that publish to one account."""

    account = "the shop"

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(f"{self.account}/{key}")


class ByName(Sound):
    @property
    def account(self) -> str:
        return f"account of {self.host.name}"


class Unnamed(Sound):
    account = ""


class Colliding(Shared):
    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt("always the same")


class Unknown(Sound):
    def identity(self) -> Identity:
        return Identity("")


class Paged(Pages, Sound):
    def page(self, request: PageRequest) -> Page | None:
        return Page(b"", "text/html") if not request.path else None


class Everywhere(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return Page(b"", "text/html")


class Nowhere(Paged):
    def page(self, request: PageRequest) -> Page | None:
        return None


class Restless(Sound):
    @classmethod
    def upgrade_settings(cls, stored: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"count": len(stored)}


class Nameless(Sound):
    label: ClassVar[Mapping[str, str]] = {}


def contract_of(channel_class: type[Channel]) -> ChannelContract:
    contract = ChannelContract()
    contract.channel_class = channel_class  # type: ignore[misc]
    return contract


@pytest.fixture
def host(tmp_path: Path) -> TestHost:
    return TestHost(tmp_path)


def run(channel_class: type[Channel], host: TestHost, test: str) -> None:
    contract = contract_of(channel_class)
    channel = channel_class(parse_settings(channel_class, {}), host)
    match test:
        case "the_class_is_whole":
            contract.test_the_class_is_whole()
        case "each_kind_renders_the_same_twice":
            contract.test_each_kind_renders_the_same_twice(channel, host)
        case "stored_settings_are_converted_once":
            contract.test_stored_settings_are_converted_once({})
        case "any_body":
            contract.test_any_body_renders_or_is_refused(channel, host, "")
        case "channels_of_one_account_are_told_apart":
            contract.test_channels_of_one_account_are_told_apart(channel, {}, host.folder)
        case _:
            getattr(contract, f"test_{test}")(channel)


@pytest.mark.parametrize(
    ("channel_class", "test", "error"),
    [
        (Random, "each_kind_renders_the_same_twice", AssertionError),
        (Curious, "each_kind_renders_the_same_twice", AssertionError),
        (Opaque, "each_kind_renders_the_same_twice", AssertionError),
        (Fragile, "any_body", IndexError),
        (Tight, "what_people_plan_is_within_the_limits", AssertionError),
        (Forgetful, "the_same_key_is_one_post", AssertionError),
        (Silent, "publishing_gives_an_answer", AssertionError),
        (Blind, "find_tells_what_became_of_a_key", AssertionError),
        (ByName, "channels_of_one_account_are_told_apart", AssertionError),
        (Unnamed, "channels_of_one_account_are_told_apart", AssertionError),
        (Colliding, "channels_of_one_account_are_told_apart", AssertionError),
        (Unknown, "the_account_can_be_identified", ValueError),
        (Everywhere, "pages_answer_visitors", AssertionError),
        (Nowhere, "pages_answer_visitors", AssertionError),
        (Restless, "stored_settings_are_converted_once", SettingsError),
        (Nameless, "the_class_is_whole", PluginError),
    ],
)
def test_a_fault_is_caught(
    host: TestHost, channel_class: type[Channel], test: str, error: type[Exception]
) -> None:
    """Each contract test fails for a channel with the fault that it tests."""
    run(Sound, host, test)

    with pytest.raises(error):
        run(channel_class, host, test)


@pytest.mark.parametrize(
    ("channel_class", "test"),
    [
        (Shared, "channels_of_one_account_are_told_apart"),
        (Paged, "pages_answer_visitors"),
    ],
)
def test_a_sound_channel_passes(host: TestHost, channel_class: type[Channel], test: str) -> None:
    """A channel that shares an account, or has pages, passes the test of it."""
    run(channel_class, host, test)


def test_markup_that_acts_is_caught(host: TestHost) -> None:
    """A channel that does not clean the HTML that people typed fails the contract."""
    contract = contract_of(Careless)
    channel = Careless(parse_settings(Careless, {}), host)
    body = "<img src=x onerror=alert(1)>"

    with pytest.raises(AssertionError):
        contract.test_any_body_renders_or_is_refused(channel, host, body)


class LoudSettings(ChannelSettings):
    """An address and a token."""

    url: str
    token: SecretStr


class Loud(Channel[LoudSettings]):
    """A channel that shows its secret and takes every response for success."""

    type = "loud"
    label: ClassVar[Mapping[str, str]] = {"zh": "大声", "en": "Loud"}

    def __repr__(self) -> str:
        return f"Loud({self.settings.token.get_secret_value()})"

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        token = self.settings.token.get_secret_value()
        response = self.host.http.request("POST", self.settings.url, allow_private=True)
        if response.status >= 400:
            raise_for_status(response)
        return Receipt(token)


@pytest.fixture
def platform() -> Iterator[FakePlatform]:
    with FakePlatform() as platform:
        yield platform


def loud(platform: FakePlatform, host: TestHost) -> Channel:
    raw: dict[str, Any] = {"url": platform.url, "token": "hunter2hunter2"}
    return Loud(parse_settings(Loud, raw), host)


def test_a_secret_that_is_told_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel whose text contains its token fails the contract."""
    contract = contract_of(Loud)

    with pytest.raises(AssertionError):
        contract.test_secrets_are_not_shown(loud(platform, host))


def test_a_secret_in_an_error_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel whose error repeats a secret that the platform echoed fails the contract."""
    contract = HttpChannelContract()

    with pytest.raises(AssertionError):
        contract.test_errors_tell_no_secret(loud(platform, host), platform)


def test_a_redirect_taken_for_success_is_caught(platform: FakePlatform, host: TestHost) -> None:
    """A channel that returns a receipt for a redirect fails the contract."""
    contract = HttpChannelContract()

    with pytest.raises(AssertionError, match=r"for a redirect, publish.* must raise"):
        contract.test_a_redirect_is_refused(loud(platform, host), platform)


def test_the_platform_answers_as_it_is_told(platform: FakePlatform, host: TestHost) -> None:
    """The fake platform sends the queued responses first, then the default response."""
    platform.response = FakeResponse(204, b"")
    platform.then(FakeResponse(500), FakeResponse(429))

    statuses = [host.http.request("GET", platform.url, allow_private=True).status for _ in range(3)]

    assert statuses == [500, 429, 204]


def test_settings_of_a_contract_are_checked() -> None:
    """A contract test without a required setting fails with the setting's name."""
    with pytest.raises(SettingsError, match="token"):
        parse_settings(Loud, {"url": "x"})


@pytest.mark.parametrize("module", [contract, soundness])
def test_every_assertion_explains_itself(module: ModuleType) -> None:
    """An author reads a sentence when a test of the contract fails, not two bare values."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    asserts = [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]

    assert asserts
    assert [node.lineno for node in asserts if node.msg is None] == []
    assert [
        node for node in calls if isinstance(node, ast.Attribute) and node.attr == "raises"
    ] == []


@pytest.mark.parametrize(
    ("channel_class", "test", "words"),
    [
        (Random, "each_kind_renders_the_same_twice", "made two different renditions"),
        (Opaque, "each_kind_renders_the_same_twice", "more than JSON values"),
        (Tight, "what_people_plan_is_within_the_limits", "3 are allowed here"),
        (Forgetful, "the_same_key_is_one_post", "must return the same receipt"),
        (Silent, "publishing_gives_an_answer", "publish.. returned None; it must return a Receipt"),
        (ByName, "channels_of_one_account_are_told_apart", "depend on the settings only"),
        (Everywhere, "pages_answer_visitors", "it must return None"),
    ],
)
def test_a_failure_says_what_to_do(
    host: TestHost, channel_class: type[Channel], test: str, words: str
) -> None:
    """The sentence names what the channel did and what it must do."""
    with pytest.raises(AssertionError, match=words):
        run(channel_class, host, test)

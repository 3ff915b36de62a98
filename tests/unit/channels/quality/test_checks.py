"""Tests of the checks of the quality scale: each finds what breaks its rule, and no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import ClassVar, Literal

import pytest

from contentsvc.channels import (
    Channel,
    ChannelSettings,
    Field,
    Limits,
    Phrases,
    Rate,
    Receipt,
    Rendition,
    SecretStr,
)
from contentsvc.channels.quality import ContractRun, PluginFacts, checks
from contentsvc.channels.quality.checks import Check


class Plain(Channel):
    """A channel that offers nothing but publishing."""

    type = "plain"
    label: ClassVar[Mapping[str, str]] = {"zh": "简", "en": "Plain"}

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(key)


class Keyed(Plain):
    limits = Limits(text_characters=10)
    idempotent_for = timedelta(hours=1)
    rates = (Rate(1, 1),)
    refusals = frozenset({503})


class Settings(ChannelSettings):
    """Settings of which each field but the first lacks something."""

    told: bool = Field(
        default=False,
        title="Told",
        description="Told.",
        json_schema_extra={"zh": {"title": "说明", "description": "有说明。"}},
    )
    untold: str = ""
    choice: Literal["a", "b"] = Field(
        default="a",
        title="Choice",
        description="One of two.",
        json_schema_extra={
            "zh": {"title": "选项", "description": "二选一。", "choices": {"a": "甲"}}
        },
    )
    api_token: str = Field(
        default="",
        title="Token",
        description="Of the API.",
        json_schema_extra={"zh": {"title": "令牌", "description": "接口令牌。"}},
    )
    password: SecretStr = Field(
        default=SecretStr(""),
        title="Password",
        description="Hidden.",
        json_schema_extra={"zh": {"title": "密码", "description": "不显示。"}},
    )


class Configured(Channel[Settings]):
    type = "configured"
    label: ClassVar[Mapping[str, str]] = {"zh": "有设置", "en": "Configured"}

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(key)


def codes(check: Check, facts: PluginFacts) -> list[str]:
    return [reason.code for reason in check(facts)]


def of(channel_class: type[Channel]) -> PluginFacts:
    return PluginFacts(channel_types={channel_class.type: channel_class})


def source(text: str) -> PluginFacts:
    return PluginFacts(sources={"acme.py": text})


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("def f(a: int, *b: int, c: int = 0) -> None: ...", []),
        (
            "class A:\n    def f(self) -> None: ...\n    @classmethod\n    def g(cls) -> None: ...",
            [],
        ),
        ("def f(a) -> None: ...", ["acme.py:1"]),
        ("x = 1\ndef f(a: int): ...", ["acme.py:2"]),
        ("def f(*a) -> None: ...", ["acme.py:1"]),
        ("def f(**a) -> None: ...", ["acme.py:1"]),
        ("def f(*, a) -> None: ...", ["acme.py:1"]),
    ],
)
def test_functions_without_types_are_found(text: str, places: list[str]) -> None:
    """A parameter or result without a type is found with its line."""
    assert [reason.params["place"] for reason in checks.typed(source(text))] == places


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        ("import json, urllib.parse\nfrom http import HTTPStatus\nfrom .requests import x", []),
        ("import requests", ["requests"]),
        ("import json, httpx", ["httpx"]),
        ("from requests.adapters import HTTPAdapter", ["requests.adapters"]),
        ("from urllib import request", ["urllib.request"]),
        ("from urllib.request import urlopen", ["urllib.request"]),
        ("from http import client", ["http.client"]),
        ("def f():\n    import socket", ["socket"]),
    ],
)
def test_own_ways_to_the_network_are_found(text: str, modules: list[str]) -> None:
    """An import of a module that reaches the network is found, wherever it stands."""
    assert [reason.params["module"] for reason in checks.network(source(text))] == modules


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('raise RejectedError(PHRASES.message("full"))', 0),
        ('raise RejectedError({"zh": "满", "en": "full"})', 0),
        ('raise ValueError("a developer reads this")', 0),
        ('raise RejectedError("full")', 1),
        ('raise channels.TemporaryError(f"full: {count}", retry_after=3)', 1),
    ],
)
def test_errors_with_a_text_in_one_language_are_found(text: str, count: int) -> None:
    """A publishing or rendering error with a bare text is found."""
    assert codes(checks.phrases, source(text)) == ["quality-bare-text"] * count


def test_phrases_without_a_language_are_found() -> None:
    """A text that is missing in a language is named with its language."""
    found = Phrases({"zh": {"a": "甲"}, "en": {"a": "a", "b": "b"}})

    (reason,) = checks.phrases(PluginFacts(phrases=(found,)))

    assert reason.params == {"language": "zh", "codes": ["b"]}


def test_settings_without_texts_are_found() -> None:
    """Each text that a setting or a choice lacks is named."""
    reasons = checks.settings_texts(of(Configured))

    found = {reason.params["setting"]: reason.params["texts"] for reason in reasons}
    assert found == {
        "configured.untold": ["en title", "en description", "zh title", "zh description"],
        "configured.choice": ["zh choices b"],
    }


def test_open_secrets_are_found() -> None:
    """A setting called like a secret must be a SecretStr."""
    (reason,) = checks.secrets(of(Configured))

    assert reason.params == {"setting": "configured.api_token"}


@pytest.mark.parametrize("member", ["limits", "retract", "identity", "account"])
def test_members_that_a_channel_does_not_define_are_found(member: str) -> None:
    """A member that a channel inherits from Channel is named."""
    (reason,) = checks.defines(member)(of(Plain))

    assert reason.params == {"channel_type": "plain", "member": member}


def test_a_member_that_a_channel_defines_is_enough() -> None:
    """A class attribute, also of a base class of the plugin, keeps the rule."""

    class Child(Keyed):
        type = "child"

    assert codes(checks.defines("limits"), of(Child)) == []


def test_a_channel_needs_a_way_out_of_doubt() -> None:
    """`find` or `idempotent_for` must be there."""

    class Asked(Plain):
        def find(self, rendition: Rendition, *, key: str, since: object) -> Receipt | None:
            return None

    assert codes(checks.retry_safe, of(Plain)) == ["quality-not-defined"]
    assert codes(checks.retry_safe, of(Keyed)) == []
    assert codes(checks.retry_safe, of(Asked)) == []


@pytest.mark.parametrize(
    ("contracts", "expected"),
    [
        ({}, ["quality-contract-not-run"]),
        ({"plain": {"RenderContract": ()}}, ["quality-contract-not-run"]),
        ({"plain": {"ChannelContract": ("test_a",)}}, ["quality-contract-unproven"]),
        ({"other": {"ChannelContract": ()}}, ["quality-contract-not-run"]),
        ({"plain": {"ChannelContract": ()}}, []),
    ],
)
def test_a_contract_must_be_run_and_passed(
    contracts: dict[str, dict[str, tuple[str, ...]]], expected: list[str]
) -> None:
    """A contract that was not run for the channel type, or not passed, is named."""
    facts = PluginFacts(channel_types={"plain": Plain}, run=ContractRun(1, 0, contracts))

    assert codes(checks.contract("ChannelContract"), facts) == expected


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (ContractRun(), ["quality-no-tests"]),
        (ContractRun(passed=3, failed=1), ["quality-tests-failed"]),
        (ContractRun(passed=3), []),
    ],
)
def test_a_plugin_needs_passing_tests(run: ContractRun, expected: list[str]) -> None:
    """Without a passed test, or with a failed one, the rule is broken."""
    assert codes(checks.own_tests, PluginFacts(run=run)) == expected


def test_a_version_and_sound_files_are_needed() -> None:
    """The faults of files are shown as they are, and a missing version is named."""
    facts = PluginFacts(file_faults=("week.yaml: line 3",), has_files=True)

    assert [str(reason) for reason in checks.sound_files(facts)] == ["week.yaml: line 3"]
    assert codes(checks.version, facts) == ["quality-no-version"]
    assert codes(checks.version, PluginFacts(version="1.0")) == []


def test_rules_know_what_a_plugin_has() -> None:
    """Whether a rule applies depends on what the plugin has."""
    http = PluginFacts(
        channel_types={"plain": Plain}, sources={"a.py": 'self.host.http.request("GET", url)'}
    )

    assert checks.calls_http(http)
    assert not checks.calls_http(of(Plain))
    assert checks.has_rates(of(Keyed))
    assert not checks.has_rates(of(Plain))
    assert checks.declares_refusals(of(Keyed))
    assert not checks.declares_refusals(of(Plain))
    assert checks.has_settings(of(Configured))
    assert not checks.has_settings(of(Plain))
    assert checks.has_channels(of(Plain))
    assert not checks.has_channels(PluginFacts())

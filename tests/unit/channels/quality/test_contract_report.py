"""Tests of the report of which contracts a plugin's tests have passed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest

from contentsvc.channels import Channel, Receipt, Rendition
from contentsvc.channels.contract import ChannelContract, RenderContract
from contentsvc.channels.quality.contract_report import Outcome, unproven


class Acme(Channel):
    type = "acme"
    label: ClassVar[Mapping[str, str]] = {"zh": "甲", "en": "Acme"}

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(key)


class Whole(ChannelContract):
    channel_class = Acme


class Replaced(ChannelContract):
    channel_class = Acme

    def test_the_same_key_is_one_post(self, channel: Channel) -> None:
        """Prove nothing."""


class Rendered(RenderContract):
    channel_class = Acme


def outcomes(owner: type, *, failed: str = "") -> Iterator[Outcome]:
    for name in dir(owner):
        if name.startswith("test_"):
            yield Outcome(owner, name, name != failed)


def test_a_class_that_passes_proves_both_contracts() -> None:
    """No test of RenderContract and ChannelContract is left."""
    assert unproven(outcomes(Whole)) == {"acme": {"ChannelContract": [], "RenderContract": []}}


def test_rendering_alone_does_not_prove_publishing() -> None:
    """A contract that was not run is not in the report."""
    assert unproven(outcomes(Rendered)) == {"acme": {"RenderContract": []}}


@pytest.mark.parametrize("owners", [(Replaced,), (Whole, Replaced), (Replaced, Whole)])
def test_a_replaced_test_proves_nothing(owners: tuple[type, ...]) -> None:
    """A plugin cannot pass the contract by replacing a test, even if another class passes it."""
    found = unproven(outcome for owner in owners for outcome in outcomes(owner))

    assert found["acme"]["ChannelContract"] == ["test_the_same_key_is_one_post"]


def test_a_failed_test_is_not_proven_by_another_class() -> None:
    """A test that failed in one of two classes of a channel type is in the report."""
    name = "test_any_body_renders_or_is_refused"

    found = unproven([*outcomes(Whole), *outcomes(Rendered, failed=name)])

    assert found == {"acme": {"ChannelContract": [], "RenderContract": [name]}}


def test_a_test_that_was_not_run_is_not_proven() -> None:
    """A deselected test is in the report."""
    name = "test_pages_answer_visitors"

    found = unproven(outcome for outcome in outcomes(Whole) if outcome.test != name)

    assert found["acme"]["ChannelContract"] == [name]


def test_other_classes_are_not_reported() -> None:
    """A test class without the contract proves nothing."""
    assert unproven([Outcome(object, "__init__", is_passed=True)]) == {}

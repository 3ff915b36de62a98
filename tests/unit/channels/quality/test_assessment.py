"""Tests of the rules of the quality scale and of the tier that a plugin reaches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from contentsvc.channels import Channel, Rate, Receipt, Rendition
from contentsvc.channels.quality import (
    RULES,
    Assessment,
    ContractRun,
    Declaration,
    PluginFacts,
    Rule,
    State,
    Tier,
    assess,
)
from contentsvc.channels.quality.declarations import Answer
from contentsvc.messages import LANGUAGES, Message, catalogue

SOUND = ContractRun(5, 0, {"acme": {"RenderContract": (), "ChannelContract": ()}})


class Acme(Channel):
    type = "acme"
    label: ClassVar[Mapping[str, str]] = {"zh": "甲", "en": "Acme"}
    rates = (Rate(1, 1),)

    def publish(self, rendition: Rendition, *, key: str) -> Receipt:
        return Receipt(key)


def facts(run: ContractRun = SOUND) -> PluginFacts:
    return PluginFacts(version="1", channel_types={"acme": Acme}, run=run)


def declared(*tiers: Tier) -> Declaration:
    """Return a declaration that answers every open rule of *tiers*."""
    answers = {}
    for finding in assess(facts(), Declaration(Path("quality.toml"))).findings:
        if finding.state is State.MISSING and finding.rule.tier in tiers:
            is_checked = finding.rule.check is not None
            answers[finding.rule.name] = Answer("no such thing" if is_checked else "", ("x",))
    return Declaration(Path("quality.toml"), answers=answers)


def state(found: Assessment, name: str) -> State:
    return next(one.state for one in found.findings if one.rule.name == name)


@pytest.mark.parametrize(
    ("tiers", "reached", "following"),
    [
        ((), Tier.BRONZE, Tier.SILVER),
        ((Tier.SILVER,), Tier.SILVER, Tier.GOLD),
        ((Tier.SILVER, Tier.GOLD), Tier.GOLD, Tier.PLATINUM),
        (tuple(Tier), Tier.PLATINUM, None),
        ((Tier.GOLD, Tier.PLATINUM), Tier.BRONZE, Tier.SILVER),
    ],
)
def test_a_tier_needs_all_tiers_before_it(
    tiers: tuple[Tier, ...], reached: Tier, following: Tier | None
) -> None:
    """The tier is the last one before the first with a missing rule."""
    found = assess(facts(), declared(*tiers))

    assert (found.tier, found.next_tier) == (reached, following)


def test_a_plugin_may_be_below_the_first_tier() -> None:
    """A plugin whose tests were not run reaches no tier, whatever it declares."""
    found = assess(facts(ContractRun()), declared(*Tier))

    assert (found.tier, found.next_tier) == (None, Tier.BRONZE)


def test_what_a_plugin_does_not_have_does_not_count() -> None:
    """Rules of channels do not count for a plugin without a channel type."""
    found = assess(PluginFacts(version="1", run=SOUND), Declaration(Path("quality.toml")))

    assert state(found, "retry-safe") is State.NOT_APPLICABLE
    assert found.tier is Tier.SILVER


def test_a_kept_rule_needs_no_exemption() -> None:
    """If the program finds that a rule is kept, an exemption is not shown."""
    answers = {"typed": Answer("not yet")}
    found = assess(facts(), Declaration(Path("quality.toml"), answers=answers))

    finding = next(one for one in found.findings if one.rule.name == "typed")
    assert (finding.state, finding.answer) == (State.KEPT, None)


def test_a_missing_rule_says_why() -> None:
    """Every missing rule has at least one reason, in words."""
    found = assess(PluginFacts(channel_types={"acme": Acme}), Declaration(Path("quality.toml")))

    missing = [one for one in found.findings if one.state is State.MISSING]
    assert missing
    assert [one.rule.name for one in missing if not all(map(str, one.reasons or ("",)))] == []


def test_the_scale_has_about_25_rules_in_four_tiers() -> None:
    """Each tier has rules, in order, and each rule has a name of its own."""
    names = [rule.name for rule in RULES]

    assert 22 <= len(names) == len(set(names)) <= 28
    assert list(dict.fromkeys(rule.tier for rule in RULES)) == list(Tier)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_is_a_sentence_in_both_languages(rule: Rule, language: str) -> None:
    """Each rule has a sentence that ends as one."""
    assert rule.sentence.text(language)[-1] in ".。"


def test_no_sentence_is_about_a_rule_that_is_gone() -> None:
    """The catalogue has no sentence of another rule."""
    sentences = {code for code in catalogue("en") if code.startswith("quality-rule-")}

    assert sentences == {rule.sentence.code for rule in RULES}


def test_a_rule_for_authors_can_be_missing() -> None:
    """A rule that only the author knows names the file that should have the answer."""
    found = assess(facts(), Declaration(Path("acme.quality.toml")))

    reasons = next(one.reasons for one in found.findings if one.rule.name == "screenshots")
    assert reasons == (Message("quality-undeclared", file="acme.quality.toml"),)

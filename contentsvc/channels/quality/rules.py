"""The rules of the quality scale, in four tiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from contentsvc.channels.quality import checks
from contentsvc.channels.quality.checks import Check
from contentsvc.channels.quality.facts import PluginFacts
from contentsvc.messages import Message

__all__ = ["RULES", "Rule", "Tier"]


class Tier(StrEnum):
    """A tier of the scale. A plugin reaches it if it follows its rules and those of lower tiers."""

    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"
    PLATINUM = "platinum"


def _always(_: PluginFacts) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the scale. It is checked by a program, or declared by the plugin's author."""

    #: Its name in the plugin's declaration.
    name: str
    tier: Tier
    #: Yields the reasons why a plugin breaks the rule; None if only the author can know.
    check: Check | None = None
    #: Whether the rule is about the plugin at all.
    applies: Callable[[PluginFacts], bool] = _always
    #: Whether the author may give a reason why the plugin need not keep the rule.
    may_be_exempt: bool = True
    #: Whether an exemption must name a page that says so.
    exempt_by_page: bool = False
    #: Whether the author must give the day of the proof.
    is_dated: bool = False

    @property
    def sentence(self) -> Message:
        """What the rule requires, in a sentence."""
        return Message(f"quality-rule-{self.name}")


_BRONZE = (
    Rule("loads", Tier.BRONZE, checks.whole, may_be_exempt=False),
    Rule("version", Tier.BRONZE, checks.version, may_be_exempt=False),
    Rule("files", Tier.BRONZE, checks.sound_files, checks.has_files, may_be_exempt=False),
    Rule("tests", Tier.BRONZE, checks.own_tests, may_be_exempt=False),
    Rule(
        "render-contract",
        Tier.BRONZE,
        checks.contract("RenderContract"),
        checks.has_channels,
        may_be_exempt=False,
    ),
    Rule(
        "publish-contract",
        Tier.BRONZE,
        checks.contract("ChannelContract"),
        checks.has_channels,
        may_be_exempt=False,
    ),
)

_SILVER = (
    Rule("http-contract", Tier.SILVER, checks.contract("HttpChannelContract"), checks.calls_http),
    Rule("error-codes", Tier.SILVER, applies=checks.has_channels),
    Rule("limits", Tier.SILVER, checks.defines("limits"), checks.has_channels),
    Rule("sources", Tier.SILVER, applies=checks.has_channels),
    Rule("refusals", Tier.SILVER, applies=checks.declares_refusals, may_be_exempt=False),
    Rule("settings-texts", Tier.SILVER, checks.settings_texts, checks.has_settings),
    Rule("message-texts", Tier.SILVER, checks.phrases),
    Rule("network", Tier.SILVER, checks.network),
    Rule("secrets", Tier.SILVER, checks.secrets, checks.has_settings),
    Rule("typed", Tier.SILVER, checks.typed),
)

_GOLD = (
    Rule("retry-safe", Tier.GOLD, checks.retry_safe, checks.has_channels, exempt_by_page=True),
    Rule("retract", Tier.GOLD, checks.defines("retract"), checks.has_channels),
    Rule("identity", Tier.GOLD, checks.defines("identity"), checks.has_channels),
    Rule("account", Tier.GOLD, checks.defines("account"), checks.has_rates),
    Rule("documented", Tier.GOLD, may_be_exempt=False),
    Rule("set-up", Tier.GOLD, applies=checks.has_channels),
    Rule("screenshots", Tier.GOLD),
    Rule("remedies", Tier.GOLD, applies=checks.has_channels),
)

_PLATINUM = (
    Rule("proven", Tier.PLATINUM, may_be_exempt=False, is_dated=True),
    Rule(
        "proven-faults",
        Tier.PLATINUM,
        applies=checks.has_channels,
        may_be_exempt=False,
        is_dated=True,
    ),
)

#: All rules, by tier.
RULES: tuple[Rule, ...] = (*_BRONZE, *_SILVER, *_GOLD, *_PLATINUM)

"""The quality scale: rules in four tiers, and which of them a plugin follows."""

from __future__ import annotations

from contentsvc.channels.quality.assessment import Assessment, Finding, State, assess
from contentsvc.channels.quality.declarations import Declaration, read_declaration
from contentsvc.channels.quality.facts import ContractRun, PluginFacts, gather_facts
from contentsvc.channels.quality.rules import RULES, Rule, Tier

__all__ = [
    "RULES",
    "Assessment",
    "ContractRun",
    "Declaration",
    "Finding",
    "PluginFacts",
    "Rule",
    "State",
    "Tier",
    "assess",
    "gather_facts",
    "read_declaration",
]

"""Assesses which rules a plugin follows, and which tier of the quality scale it reaches."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contentsvc.channels.quality.declarations import Answer, Declaration
from contentsvc.channels.quality.facts import PluginFacts
from contentsvc.channels.quality.rules import RULES, Rule, Tier
from contentsvc.messages import Message

__all__ = ["Assessment", "Finding", "State", "assess"]


class State(StrEnum):
    """Whether a plugin follows a rule."""

    KEPT = "kept"
    EXEMPT = "exempt"
    #: The rule is about something that the plugin does not have.
    NOT_APPLICABLE = "not applicable"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result for one plugin and one rule."""

    rule: Rule
    state: State
    #: Why the plugin does not keep the rule; empty if it does.
    reasons: tuple[Message, ...] = ()
    #: The author's answer, if it decided.
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Assessment:
    """The results for a plugin and every rule, in the order of the rules."""

    findings: tuple[Finding, ...]

    @property
    def tier(self) -> Tier | None:
        """The tier that the plugin reaches, or None if it does not reach the first."""
        reached = None
        for tier in Tier:
            if self.missing(tier):
                break
            reached = tier
        return reached

    @property
    def next_tier(self) -> Tier | None:
        """The tier above the one that the plugin reaches, or None if there is none."""
        return next((tier for tier in Tier if self.missing(tier)), None)

    def missing(self, tier: Tier) -> list[Finding]:
        """Return the findings for the rules of *tier* that the plugin does not follow."""
        return [
            finding
            for finding in self.findings
            if finding.rule.tier is tier and finding.state is State.MISSING
        ]


def assess(facts: PluginFacts, declaration: Declaration) -> Assessment:
    """Assess a plugin by its *facts* and its author's *declaration*."""
    return Assessment(tuple(_finding(rule, facts, declaration) for rule in RULES))


def _finding(rule: Rule, facts: PluginFacts, declaration: Declaration) -> Finding:
    if not rule.applies(facts):
        return Finding(rule, State.NOT_APPLICABLE)
    answer = declaration.answers.get(rule.name)
    reasons = tuple(rule.check(facts)) if rule.check else ()
    if rule.check is not None and not reasons:
        return Finding(rule, State.KEPT)
    if answer is not None:
        return Finding(rule, State.EXEMPT if answer.exempt else State.KEPT, answer=answer)
    if rule.check is None:
        reasons = (Message("quality-undeclared", file=declaration.path.name),)
    return Finding(rule, State.MISSING, reasons)

"""Tests of the platforms' rules of how often an account may post to one audience."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import urlsplit

import pytest

from contentsvc.channels import PLATFORM_RULES, PlatformRule, Quota

RULES = list(PLATFORM_RULES.values())


@pytest.mark.parametrize("rule", RULES, ids=PLATFORM_RULES.keys())
def test_each_rule_has_its_date_and_source(rule: PlatformRule) -> None:
    """Each rule has a date and a source."""
    assert date(2025, 1, 1) <= rule.dated <= date(2026, 11, 30)
    assert urlsplit(rule.source).scheme == "https"
    assert urlsplit(rule.source).hostname


@pytest.mark.parametrize("rule", RULES, ids=PLATFORM_RULES.keys())
def test_each_rule_limits_something_and_says_it_in_both_languages(rule: PlatformRule) -> None:
    """Each rule has a quota, and its text contains the number in both languages."""
    assert rule.quota != Quota()
    assert rule.name.text("zh") != rule.name.text("en")
    for count in (rule.quota.day, rule.quota.month):
        said = {"1": r"1 次|1 条|\bonce\b"}.get(str(count), str(count))
        assert count is None or all(
            re.search(said, rule.text.text(language)) for language in ("zh", "en")
        )


def test_rules_stand_under_their_platform_and_cannot_be_changed() -> None:
    """The rules are an immutable mapping by platform, because settings store the platform."""
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in PLATFORM_RULES)
    assert [rule.platform for rule in RULES] == list(PLATFORM_RULES)
    assert len({str(rule.name) for rule in RULES}) == len({hash(rule) for rule in RULES})
    with pytest.raises(TypeError):
        PLATFORM_RULES["other"] = RULES[0]  # type: ignore[index]

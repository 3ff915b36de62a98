"""Reads a plugin's `quality.toml`: its tier, and its author's answers to rules."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from contentsvc.channels.quality.rules import RULES, Rule, Tier
from contentsvc.errors import InputError

__all__ = ["Answer", "Declaration", "declaration_path", "read_declaration"]

_RULES = {rule.name: rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class Answer:
    """An author's answer to a rule: done, with evidence, or exempt, with a reason."""

    #: Why the plugin need not keep the rule; empty if the rule is done.
    exempt: str = ""
    #: Links, dates (`2026-11-30`) and files that show it.
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a plugin's author declares about its quality."""

    #: The file; it may not exist.
    path: Path
    #: The tier that the author states; None if the author states none.
    tier: Tier | None = None
    #: The plugin's test file; None for `test_<name>.py` beside the plugin.
    test: Path | None = None
    #: By the name of a rule.
    answers: Mapping[str, Answer] = field(default_factory=dict)


def declaration_path(plugin: Path) -> Path:
    """Return the path of a plugin's declaration: in the plugin's folder, or beside its file."""
    is_package = plugin.is_dir()
    return plugin / "quality.toml" if is_package else plugin.with_suffix(".quality.toml")


def read_declaration(plugin: Path) -> Declaration:
    """Read the declaration of a plugin, which is a file or a folder.

    If there is none, return an empty declaration.

    Raises:
        InputError: the file is malformed, names an unknown rule or tier, gives an answer that the
            rule does not allow, or names a file that does not exist.
    """
    path = declaration_path(plugin)
    if not path.is_file():
        return Declaration(path)
    try:
        found = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("quality-file-malformed", file=path.name, reason=str(error)) from error
    unknown = sorted(found.keys() - {"tier", "test", "rules"})
    rules = found.get("rules", {})
    if unknown or not isinstance(rules, dict):
        names = unknown or ["rules"]
        raise InputError("quality-file-keys", file=path.name, names=names)
    return Declaration(
        path,
        _tier(path, found.get("tier")),
        _test(path, found.get("test")),
        {name: _answer(path, name, given) for name, given in rules.items()},
    )


def _tier(path: Path, given: object) -> Tier | None:
    if given is None:
        return None
    if given not in list(Tier):
        raise InputError("quality-file-tier", file=path.name, tier=str(given), tiers=list(Tier))
    return Tier(str(given))


def _test(path: Path, given: object) -> Path | None:
    if given is None:
        return None
    test = path.parent / str(given)
    if not test.is_file():
        raise InputError("quality-file-test", file=path.name, test=str(given))
    return test.resolve()


def _answer(path: Path, name: str, given: object) -> Answer:
    rule = _RULES.get(name)
    if rule is None:
        raise InputError("quality-file-rule", file=path.name, rule=name)
    keys = set(given) if isinstance(given, dict) else set()
    if not isinstance(given, dict) or keys not in ({"done"}, {"exempt"}, {"exempt", "see"}):
        raise InputError("quality-file-answer", file=path.name, rule=name)
    return _done(path, rule, given) if "done" in given else _exempt(path, rule, given)


def _done(path: Path, rule: Rule, given: Mapping[str, Any]) -> Answer:
    if rule.check is not None:
        raise InputError("quality-file-checked", file=path.name, rule=rule.name)
    evidence = _evidence(path, rule, given["done"])
    if rule.is_dated and not any(_is_date(item) for item in evidence):
        raise InputError("quality-file-date", file=path.name, rule=rule.name)
    return Answer(evidence=evidence)


def _exempt(path: Path, rule: Rule, given: Mapping[str, Any]) -> Answer:
    if not rule.may_be_exempt:
        raise InputError("quality-file-no-exemption", file=path.name, rule=rule.name)
    reason = given["exempt"]
    if not isinstance(reason, str) or not reason.strip():
        raise InputError("quality-file-answer", file=path.name, rule=rule.name)
    if rule.exempt_by_page and "see" not in given:
        raise InputError("quality-file-page", file=path.name, rule=rule.name)
    evidence = _evidence(path, rule, given["see"]) if "see" in given else ()
    return Answer(reason, evidence)


def _evidence(path: Path, rule: Rule, given: object) -> tuple[str, ...]:
    """Return the items of evidence as texts. Each must be a link, a date, or an existing file."""
    items = tuple(str(item) for item in (given if isinstance(given, list) else [given]))
    if not items:
        raise InputError("quality-file-answer", file=path.name, rule=rule.name)
    for item in items:
        is_file = bool(item.strip()) and (path.parent / item).is_file()
        if not (item.startswith("https://") or _is_date(item) or is_file):
            raise InputError("quality-file-evidence", file=path.name, rule=rule.name, evidence=item)
    return items


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True

"""The checks of the quality scale. Each yields a message for every breach of its rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from contentsvc.channels.channel import Channel
from contentsvc.channels.quality.facts import PluginFacts
from contentsvc.channels.settings import form_fields
from contentsvc.channels.support import supports
from contentsvc.messages import LANGUAGES, Message

__all__ = [
    "Check",
    "calls_http",
    "contract",
    "declares_refusals",
    "defines",
    "has_channels",
    "has_files",
    "has_rates",
    "has_settings",
    "network",
    "own_tests",
    "phrases",
    "retry_safe",
    "secrets",
    "settings_texts",
    "sound_files",
    "typed",
    "version",
    "whole",
]

#: Yields the reasons why a plugin breaks a rule.
Check = Callable[[PluginFacts], Iterator[Message]]
NodeT = TypeVar("NodeT", bound=ast.stmt | ast.expr)

_HTTP = re.compile(r"\bhost\.http\b")
#: Modules of the standard library and of others that reach the network.
_NETWORK_MODULES = frozenset(
    {
        *("aiohttp", "ftplib", "http.client", "httpx", "httpcore", "imaplib", "pycurl"),
        *("requests", "smtplib", "socket", "urllib.request", "urllib3", "websocket", "websockets"),
    }
)
_SECRET_NAME = re.compile(r"(?:.*_)?(?:key|password|secret|token)(?:_.*)?")
#: Calls whose first text people read.
_SPOKEN = frozenset(
    {
        *("TemporaryError", "RateLimitedError", "RejectedError", "ChannelAuthError"),
        *("OutcomeUnknownError", "RenderError"),
    }
)


def has_channels(facts: PluginFacts) -> bool:
    """Return True if the plugin has a channel type."""
    return bool(facts.channel_types)


def has_files(facts: PluginFacts) -> bool:
    """Return True if the plugin has poster templates or calendar files."""
    return facts.has_files


def has_settings(facts: PluginFacts) -> bool:
    """Return True if a channel type has settings."""
    return any(kind.Settings.model_fields for kind in facts.channel_types.values())


def has_rates(facts: PluginFacts) -> bool:
    """Return True if a channel type has rate limits, which are counted per account."""
    return any(kind.rates for kind in facts.channel_types.values())


def declares_refusals(facts: PluginFacts) -> bool:
    """Return True if a channel type declares `refusals`, its platform's statuses for refusing."""
    return any(kind.refusals for kind in facts.channel_types.values())


def calls_http(facts: PluginFacts) -> bool:
    """Return True if a channel type calls a platform over HTTP."""
    return has_channels(facts) and any(_HTTP.search(text) for text in facts.sources.values())


def whole(facts: PluginFacts) -> Iterator[Message]:
    """Yield the error that stopped the plugin from being loaded, if any."""
    if facts.error is not None:
        yield facts.error


def version(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message if the plugin does not state its version."""
    if not facts.version:
        yield Message("quality-no-version")


def sound_files(facts: PluginFacts) -> Iterator[Message]:
    """Yield the faults of the plugin's poster templates and calendar files."""
    yield from (Message.plain(fault) for fault in facts.file_faults)


def own_tests(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message if a test of the plugin failed, or if none passed."""
    if facts.run.failed:
        yield Message("quality-tests-failed", count=facts.run.failed)
    elif not facts.run.passed:
        yield Message("quality-no-tests")


def contract(name: str) -> Check:
    """Return a check that every channel type passes each test of a contract class.

    *name* is the name of the class.
    """

    def check(facts: PluginFacts) -> Iterator[Message]:
        for channel_type in facts.channel_types:
            unproven = facts.run.contracts.get(channel_type, {}).get(name)
            if unproven is None:
                yield Message("quality-contract-not-run", contract=name, channel_type=channel_type)
            elif unproven:
                yield Message(
                    "quality-contract-unproven",
                    contract=name,
                    channel_type=channel_type,
                    tests=list(unproven),
                )

    return check


def defines(member: str) -> Check:
    """Return a check that every channel type defines *member* itself."""

    def check(facts: PluginFacts) -> Iterator[Message]:
        for channel_type, kind in facts.channel_types.items():
            if getattr(kind, member) is getattr(Channel, member):
                yield Message("quality-not-defined", channel_type=channel_type, member=member)

    return check


def retry_safe(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each channel type that has neither `find` nor `idempotent_for`."""
    for channel_type, kind in facts.channel_types.items():
        if kind.idempotent_for is None and not supports(kind, "find"):
            member = "find, idempotent_for"
            yield Message("quality-not-defined", channel_type=channel_type, member=member)


def settings_texts(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each setting that lacks a title, help or label in a language."""
    for channel_type, kind in facts.channel_types.items():
        for name in kind.Settings.model_fields:
            lacking = list(_lacking_texts(kind, name))
            if lacking:
                setting = f"{channel_type}.{name}"
                yield Message("quality-setting-texts", setting=setting, texts=lacking)


def _lacking_texts(kind: type[Channel], name: str) -> Iterator[str]:
    info = kind.Settings.model_fields[name]
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    given = extra.get("zh")
    chinese = given if isinstance(given, dict) else {}
    yield from (f"en {text}" for text in ("title", "description") if not getattr(info, text))
    yield from (f"zh {text}" for text in ("title", "description") if not chinese.get(text))
    field = next(field for field in form_fields(kind, "zh") if field.name == name)
    labelled = chinese.get("choices")
    labels = labelled if isinstance(labelled, dict) else {}
    yield from (f"zh choices {value}" for value, _ in field.choices if value not in labels)


def phrases(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each missing translation, and each error with an untranslated text."""
    for found in facts.phrases:
        codes = {code for texts in found.texts.values() for code in texts}
        for language in LANGUAGES:
            lacking = sorted(codes - set(found.texts.get(language, {})))
            if lacking:
                yield Message("quality-phrases", language=language, codes=lacking)
    for place, node in _nodes(facts, ast.Call):
        if _called(node) in _SPOKEN and node.args and _is_text(node.args[0]):
            yield Message("quality-bare-text", place=place)


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _is_text(node: ast.expr) -> bool:
    is_constant = isinstance(node, ast.Constant) and isinstance(node.value, str)
    return is_constant or isinstance(node, ast.JoinedStr)


def network(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each import of a module that could access the network directly."""
    for place, node in _nodes(facts, ast.Import, ast.ImportFrom):
        for name in _imported(node):
            if name in _NETWORK_MODULES or name.partition(".")[0] in _NETWORK_MODULES:
                yield Message("quality-own-network", place=place, module=name)


def _imported(node: ast.stmt) -> Iterator[str]:
    """Yield the modules outside the plugin that an import statement names."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        module = node.module or ""
        submodules = (f"{module}.{one.name}" for one in node.names)
        yield next((name for name in submodules if name in _NETWORK_MODULES), module)


def secrets(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each setting whose name suggests a secret but whose type does not."""
    for channel_type, kind in facts.channel_types.items():
        for field in form_fields(kind, "en"):
            if field.kind == "text" and _SECRET_NAME.fullmatch(field.name):
                yield Message("quality-open-secret", setting=f"{channel_type}.{field.name}")


def typed(facts: PluginFacts) -> Iterator[Message]:
    """Yield a message for each function that lacks a type for a parameter or for its result."""
    for place, node in _nodes(facts, ast.FunctionDef):
        if node.returns is None or any(one.annotation is None for one in _parameters(node)):
            yield Message("quality-untyped", place=place, function=node.name)


def _parameters(node: ast.FunctionDef) -> Iterator[ast.arg]:
    given = node.args
    for one in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
        if one is not None and one.arg not in {"self", "cls"}:
            yield one


def _nodes(facts: PluginFacts, *kinds: type[NodeT]) -> Iterator[tuple[str, NodeT]]:
    """Yield each syntax node of the given *kinds* in the plugin's source, and its file and line."""
    for name, text in facts.sources.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, kinds):
                yield f"{name}:{node.lineno}", node

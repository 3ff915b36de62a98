"""Turns pydantic's errors into messages for the author of a template or a brand kit."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from contentsvc.messages import Message
from contentsvc.posters.template.yaml_lines import Path

__all__ = ["allowed_keys", "explain"]

#: Codes of messages without parameters, by pydantic's error type; `layers` raises the last three.
_PLAIN = {
    "missing": "template-key-missing",
    "union_tag_not_found": "template-layer-type-missing",
    "template-image-origin": "template-image-origin",
    "template-text-origin": "template-text-origin",
    "template-vertical-plate": "template-vertical-plate",
}
#: Codes of messages that name the invalid value, by pydantic's error type.
_WRONG_KIND = {
    "bool_parsing": "template-not-boolean",
    "bool_type": "template-not-boolean",
    "dict_type": "template-not-keys",
    "finite_number": "template-not-number",
    "float_parsing": "template-not-number",
    "float_type": "template-not-number",
    "int_from_float": "template-not-integer",
    "int_parsing": "template-not-integer",
    "int_type": "template-not-integer",
    "list_type": "template-not-list",
    "model_attributes_type": "template-not-keys",
    "model_type": "template-not-keys",
    "string_type": "template-not-text",
    "tuple_type": "template-not-list",
}
#: By pydantic's error type: the code of a message that names the value and a limit, and pydantic's
#: name of the limit.
_OVER_LIMIT = {
    "greater_than": ("template-not-above", "gt"),
    "greater_than_equal": ("template-below", "ge"),
    "less_than": ("template-not-below", "lt"),
    "less_than_equal": ("template-above", "le"),
}
_TOO_SHORT = {"string_too_short": "template-text-too-short", "too_short": "template-list-too-short"}
_TOO_LONG = {"string_too_long": "template-text-too-long", "too_long": "template-list-too-long"}
_QUOTED = re.compile(r"'([^']*)'")


def explain(error: ValidationError, root: Any) -> Iterator[tuple[Path, Message]]:
    """Convert pydantic's *error* to messages; yield the path of each faulty key and its message.

    *root* is the model, or the union of models, that pydantic validated.
    """
    messages: dict[Path, Message] = {}
    for fault in error.errors(include_url=False):
        path, keys = _walk(fault["loc"], root)
        # For a union, pydantic reports the same fault once per branch; the first is the clearest.
        messages.setdefault(path, _message(dict(fault), keys))
    for path, message in messages.items():
        if not any(other[: len(path)] == path and len(other) > len(path) for other in messages):
            yield path, message


def _message(fault: dict[str, Any], keys: list[str]) -> Message:
    kind, context = fault["type"], fault.get("ctx", {})
    value = _shown(fault["input"])
    if kind in _PLAIN:
        return Message(_PLAIN[kind])
    if kind == "extra_forbidden":
        return Message("template-key-unknown", keys=sorted(keys))
    if kind == "union_tag_invalid":
        return Message("template-layer-type-unknown", types=_choices(context["expected_tags"]))
    if kind in {"literal_error", "enum"}:
        return Message("template-not-choice", allowed=_choices(context["expected"]), value=value)
    if kind == "string_pattern_mismatch":
        return Message("template-pattern", pattern=context["pattern"], value=value)
    return _kind_message(kind, value) or _limit_message(kind, value, context) or _other(fault)


def _kind_message(kind: str, value: str | float) -> Message | None:
    return Message(_WRONG_KIND[kind], value=value) if kind in _WRONG_KIND else None


def _limit_message(kind: str, value: str | float, context: dict[str, Any]) -> Message | None:
    if kind in _OVER_LIMIT:
        code, name = _OVER_LIMIT[kind]
        return Message(code, limit=context[name], value=value)
    if kind in _TOO_SHORT:
        return Message(_TOO_SHORT[kind], least=context["min_length"])
    if kind in _TOO_LONG:
        return Message(_TOO_LONG[kind], most=context["max_length"])
    return None


def _other(fault: dict[str, Any]) -> Message:
    """Return a message with pydantic's English text, for an error type without its own message."""
    return Message("template-value-refused", reason=str(fault["msg"]))


def _shown(value: object) -> str | int | float:
    """Return *value* in the form for messages: `[…]` for a list, `{…}` for a mapping."""
    if isinstance(value, list | tuple):
        return "[…]"
    if isinstance(value, dict):
        return "{…}"
    return value if isinstance(value, str | int | float) else str(value)


def _choices(text: str) -> list[str]:
    """Return the allowed values that pydantic's message lists, such as `'a', 'b' or 'c'`."""
    return _QUOTED.findall(text) or [text]


def allowed_keys(model: type[BaseModel]) -> list[str]:
    """Return the keys that a template file may use for *model*."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _walk(loc: tuple[str | int, ...], root: Any) -> tuple[Path, list[str]]:
    """Convert pydantic's error location *loc* to a path in the file and the keys allowed there.

    The path leaves out the steps of *loc* that only name a branch of a union.
    """
    path: list[str | int] = []
    current: Any = root
    keys: list[str] = []
    for step in loc:
        models = list(_models(current))
        fields = {name: field for model in models for name, field in _fields(model)}
        if isinstance(step, int):
            path.append(step)
        elif _is_branch(step, models):
            current = next(model for model in models if step in _names(model))
        elif step in fields:
            path.append(step)
            keys = sorted(fields)
            current = fields[step].annotation
        else:
            keys = sorted(fields) or keys
            if not _looks_internal(step):
                path.append(step)
    return tuple(path), keys


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    for name, field in model.model_fields.items():
        yield field.alias or name, field


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _models(inner)


def _names(model: type[BaseModel]) -> tuple[str, ...]:
    """Return the names that pydantic's error locations use for *model*: its class and its tag."""
    field = model.model_fields.get("type")
    return (model.__name__, *(typing.get_args(field.annotation) if field else ()))


def _is_branch(step: str, models: list[type[BaseModel]]) -> bool:
    """Return True if *step* of an error location names a model of a union, not a key."""
    if len(models) == 1 and step in models[0].model_fields:
        return False
    return any(step in _names(model) for model in models)


def _looks_internal(step: str) -> bool:
    """Return True if *step* of an error location is pydantic's name for a type, not a key."""
    return "[" in step or step in {"str", "float", "int", "constrained-str", "[key]"}

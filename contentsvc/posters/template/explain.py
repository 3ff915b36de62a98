"""Turns what pydantic found into problems that a template's author can mend."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from contentsvc.posters.template.marks import Path

__all__ = ["allowed_keys", "explain"]

_WORDS = {
    "missing": "is required",
    "union_tag_invalid": "no such layer type; allowed: {expected_tags}",
    "union_tag_not_found": "every layer needs a type",
}


def explain(error: ValidationError, root: Any) -> Iterator[tuple[Path, str]]:
    """Give each fault's path and its words; *root* is the model, or union of models, read."""
    found: dict[Path, str] = {}
    for fault in error.errors(include_url=False):
        path, keys = _walk(fault["loc"], root)
        # A union tells one fault once for every branch it tried; the first is the plainest.
        found.setdefault(path, _words(dict(fault), keys))
    for path, words in found.items():
        if not any(other[: len(path)] == path and len(other) > len(path) for other in found):
            yield path, words


def _words(fault: dict[str, Any], keys: list[str]) -> str:
    kind = fault["type"]
    if kind == "extra_forbidden":
        return f"there is no such key; allowed: {', '.join(sorted(keys))}"
    if kind in _WORDS:
        return _WORDS[kind].format(**fault.get("ctx", {}))
    given = fault["input"]
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
    return f"{fault['msg'].removeprefix('Value error, ')}{shown}"


def allowed_keys(model: type[BaseModel]) -> list[str]:
    """Name the keys of *model* as a template writes them."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _walk(loc: tuple[str | int, ...], root: Any) -> tuple[Path, list[str]]:
    """Follow pydantic's location: drop what only names a branch, and note the keys in the end."""
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
    """Give what pydantic calls *model* in a location: its class, and its tag in a union."""
    field = model.model_fields.get("type")
    return (model.__name__, *(typing.get_args(field.annotation) if field else ()))


def _is_branch(step: str, models: list[type[BaseModel]]) -> bool:
    """Say whether *step* picks one of a union's models, and is no key of the only one."""
    if len(models) == 1 and step in models[0].model_fields:
        return False
    return any(step in _names(model) for model in models)


def _looks_internal(step: str) -> bool:
    """Say whether *step* is pydantic's name for a type and not a key anybody wrote."""
    return "[" in step or step in {"str", "float", "int", "constrained-str", "[key]"}

"""Turns what pydantic found into problems that a template's author can mend."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from contentsvc.posters.marks import Path

__all__ = ["allowed_keys", "explain"]

_WORDS = {
    "missing": "is required",
    "union_tag_invalid": "no such layer type; allowed: {expected_tags}",
    "union_tag_not_found": "every layer needs a type",
}


def explain(error: ValidationError, root: Any) -> Iterator[tuple[Path, str]]:
    """Give each fault's path and its words; *root* is the model, or union of models, read."""
    seen: set[Path] = set()
    for fault in error.errors(include_url=False):
        path, keys = _walk(fault["loc"], root)
        if path in seen:  # A union tells one fault once for every branch it tried.
            continue
        seen.add(path)
        yield path, _words(dict(fault), keys)


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
        elif step in fields:
            path.append(step)
            keys = sorted(fields)
            current = fields[step].annotation
            continue
        elif _is_branch(step, models):
            current = next((m for m in models if step in (m.__name__, _tag(m))), current)
            continue
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


def _tag(model: type[BaseModel]) -> str | None:
    field = model.model_fields.get("type")
    tags = typing.get_args(field.annotation) if field else ()
    return tags[0] if tags else None


def _is_branch(step: str, models: list[type[BaseModel]]) -> bool:
    return any(step in (model.__name__, _tag(model)) for model in models)


def _looks_internal(step: str) -> bool:
    """Say whether *step* is pydantic's name for a type and not a key anybody wrote."""
    return "[" in step or step in {"str", "float", "int", "constrained-str", "[key]"}

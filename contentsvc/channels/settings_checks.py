"""Finds mistakes in the settings class of a channel type when its plugin is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError

from contentsvc.channels.settings import fault_message
from contentsvc.channels.spelling import meant
from contentsvc.messages import LANGUAGES, Message

__all__ = ["settings_faults"]

#: Names of the other fields in the form of a channel.
_TAKEN = frozenset({"csrf_token", "name"})
#: What `Field` and `json_schema_extra` may say of a setting.
_WORDS = frozenset(
    {
        *("choices", "default", "description", "title", *LANGUAGES),
        *("ge", "gt", "le", "lt", "max_length", "min_length", "multiple_of", "pattern"),
    }
)
_TEXTS = frozenset({"choices", "description", "title"})


def settings_faults(settings: type[BaseModel]) -> Iterator[Message]:
    """Yield a message for each mistake in a settings class, naming the field."""
    if not settings.model_config.get("hide_input_in_errors"):
        yield Message("settings-show-input")
    for name, field in settings.model_fields.items():
        if name in _TAKEN:
            yield Message("setting-name-taken", setting=name)
        if field.alias or field.validation_alias or field.serialization_alias:
            yield Message("setting-has-alias", setting=name)
        extra = field.json_schema_extra
        if isinstance(extra, Mapping):
            yield from _extra_faults(name, extra)
            yield from _choice_faults(name, extra, _literals(field.annotation))
    yield from _default_faults(settings)


def _extra_faults(name: str, extra: Mapping[str, Any]) -> Iterator[Message]:
    for word, value in extra.items():
        if word in _WORDS:
            continue
        is_texts = isinstance(value, Mapping) and _TEXTS & value.keys()
        right = "zh" if is_texts else meant(word, _WORDS.difference(LANGUAGES))
        if right is not None:
            yield Message("setting-word-misspelt", setting=name, name=word, meant=right)
    texts = extra.get("zh", {})
    if not isinstance(texts, Mapping):
        yield Message("setting-texts-malformed", setting=name)
        return
    for word in texts.keys() - _TEXTS:
        right = meant(word, _TEXTS) or ", ".join(sorted(_TEXTS))
        yield Message("setting-word-misspelt", setting=name, name=f"zh: {word}", meant=right)


def _literals(annotation: object) -> set[object]:
    """Return the values of a `Literal`, which may be in a union such as `Literal[…] | None`."""
    options = get_args(annotation)
    if get_origin(annotation) is Literal:
        return set(options)
    return {value for option in options for value in _literals(option)}


def _choice_faults(name: str, extra: Mapping[str, Any], values: set[object]) -> Iterator[Message]:
    """Yield a message for each label that belongs to no choice of the setting."""
    for texts in (extra, extra.get("zh")):
        labels = texts.get("choices") if isinstance(texts, Mapping) else None
        if values and isinstance(labels, Mapping):
            for value in labels.keys() - values:
                yield Message("setting-choice-unknown", setting=name, value=str(value))


def _default_faults(settings: type[BaseModel]) -> Iterator[Message]:
    """Yield a message for each default value that the settings class itself rejects."""
    try:
        settings.model_validate({})
    except ValidationError as error:
        for fault in error.errors(include_url=False, include_input=False):
            name = str(fault["loc"][0]) if fault["loc"] else ""
            field = settings.model_fields.get(name)
            if field is not None and not field.is_required():
                reason = fault_message(fault)
                yield Message("setting-default-refused", setting=name, reason=reason)

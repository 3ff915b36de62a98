"""A channel's settings: validation, web form fields and secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from contentsvc.domain.typed_text import half_width, typed_address
from contentsvc.errors import PLUGIN_FAULTS, InputError, PluginError
from contentsvc.messages import LANGUAGES, Message, text_of

if TYPE_CHECKING:
    from contentsvc.channels.channel import Channel, SettingsT

__all__ = [
    "FieldKind",
    "FormField",
    "SettingsError",
    "fault_message",
    "form_fields",
    "parse_settings",
    "resolve_secrets",
    "secret_fields",
    "secret_values",
    "typed_settings",
    "upgraded_settings",
]

FieldKind = Literal["text", "secret", "url", "number", "flag", "choice"]

#: A secret file has one line; a larger file is the wrong file.
_MOST_SECRET_BYTES = 64 * 1024
_KINDS: dict[str, FieldKind] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "flag",
}

#: What a setting that was typed as text is read as, by the kind of its field; a text or a secret
#: stays as it is.
_READERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"number": half_width, "flag": half_width, "choice": half_width, "url": typed_address}
)

#: The message of each of pydantic's error types, and the values that its text names.
_MESSAGES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "missing": ("setting-required", ()),
        "extra_forbidden": ("setting-not-known", ()),
        "string_type": ("setting-not-text", ()),
        "string_too_short": ("setting-too-short", ("min_length",)),
        "string_too_long": ("setting-too-long", ("max_length",)),
        "string_pattern_mismatch": ("setting-not-matching", ("pattern",)),
        "int_type": ("setting-not-whole-number", ()),
        "int_parsing": ("setting-not-whole-number", ()),
        "int_from_float": ("setting-not-whole-number", ()),
        "float_type": ("setting-not-number", ()),
        "float_parsing": ("setting-not-number", ()),
        "bool_type": ("setting-not-flag", ()),
        "bool_parsing": ("setting-not-flag", ()),
        "literal_error": ("setting-not-choice", ("expected",)),
        "greater_than": ("setting-not-above", ("gt",)),
        "greater_than_equal": ("setting-too-small", ("ge",)),
        "less_than": ("setting-not-below", ("lt",)),
        "less_than_equal": ("setting-too-large", ("le",)),
        "url_type": ("setting-not-address", ()),
        "url_parsing": ("setting-not-address", ()),
        "url_syntax_violation": ("setting-not-address", ()),
        "url_too_long": ("setting-too-long", ("max_length",)),
        "url_scheme": ("setting-address-scheme", ("expected_schemes",)),
    }
)


class SettingsError(InputError):
    """Raised if a channel's settings are invalid. `problems` lists the fields and messages."""

    def __init__(self, problems: list[tuple[str, Message]]) -> None:
        """Create the error from *problems*, pairs of a field's name and a message.

        The error does not show the values, because a value may be a secret.
        """
        super().__init__(_joined(problems), field=problems[0][0] or None)
        self.problems = problems


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the web form in which people edit a channel's settings."""

    name: str
    kind: FieldKind
    label: str
    help: str
    required: bool
    #: None if there is no default; always None for a secret.
    default: Any = None
    #: (value, label) of each option of a choice.
    choices: tuple[tuple[str, str], ...] = ()


def typed_settings(channel_class: type[Channel], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Return *raw* with ordinary characters in place of full-width ones in each typed format.

    Numbers, flags, choices and the start of an address have a format; texts and secrets have none.
    """
    kinds = {field.name: field.kind for field in form_fields(channel_class, "en")}
    return {
        name: _READERS.get(kinds.get(name, "text"), str)(value) if isinstance(value, str) else value
        for name, value in raw.items()
    }


def parse_settings(channel_class: type[Channel[SettingsT]], raw: Mapping[str, Any]) -> SettingsT:
    """Validate *raw* and return the channel's settings. Raise SettingsError with all problems."""
    try:
        settings: Any = channel_class.Settings.model_validate(dict(raw))
    except ValidationError as error:
        problems = [
            (".".join(str(part) for part in fault["loc"]), fault_message(fault))
            for fault in error.errors(include_url=False, include_input=False)
        ]
        # Without a cause: its traceback would show the values.
        raise SettingsError(problems) from None
    parsed: SettingsT = settings
    return parsed


def upgraded_settings(channel_class: type[Channel], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Convert *stored* settings to the current version of the plugin.

    Raises:
        PluginError: the plugin's `upgrade_settings` fails, or returns no mapping of names.
    """
    try:
        upgraded: object = channel_class.upgrade_settings(dict(stored))
    except PLUGIN_FAULTS as error:
        text = text_of(error)
        for value in stored.values():
            # It may be a secret.
            text = text.replace(value, "***") if isinstance(value, str) and value else text
        reason = Message("attempt-plugin-failed", kind=type(error).__name__, text=text)
        # Without a cause: its traceback would show the values.
        raise _not_upgraded(reason) from None
    if not isinstance(upgraded, Mapping) or not all(isinstance(name, str) for name in upgraded):
        raise _not_upgraded(Message("settings-upgrade-no-mapping", type=type(upgraded).__name__))
    return dict(upgraded)


def _not_upgraded(reason: Message) -> PluginError:
    return PluginError("settings-not-upgraded", reason=reason)


def fault_message(fault: ErrorDetails) -> Message:
    """Return a message for a pydantic error. The text of a plugin's own validator is kept."""
    context = fault.get("ctx", {})
    if fault["type"] == "value_error":
        reason = context["error"].args[:1]
        return Message.of(reason[0] if reason and isinstance(reason[0], Message) else _text(fault))
    code, names = _MESSAGES.get(fault["type"], ("", ()))
    if not code:
        return Message.plain(_text(fault))
    return Message(code, **{name: context[name] for name in names})


def _text(fault: ErrorDetails) -> str:
    return fault["msg"].removeprefix("Value error, ")


def _joined(problems: list[tuple[str, Message]]) -> Message:
    """Return one message that lists all problems. The name of its field precedes each."""
    texts = {}
    for language in LANGUAGES:
        parts = [(field, message.text(language)) for field, message in problems]
        texts[language] = "; ".join(f"{field}: {text}" if field else text for field, text in parts)
    return Message.given(**texts)


def resolve_secrets(
    raw: Mapping[str, Any], *, environ: Mapping[str, str], base: Path
) -> dict[str, Any]:
    """Replace each `{$env: NAME}` and `{$file: path}` in *raw* with its value; return the result.

    The value is the environment variable in *environ* or the content of the file.

    Paths are relative to *base*. Only the operator's files can contain such references, since a web
    form sends text, never a mapping.

    Raises:
        SettingsError: a variable or a file is missing or unusable. It names every such field.
    """
    problems: list[tuple[str, Message]] = []
    resolved: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            resolved[name] = _resolved(value, environ, base)
        except InputError as error:
            problems.append((name, error.message))
    if problems:
        raise SettingsError(problems)
    return resolved


def _resolved(value: Any, environ: Mapping[str, str], base: Path) -> Any:
    match value:
        case {"$env": str(name), **rest} if not rest:
            if name not in environ:
                raise InputError("environment-variable-unset", name=name)
            return environ[name]
        case {"$file": str(path), **rest} if not rest:
            return _from_file(base / path)
        case {"$env": _} | {"$file": _}:
            raise InputError("secret-reference-unknown")
        case _:
            return value


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_SECRET_BYTES + 1)
        if len(content) > _MOST_SECRET_BYTES:
            raise InputError("secret-file-too-large", path=str(path), most=_MOST_SECRET_BYTES)
        return content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise InputError(
            "secret-file-unreadable", path=str(path), reason=error.strerror or str(error)
        ) from error
    except UnicodeDecodeError as error:
        raise InputError("secret-file-not-text", path=str(path)) from error


def secret_fields(channel_class: type[Channel]) -> set[str]:
    """Return the names of the channel type's secret settings, such as keys."""
    return {field.name for field in form_fields(channel_class, "en") if field.kind == "secret"}


def secret_values(settings: object) -> set[str]:
    """Return the text of every secret in a channel's settings, including nested ones."""
    if isinstance(settings, SecretStr):
        return {settings.get_secret_value()}
    if isinstance(settings, SecretBytes):
        return {settings.get_secret_value().decode("utf-8", "replace")}
    if isinstance(settings, BaseModel):
        return secret_values([getattr(settings, name) for name in type(settings).model_fields])
    if isinstance(settings, Mapping):
        return secret_values(list(settings.values()))
    if isinstance(settings, list | tuple | set | frozenset):
        return {secret for value in settings for secret in secret_values(value)}
    return set()


def form_fields(channel_class: type[Channel], language: str) -> list[FormField]:
    """Return the form fields for a channel type's settings, in *language* (`zh` or `en`).

    A label is the field's `title`, its help the `description`; the Chinese ones are in
    `json_schema_extra={"zh": {"title": …, "description": …, "choices": {value: label}}}`.

    Raises:
        PluginError: a field is of a kind that a form cannot show.
    """
    schema = channel_class.Settings.model_json_schema()
    required = set(schema.get("required", ()))
    return [
        _form_field(channel_class.type, name, field, schema, name in required, language)
        for name, field in schema.get("properties", {}).items()
    ]


def _form_field(  # noqa: PLR0917 - private, called once
    channel_type: str,
    name: str,
    field: dict[str, Any],
    schema: dict[str, Any],
    required: bool,  # noqa: FBT001 - private, called once
    language: str,
) -> FormField:
    shape = _shape(field, schema)
    texts = {**field, **field.get("zh", {})} if language == "zh" else field
    values = shape.get("enum") or ([shape["const"]] if "const" in shape else [])
    labels = texts.get("choices", {})
    kind = _kind(shape)
    if kind is None:
        raise PluginError("plugin-setting-kind", setting=name, channel_type=channel_type)
    return FormField(
        name=name,
        kind=kind,
        label=texts.get("title", name),
        help=texts.get("description", ""),
        required=required,
        default=None if kind == "secret" else field.get("default"),
        choices=tuple((str(value), str(labels.get(value, value))) for value in values),
    )


def _shape(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Return a field's JSON schema with references resolved, and with `X | None` reduced to X."""
    for group in ("anyOf", "allOf"):
        real = [option for option in field.get(group, ()) if option.get("type") != "null"]
        if len(real) == 1:
            return _shape(real[0], schema)
    if "$ref" in field:
        name = str(field["$ref"]).removeprefix("#/$defs/")
        return _shape(schema["$defs"][name], schema)
    return field


def _kind(shape: dict[str, Any]) -> FieldKind | None:
    if "enum" in shape or "const" in shape:
        return "choice"
    if shape.get("format") == "password":
        return "secret"
    if shape.get("format") == "uri":
        return "url"
    return _KINDS.get(shape.get("type", ""))

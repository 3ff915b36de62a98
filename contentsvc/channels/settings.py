"""A channel's settings: checked, shown as a form, their secrets kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from contentsvc.errors import InputError, PluginError

if TYPE_CHECKING:
    from contentsvc.channels.channel import Channel, ChannelSettings

__all__ = [
    "FieldKind",
    "FormField",
    "SettingsError",
    "form_fields",
    "parse_settings",
    "resolve_secrets",
    "secret_fields",
]

FieldKind = Literal["text", "secret", "url", "number", "flag", "choice"]

#: A secret in a file is a line; more is the wrong file.
_MOST_SECRET_BYTES = 64 * 1024
_KINDS: dict[str, FieldKind] = {
    "string": "text",
    "integer": "number",
    "number": "number",
    "boolean": "flag",
}


class SettingsError(InputError):
    """A channel's settings cannot be used."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        """Keep every (field, message); no message shows a value, since it may be a secret."""
        super().__init__(
            "; ".join(f"{field}: {message}" if field else message for field, message in problems),
            field=problems[0][0] or None,
        )
        self.problems = problems


@dataclass(frozen=True, slots=True)
class FormField:
    """One field of a settings form."""

    name: str
    kind: FieldKind
    label: str
    help: str
    required: bool
    #: None where there is none; always None for a secret.
    default: Any = None
    #: (value, label), only for a choice.
    choices: tuple[tuple[str, str], ...] = ()


def parse_settings(channel_class: type[Channel], raw: Mapping[str, Any]) -> ChannelSettings:
    """Return the checked settings; SettingsError with every problem otherwise."""
    try:
        return channel_class.Settings.model_validate(dict(raw))
    except ValidationError as error:
        problems = [
            (".".join(str(part) for part in one["loc"]), one["msg"].removeprefix("Value error, "))
            for one in error.errors(include_url=False, include_input=False)
        ]
        # From None: the cause would carry the values into a traceback.
        raise SettingsError(problems) from None


def resolve_secrets(
    raw: Mapping[str, Any], *, environ: Mapping[str, str], base: Path
) -> dict[str, Any]:
    """Return *raw* with each `{$env: NAME}` and `{$file: path}` replaced by what it names.

    Paths are relative to *base*. Such references come from the operator's own files alone; a web
    form sends text, never a mapping. SettingsError names each field that leads nowhere.
    """
    problems: list[tuple[str, str]] = []
    resolved: dict[str, Any] = {}
    for name, value in raw.items():
        try:
            resolved[name] = _resolved(value, environ, base)
        except ValueError as error:
            problems.append((name, str(error)))
    if problems:
        raise SettingsError(problems)
    return resolved


def _resolved(value: Any, environ: Mapping[str, str], base: Path) -> Any:
    match value:
        case {"$env": str(name), **rest} if not rest:
            if name not in environ:
                raise ValueError(f"the environment variable {name} is not set")
            return environ[name]
        case {"$file": str(path), **rest} if not rest:
            return _from_file(base / path)
        case {"$env": _} | {"$file": _}:
            raise ValueError("a reference is {$env: NAME} or {$file: path} and nothing beside it")
        case _:
            return value


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_SECRET_BYTES + 1)
        if len(content) > _MOST_SECRET_BYTES:
            raise ValueError(f"{path} is larger than {_MOST_SECRET_BYTES} bytes")
        return content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text") from error


def secret_fields(channel_class: type[Channel]) -> set[str]:
    """Return the names of the settings that are secrets."""
    return {field.name for field in form_fields(channel_class, "en") if field.kind == "secret"}


def form_fields(channel_class: type[Channel], language: str) -> list[FormField]:
    """Return the form of a channel type's settings, worded in `zh` or `en`.

    Labels are a field's `title` and `description`; Chinese ones stand in
    `json_schema_extra={"zh": {"title": …, "description": …, "choices": {value: label}}}`.
    PluginError where a field is of a kind that no form shows.
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
    words = {**field, **field.get("zh", {})} if language == "zh" else field
    values = shape.get("enum") or ([shape["const"]] if "const" in shape else [])
    labels = words.get("choices", {})
    kind = _kind(shape)
    if kind is None:
        raise PluginError(
            f"setting {name!r} of channel type {channel_type!r} is of a kind that no form shows; "
            "use text, a number, a flag, a choice, an address or a secret"
        )
    return FormField(
        name=name,
        kind=kind,
        label=words.get("title", name),
        help=words.get("description", ""),
        required=required,
        default=None if kind == "secret" else field.get("default"),
        choices=tuple((str(value), str(labels.get(value, value))) for value in values),
    )


def _shape(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference, and take the one real shape of `X | None`."""
    for group in ("anyOf", "allOf"):
        real = [one for one in field.get(group, ()) if one.get("type") != "null"]
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

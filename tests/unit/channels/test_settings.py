"""Tests of channel settings: validation, form fields and secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from contentsvc.channels import (
    Channel,
    ChannelSettings,
    Field,
    HttpUrl,
    Receipt,
    SecretStr,
    field_validator,
)
from contentsvc.channels.hosting import (
    FormField,
    SettingsError,
    form_fields,
    parse_settings,
    resolve_secrets,
    secret_fields,
    typed_settings,
)
from contentsvc.errors import PluginError


class SampleSettings(ChannelSettings):
    """A setting of every kind."""

    url: HttpUrl = Field(
        title="Address",
        json_schema_extra={"zh": {"title": "地址", "description": "发送到这里"}},
    )
    secret: SecretStr = Field(title="Secret", min_length=8)
    retries: int = Field(default=3, ge=0, title="Retries")
    share: float | None = Field(default=None, title="Share")
    loud: bool = Field(default=False, title="Loud")
    size: Literal["3x4", "1x1"] = Field(
        default="3x4",
        title="Size",
        json_schema_extra={"zh": {"title": "尺寸", "choices": {"3x4": "竖版", "1x1": "方形"}}},
    )
    note: str | None = Field(default=None, title="Note")
    backup: SecretStr | None = None

    @field_validator("note")
    @classmethod
    def _short(cls, note: str | None) -> str | None:
        if note and len(note) > 5:
            raise ValueError("a note has at most 5 characters")
        return note


class Sample(Channel[SampleSettings]):
    """A channel type with a setting of every kind."""

    type = "sample"

    def publish(self, rendition: object, *, key: str) -> Receipt:
        raise NotImplementedError


RAW = {"url": "https://a.example/hook", "secret": "correct horse"}


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("retries", "　１２ ", 12),
        ("share", "０．５", 0.5),
        ("share", "－１", -1),
        ("loud", "ｔｒｕｅ", True),
        ("size", "１ｘ１", "1x1"),
        ("url", "ｈｔｔｐｓ：／／a.example/", HttpUrl("https://a.example/")),
        ("secret", "ｐａｓｓｗｏｒｄ，１", SecretStr("ｐａｓｓｗｏｒｄ，１")),
        ("note", "１２：３０", "１２：３０"),
        ("retries", 5, 5),
    ],
)
def test_settings_may_be_typed_in_full_width(name: str, typed: object, value: object) -> None:
    """What has a format is read; a text or a secret stays as it was typed."""
    settings = parse_settings(Sample, typed_settings(Sample, {**RAW, name: typed}))

    assert getattr(settings, name) == value


def test_good_settings_are_typed() -> None:
    """Valid settings become an instance of the class, with defaults."""
    settings: Any = parse_settings(Sample, {**RAW, "retries": "5"})

    assert settings.retries == 5
    assert settings.secret.get_secret_value() == "correct horse"
    assert settings.size == "3x4"


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ({"url": None}, [("url", "must be an address such as https://example.com")]),
        ({"retries": -1}, [("retries", "must be at least 0")]),
        ({"size": "9x9"}, [("size", "must be '3x4' or '1x1'")]),
        ({"note": "too long"}, [("note", "a note has at most 5 characters")]),
        ({"colour": "red"}, [("colour", "there is no such setting")]),
        (
            {"retries": "x", "loud": "maybe"},
            [
                ("retries", "must be a whole number"),
                ("loud", "must be yes or no"),
            ],
        ),
    ],
)
def test_every_problem_is_told_with_its_field(
    changes: dict[str, Any], problems: list[tuple[str, str]]
) -> None:
    """The error has every problem with its field; the error's own field is the first."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(Sample, {**RAW, **changes})

    assert [(field, str(text)) for field, text in caught.value.problems] == problems
    assert caught.value.field == problems[0][0]


def test_no_message_shows_a_value() -> None:
    """No message shows the value of a setting, because it may be a secret."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(Sample, {"url": "hunter2", "secret": "hunter2", "hunter": "hunter2"})

    assert "hunter2" not in f"{caught.value} {caught.value.problems} {caught.value.__cause__}"


def test_each_setting_makes_a_field_of_its_kind() -> None:
    """The form fields are made from the schema of the settings."""
    kinds = {field.name: field.kind for field in form_fields(Sample, "en")}

    assert kinds == {
        "url": "url",
        "secret": "secret",
        "retries": "number",
        "share": "number",
        "loud": "flag",
        "size": "choice",
        "note": "text",
        "backup": "secret",
    }


def test_a_field_is_worded_in_both_languages() -> None:
    """Chinese texts are used if they exist, else the English ones."""
    english = {field.name: field for field in form_fields(Sample, "en")}
    chinese = {field.name: field for field in form_fields(Sample, "zh")}

    assert english["size"] == FormField(
        "size", "choice", "Size", "", False, "3x4", (("3x4", "3x4"), ("1x1", "1x1"))
    )
    assert chinese["size"].choices == (("3x4", "竖版"), ("1x1", "方形"))
    assert (chinese["url"].label, chinese["url"].help) == ("地址", "发送到这里")
    assert chinese["loud"].label == "Loud"
    assert english["url"].required
    assert not english["note"].required


def test_secrets_are_known_by_name() -> None:
    """Secrets are recognised by their type."""
    assert secret_fields(Sample) == {"secret", "backup"}


def test_a_setting_that_no_form_shows_is_the_plugins_fault() -> None:
    """A setting of an unsupported type is an error when the plugin is loaded."""

    class OddSettings(ChannelSettings):
        hosts: list[str] = Field(default_factory=list)

    class Odd(Channel[OddSettings]):
        type = "odd"

        def publish(self, rendition: object, *, key: str) -> Receipt:
            raise NotImplementedError

    with pytest.raises(PluginError, match="'hosts'"):
        form_fields(Odd, "en")


def test_references_lead_to_the_environment_and_to_files(tmp_path: Path) -> None:
    """References are replaced by environment variables and files without their last line end."""
    (tmp_path / "hook.secret").write_text("from a file\n")
    raw = {"a": {"$env": "KEY"}, "b": {"$file": "hook.secret"}, "c": "plain", "d": 5}

    resolved = resolve_secrets(raw, environ={"KEY": "from outside"}, base=tmp_path)

    assert resolved == {"a": "from outside", "b": "from a file", "c": "plain", "d": 5}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"$env": "MISSING"}, "environment variable MISSING is not set"),
        ({"$file": "missing.secret"}, "missing.secret cannot be read: No such file"),
        ({"$file": "large"}, "is larger than"),
        ({"$file": "binary"}, "is not UTF-8"),
        ({"$env": "KEY", "default": "x"}, "nothing beside it"),
        ({"$file": 5}, "nothing beside it"),
    ],
)
def test_a_reference_that_leads_nowhere_is_told(
    tmp_path: Path, value: dict[str, Any], words: str
) -> None:
    """The error names the field and the missing variable or file, never a secret."""
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match=words) as caught:
        resolve_secrets({"ok": "x", "key": value}, environ={"KEY": "hunter2"}, base=tmp_path)

    assert [field for field, _ in caught.value.problems] == ["key"]
    assert "hunter2" not in str(caught.value)

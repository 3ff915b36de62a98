"""Tests of the checks of a settings class when its plugin is loaded."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import pytest
from pydantic import ConfigDict, create_model

from contentsvc.channels import ChannelSettings, Field, HttpUrl, SecretStr, field_validator
from contentsvc.channels.settings_checks import settings_faults


def made(annotation: Any, field: Any) -> type[ChannelSettings]:
    """Return a settings class with one field, `greeting`."""
    return create_model("Mine", __base__=ChannelSettings, greeting=(annotation, field))


def words(extra: Any) -> Any:
    return Field(default="", json_schema_extra=extra)


def misspelt(**words: Any) -> Any:
    """Return a Field with a misspelt argument, of which pydantic only warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Field(default="", **words)


@pytest.mark.parametrize(
    ("annotation", "field", "words"),
    [
        (str, words({"zh": {"titel": "开头语"}}), "has no zh: titel; write title"),
        (str, words({"zh": {"label": "开头语"}}), "write choices, description, title"),
        (str, words({"zn": {"title": "开头语"}}), "has no zn; write zh"),
        (str, words({"chinese": {"title": "开头语"}}), "has no chinese; write zh"),
        (str, words({"zh": "开头语"}), "zh must be a dictionary"),
        (str, misspelt(titel="Greeting"), "has no titel; write title"),
        (str, misspelt(max_lenght=5), "has no max_lenght; write max_length"),
        (int, "three", "the default of setting greeting is not valid: must be a whole number"),
        (Literal["a", "b"], "c", "the default of setting greeting is not valid"),
        (int, Field(default=5, le=3), "not valid: must be at most 3"),
        (str, Field(default="", alias="hello"), "setting greeting has an alias"),
        (
            Literal["a"],
            Field(default="a", json_schema_extra={"zh": {"choices": {"A": "甲"}}}),
            "has a label for A",
        ),
        (
            Literal["a"] | None,
            Field(default=None, json_schema_extra={"choices": {"A": "A"}}),
            "has a label for A",
        ),
    ],
)
def test_a_mistake_is_told(annotation: Any, field: Any, words: str) -> None:
    """A mistake in a setting is a fault that names the setting and what to write."""
    (found,) = [fault.text("en") for fault in settings_faults(made(annotation, field))]

    assert "greeting" in found
    assert words in found


@pytest.mark.parametrize(
    ("annotation", "field"),
    [
        (str, ...),
        (str, ""),
        (SecretStr | None, None),
        (HttpUrl, "https://a.example"),
        (Literal["a"] | None, None),
        (str, Field(default="", json_schema_extra={"examples": ["a"], "x-width": 3})),
        (str, Field(default="", json_schema_extra=lambda schema: None)),
        (Literal["a"], Field(default="a", json_schema_extra={"zh": {"choices": {"a": "甲"}}})),
        (list[str], Field(default_factory=list)),
    ],
)
def test_what_is_right_is_not_told(annotation: Any, field: Any) -> None:
    """A sound setting has no faults, whether it has a default or not."""
    assert list(settings_faults(made(annotation, field))) == []


@pytest.mark.parametrize("name", ["name", "csrf_token"])
def test_a_name_of_the_form_is_refused(name: str) -> None:
    """A setting may not have the name of another field in the form."""
    model: Any = create_model("Mine", __base__=ChannelSettings, **{name: (str, "")})  # type: ignore[call-overload]

    (fault,) = settings_faults(model)

    assert f"cannot be called {name}" in fault.text("en")


def test_errors_may_not_show_values() -> None:
    """A settings class whose errors show the input is refused, because that may be a secret."""

    class Mine(ChannelSettings):
        model_config = ConfigDict(hide_input_in_errors=False)

    (fault,) = settings_faults(Mine)

    assert "hide_input_in_errors" in fault.text("en")


def test_a_default_is_held_to_the_plugins_own_rule() -> None:
    """A default that the class's own validator refuses is a fault."""

    class Mine(ChannelSettings):
        greeting: str = ""

        @field_validator("greeting")
        @classmethod
        def _is_long(cls, greeting: str) -> str:
            if not greeting:
                raise ValueError("a greeting is needed")
            return greeting

    (fault,) = settings_faults(Mine)

    assert fault.text("en").endswith("not valid: a greeting is needed")


def test_a_default_becomes_the_declared_type() -> None:
    """A default address written as text is an address in the settings."""

    class Mine(ChannelSettings):
        url: HttpUrl = Field(default="https://a.example/b")  # type: ignore[assignment]

    assert Mine().url.host == "a.example"

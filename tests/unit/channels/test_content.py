"""Tests of the values that a channel plugin receives and returns."""

from __future__ import annotations

import pytest

from contentsvc.channels import Message, Phrases, RenditionWarning, WarningLevel

_PHRASES = Phrases({"zh": {"long": "超出 {over} 字"}, "en": {"long": "{over} characters too long"}})


@pytest.mark.parametrize(
    ("warning", "zh", "en"),
    [
        (
            RenditionWarning(WarningLevel.WARN, "body", "too long"),
            "too long",
            "too long",
        ),
        (
            RenditionWarning(WarningLevel.WARN, "body", {"zh": "太长", "en": "too long"}),
            "太长",
            "too long",
        ),
        (
            RenditionWarning(WarningLevel.WARN, "body", _PHRASES.message("long", over=3)),
            "超出 3 字",
            "3 characters too long",
        ),
        (
            RenditionWarning(WarningLevel.WARN, "body", "limit-pictures", used=3, most=2),
            "有 3 张图片，这里最多 2 张",
            "there are 3 pictures; 2 are allowed here",
        ),
    ],
)
def test_a_warning_takes_any_kind_of_message(warning: RenditionWarning, zh: str, en: str) -> None:
    """A warning takes a text, a text per language, or a message."""
    assert isinstance(warning.message, Message)
    assert (warning.message.text("zh"), warning.message.text("en")) == (zh, en)


def test_a_warning_needs_a_message() -> None:
    """A warning with any other value raises an error when it is created."""
    with pytest.raises(TypeError, match="not a message"):
        RenditionWarning(WarningLevel.WARN, "body", None)  # type: ignore[arg-type]

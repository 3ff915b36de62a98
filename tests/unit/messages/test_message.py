"""A message keeps its code and parameters and shows itself in any language."""

from __future__ import annotations

import pickle

import pytest

from contentsvc.messages import Message, Phrases
from contentsvc.messages import message as module

TEXTS = {
    "en": {"too-long": "{name!r} has {used} characters; allowed: {sizes}", "inner": "the title"},
    "zh": {"too-long": "{name} 有 {used} 字，只允许 {sizes}", "inner": "标题"},
}


@pytest.fixture(autouse=True)
def _texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a small catalogue in the place of the real one."""
    monkeypatch.setattr(module, "catalogue", lambda language: TEXTS[language])


def _message() -> Message:
    return Message("too-long", name=Message("inner"), used=7, sizes=["9x16", "1x1"])


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "'the title' has 7 characters; allowed: 9x16, 1x1"),
        ("zh", "标题 有 7 字，只允许 9x16、1x1"),
        ("fr", "'the title' has 7 characters; allowed: 9x16, 1x1"),
    ],
)
def test_a_message_is_shown_in_a_language(language: str, text: str) -> None:
    """Lists and inner messages follow the language; an unknown language gets English."""
    shown = _message().text(language)

    assert shown == text


@pytest.mark.parametrize(
    "message",
    [
        _message(),
        Message("too-long", used=1.5),
        Message("too-long", names=("甲", "乙")),
        Message.plain("45009 api freq out of limit"),
        Message.plain('{"code" is how this text begins'),
        Message.given(zh="太长", en="too long"),
        Message.plain(""),
    ],
)
def test_a_message_survives_storage(message: Message) -> None:
    """JSON and pickle give back an equal message with the same texts."""
    for restored in (Message.from_json(message.to_json()), pickle.loads(pickle.dumps(message))):
        assert restored == message
        assert [restored.text(one) for one in ("en", "zh")] == [
            message.text(one) for one in ("en", "zh")
        ]
        assert bool(restored) == bool(message)


@pytest.mark.parametrize(
    "text",
    [
        "an earlier version's text",
        '{"code": 1, "params": {}}',
        '{"code": "a", "params": []}',
        '{"code": "a", "params": {"x": null}}',
        '{"code": "a"',
    ],
)
def test_any_other_text_is_a_plain_message(text: str) -> None:
    """A stored text that is no message is shown as it stands."""
    assert Message.from_json(text).text("zh") == text


def test_an_unlisted_code_hides_nothing() -> None:
    """A code without a text, or a parameter that is missing, is shown with what there is."""
    assert Message("unheard-of", a=1).text("zh") == "unheard-of (a=1)"
    assert Message("too-long", used=3).text() == "too-long (used=3)"


def test_of_takes_codes_and_texts() -> None:
    """A listed code is looked up; any other text is plain; a mapping gives languages."""
    assert Message.of("inner").text("zh") == "标题"
    assert Message.of("freq limit") == Message.plain("freq limit")
    assert Message.of({"zh": "满", "en": "full"}).text("zh") == "满"
    assert Message.of("too-long", used=1).params == {"used": 1}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["too long", "no title"], "['too long', 'no title']"),
        ({"errcode": 45009, "errmsg": "limit"}, "{'errcode': 45009, 'errmsg': 'limit'}"),
        ({"zh": "满", "errcode": 1}, "{'zh': '满', 'errcode': 1}"),
        ({}, "{}"),
        (b"limit", "b'limit'"),
        (None, "None"),
        (45009, "45009"),
    ],
)
def test_any_value_becomes_a_plain_message(value: object, text: str) -> None:
    """What a plugin passes by mistake is shown whole, and raises nothing."""
    message = Message.of(value)  # type: ignore[arg-type]  # the mistake under test

    assert message.text("zh") == text


def test_a_given_text_falls_back() -> None:
    """A language that was not given falls back to English, then to any."""
    assert Message.given(en="full").text("zh") == "full"
    assert Message.given(zh="满").text("en") == "满"


def test_a_message_cannot_be_changed() -> None:
    """It is a value: equal messages have equal hashes and nobody can change one."""
    assert hash(_message()) == hash(_message())
    with pytest.raises(AttributeError):
        _message().extra = 1
    with pytest.raises(TypeError):
        _message().params["used"] = 8  # type: ignore[index]


def test_phrases_speak_both_languages() -> None:
    """A plugin's phrases become messages that carry both languages."""
    phrases = Phrases(TEXTS)

    message = phrases.message("too-long", name="x", used=1, sizes="all")

    assert message.text("zh") == "x 有 1 字，只允许 all"
    assert message.text("en") == "'x' has 1 characters; allowed: all"
    assert phrases.text("inner", "fr") == "the title"

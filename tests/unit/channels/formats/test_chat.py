"""Tests of chat text, which is divided into messages if it is long."""

from __future__ import annotations

from hypothesis import given, settings

from contentsvc.channels import RenderError, format_chat, html_text, markdown_html
from tests.unit.channels.formats.bodies import bodies


def test_a_short_text_is_one_message_below_its_title() -> None:
    """A short text is one message with its title."""
    form = format_chat(markdown_html("# 早安\n\n签到啦"), title="早安")

    assert form.messages == ("早安\n\n签到啦",)
    assert (form.count("characters"), form.count("messages")) == (7, 1)


def test_a_long_text_is_several_messages() -> None:
    """A long text is divided between paragraphs if they are about as long as a message."""
    html = markdown_html("\n\n".join("今天说说护肤。" * 10 for _ in range(4)))

    form = format_chat(html, most=100)

    assert form.messages == ("今天说说护肤。" * 10,) * 4


@given(bodies)
@settings(max_examples=200, deadline=None)
def test_messages_say_what_the_text_says(body: str) -> None:
    """The messages have the whole text apart from spaces, and no control characters."""
    try:
        html = markdown_html(body)
    except RenderError:
        return
    form = format_chat(html, most=40)

    assert "".join("".join(form.messages).split()) == "".join(html_text(html).split())
    assert all(0 < len(message) <= 40 for message in form.messages)
    assert not {char for char in form.text if char < " "} - {"\n", "\t"}
    assert not set(form.text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200b\ufeff")


def test_struck_words_are_told() -> None:
    """Struck text causes a warning, because a struck price would read as valid."""
    (warning,) = format_chat(markdown_html("~~199~~ 99 元")).warnings

    assert warning.message.text("zh") == "聊天文字：划去的文字看起来和其他文字一样，请改写：199"


def test_english_words_are_english() -> None:
    """The texts that the format adds are in the post's language."""
    form = format_chat(markdown_html("![sale](https://a.example/1.png)\n\n~~9~~"), language="en")

    assert form.text.startswith("[Picture: sale]")
    assert str(form.warnings[0].message).startswith("Chat text: struck-out text looks like")

"""Messages and errors as texts in the language of the response."""

from __future__ import annotations

from contentsvc.errors import ContentsvcError
from contentsvc.messages import Message
from contentsvc.web.current import language

__all__ = ["explain", "explain_text"]


def explain(error: ContentsvcError) -> str:
    """Return the message of *error* in the language of this response."""
    return error.message.text(language())


def explain_text(text: Message | str) -> str:
    """Return a message in the language of this response; a plain text stays as it is."""
    return text.text(language()) if isinstance(text, Message) else text

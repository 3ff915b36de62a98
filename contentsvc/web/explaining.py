"""Says the services' English messages in the person's language."""

from __future__ import annotations

import re

from flask_babel import gettext

from contentsvc.errors import ContentsvcError
from contentsvc.messages import Message
from contentsvc.web.current import language

__all__ = ["explain", "explain_text"]


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a mark without translation
    """Mark a message for the catalogue; it is translated when it is shown."""
    return message


#: Messages of the services, each a pattern in which %(name)s stands for a value. A message that is
#: not here is shown as it is.
_MESSAGES = (
    N_("the text has %(used)s characters; %(most)s are allowed"),
    N_("that time has gone by; choose a later one"),
    N_("its time has gone by; move it to a later time first"),
    N_("it goes to no channel; choose one first"),
    N_("it is going out at this moment; look again in a few seconds"),
)


def explain(error: ContentsvcError) -> str:
    """Return an error's text in the language of this response."""
    return explain_text(error.message)


def explain_text(text: Message | str) -> str:
    """Return a message in the language of this response."""
    if isinstance(text, Message):
        if text.code or set(text.params) != {"en"}:
            return text.text(language())
        text = text.text()
    for source in _MESSAGES:
        match = _pattern(source).fullmatch(text)
        if match:
            return str(gettext(source, **match.groupdict()))
    return text


def _pattern(source: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", source)
    named = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)]
    return re.compile("".join(named), re.DOTALL)

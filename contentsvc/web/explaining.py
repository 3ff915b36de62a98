"""Says the services' English messages in the person's language."""

from __future__ import annotations

import re

from flask_babel import gettext

from contentsvc.channels import PLATFORM_RULES
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
    N_("its entry is not approved; approve it first"),
    N_("somebody else has settled it meanwhile; look again"),
    N_("give an address that begins with https:// or http://"),
    N_("%(time)s is within the quiet hours %(span)s"),
    N_("it would be number %(count)s in that day; the quota is %(most)s"),
    N_("it would be number %(count)s in that month; the quota is %(most)s"),
    N_(
        "it would be number %(count)s in that day; the rule of %(date)s for %(platform)s is "
        "%(most)s"
    ),
    N_(
        "it would be number %(count)s in that month; the rule of %(date)s for %(platform)s is "
        "%(most)s"
    ),
    N_("held by the quiet hours %(span)s"),
    N_("held by the quota of %(most)s a day"),
    N_("held by the quota of %(most)s a month"),
    N_("held by the rule of %(date)s for %(platform)s: %(most)s a day"),
    N_("held by the rule of %(date)s for %(platform)s: %(most)s a month"),
    N_("everything is paused"),
    N_("its time went by before it could be sent"),
    N_("the worker went silent while it was being sent"),
    N_("its livestream has changed since; give it up, then plan it again"),
    N_("%(channel)s cannot take this post back"),
    N_("%(channel)s did not take it back: %(reason)s"),
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
            values = match.groupdict()
            if "platform" in values:
                values["platform"] = _platform(values["platform"])
            return str(gettext(source, **values))
    return text


def _platform(name: str) -> str:
    """Return a platform's English name in the language of this answer."""
    names = (rule.name for rule in PLATFORM_RULES.values())
    return next((one.text(language()) for one in names if str(one) == name), name)


def _pattern(source: str) -> re.Pattern[str]:
    parts = re.split(r"%\((\w+)\)s", source)
    named = [re.escape(part) if i % 2 == 0 else f"(?P<{part}>.+?)" for i, part in enumerate(parts)]
    return re.compile("".join(named), re.DOTALL)

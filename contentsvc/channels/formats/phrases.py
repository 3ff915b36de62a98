"""Short texts that formats add to a post, and warnings about lost content and limits."""

from __future__ import annotations

from collections.abc import Mapping

from contentsvc.channels.content import RenditionWarning, WarningLevel
from contentsvc.messages import Message

__all__ = ["losses", "over", "phrase"]

#: Parts of the text that one warning names; people see the others once they have fixed these.
_MOST_NAMED = 3
#: Characters of a part that are named.
_LONGEST_NAME = 40


def phrase(code: str, language: str) -> str:
    """Return the short text called *code*, such as `comma`, that a format adds to posts."""
    return Message(f"format-{code}").text(language)


def losses(name: str, lost: Mapping[str, list[str]]) -> list[RenditionWarning]:
    """Return a warning for each kind of content, such as `links`, that a format left out.

    *name* is the format. *lost* maps each kind to the texts that were left out, which the warning
    names.
    """
    messages = {
        rule: Message(f"format-lost-{rule.replace('_', '-')}", parts=_named(parts))
        for rule, parts in lost.items()
    }
    return [_warning(name, "body", message) for message in messages.values()]


def over(name: str, count: str, used: int, most: int, level: WarningLevel) -> RenditionWarning:
    """Return a warning that a post's size exceeds a limit.

    *count* is what is counted, such as `bytes`; *used* is the size and *most* the limit.
    """
    field = "title" if count == "title" else "body"
    return _warning(name, field, Message(f"format-over-{count}", used=used, most=most), level)


def _warning(
    name: str, field: str, message: Message, level: WarningLevel = WarningLevel.WARN
) -> RenditionWarning:
    shown = Message("format-warning", format=Message(f"format-name-{name}"), message=message)
    return RenditionWarning(level, field, shown)


def _named(parts: list[str]) -> str:
    different = list(dict.fromkeys(filter(None, parts)))
    named = [
        part if len(part) <= _LONGEST_NAME else f"{part[:_LONGEST_NAME]}…" for part in different
    ]
    rest = " …" if len(named) > _MOST_NAMED else ""
    return f"{' | '.join(named[:_MOST_NAMED])}{rest}" or str(len(parts))

"""The texts that the forms add to a post, and their warnings."""

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
    """Return a text that stands in the post itself, such as `picture` or `comma`."""
    return Message(f"form-{code}").text(language)


def losses(form: str, lost: Mapping[str, list[str]]) -> list[RenditionWarning]:
    """Return a warning for each rule in *lost* that names the parts of the text it removed."""
    return [
        _warning(form, "body", Message(f"form-lost-{rule.replace('_', '-')}", parts=_named(parts)))
        for rule, parts in lost.items()
    ]


def over(form: str, count: str, used: int, most: int, level: WarningLevel) -> RenditionWarning:
    """Return the warning that a count exceeds the most that a platform accepts."""
    field = "title" if count == "title" else "body"
    return _warning(form, field, Message(f"form-over-{count}", used=used, most=most), level)


def _warning(
    form: str, field: str, message: Message, level: WarningLevel = WarningLevel.WARN
) -> RenditionWarning:
    name = Message(f"form-name-{form}")
    return RenditionWarning(level, field, Message("form-warning", form=name, message=message))


def _named(parts: list[str]) -> str:
    different = list(dict.fromkeys(filter(None, parts)))
    named = [
        part if len(part) <= _LONGEST_NAME else f"{part[:_LONGEST_NAME]}…" for part in different
    ]
    rest = " …" if len(named) > _MOST_NAMED else ""
    return f"{' | '.join(named[:_MOST_NAMED])}{rest}" or str(len(parts))

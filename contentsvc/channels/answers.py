"""The values that `publish`, `find` and `poll` return, and a check of what a plugin returned."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from contentsvc.errors import seconds_to_wait

__all__ = ["Accepted", "HandOff", "Receipt", "verify_answer"]

#: Most characters of the texts below; platforms' ids and tokens are much shorter. Browsers cut
#: addresses of more than about 2,000 characters.
_MOST_ID = 500
_MOST_URL = 2_000
_MOST_TOKEN = 4_000
_MOST_INSTRUCTIONS = 5_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform's confirmation that a post is published (回执).

    Raises:
        TypeError: a value has the wrong type.
        ValueError: *id* is empty, a text is too long, or *published_at* has no time zone.
    """

    #: The platform's id of the post, at most 500 characters; a whole number becomes text.
    id: str
    #: At most 2,000 characters.
    url: str | None = None
    #: When the platform published it (an aware time); None if it does not say.
    published_at: datetime | None = None

    def __post_init__(self) -> None:
        """Check the values and convert *published_at* to UTC."""
        if isinstance(self.id, int) and not isinstance(self.id, bool):
            object.__setattr__(self, "id", str(self.id))
        _check_text("Receipt.id", self.id, _MOST_ID)
        _check_url("Receipt.url", self.url)
        at = self.published_at
        if at is None:
            return
        if not isinstance(at, datetime):
            raise TypeError(f"Receipt.published_at must be a datetime, not {_kind(at)}")
        if at.utcoffset() is None:
            raise ValueError("Receipt.published_at has no time zone; use datetime.now(UTC)")
        object.__setattr__(self, "published_at", at.astimezone(UTC))


@dataclass(frozen=True, slots=True)
class Accepted:
    """The platform accepted a post but has not published it yet. `Channel.poll` asks again later.

    Raises:
        TypeError: a value has the wrong type.
        ValueError: *token* is empty or too long, or *poll_after* is negative or not finite.
    """

    #: What `poll` needs to ask the platform about the post, at most 4,000 characters.
    token: str
    #: Seconds to wait before polling; more than a week counts as a week.
    poll_after: float = 15.0

    def __post_init__(self) -> None:
        """Check the values."""
        _check_text("Accepted.token", self.token, _MOST_TOKEN)
        seconds = seconds_to_wait("Accepted.poll_after", self.poll_after)
        object.__setattr__(self, "poll_after", seconds)


@dataclass(frozen=True, slots=True)
class HandOff:
    """The answer of a channel that cannot publish by itself: a person must do it (人工发布).

    Raises:
        TypeError: a value has the wrong type.
        ValueError: there are no instructions, or a text is empty or too long.
    """

    #: Instructions by language (`zh`, `en`), at most 5,000 characters each.
    instructions: Mapping[str, str]
    #: Address of a page or app that helps, at most 2,000 characters.
    url: str | None = None

    def __post_init__(self) -> None:
        """Check the values."""
        if not isinstance(self.instructions, Mapping):
            kind = _kind(self.instructions)
            raise TypeError(f"HandOff.instructions must be texts by language, not {kind}")
        if not self.instructions:
            raise ValueError("HandOff.instructions is empty")
        for language, text in self.instructions.items():
            _check_text("a language in HandOff.instructions", language, 10)
            _check_text(f"HandOff.instructions[{language!r}]", text, _MOST_INSTRUCTIONS)
        _check_url("HandOff.url", self.url)


def verify_answer(
    value: object,
    usable: tuple[type[Receipt | Accepted | HandOff], ...] = (
        Receipt,
        Accepted,
        HandOff,
    ),
) -> Receipt | Accepted | HandOff:
    """Check *value*, which a plugin returned, and return a copy of it.

    The check is repeated because the plugin may have returned a subclass that skips it. *usable*
    lists the classes that the plugin may return.

    Raises:
        TypeError: *value* is not of a usable class, or contains a value of a wrong type.
        ValueError: *value* contains a wrong value.
    """
    if inspect.iscoroutine(value):
        value.close()
        raise TypeError("the method is async; define it with `def`, not with `async def`")
    if not isinstance(value, usable):
        names = " or ".join(kind.__name__ for kind in usable)
        raise TypeError(f"a value of class {names} was expected, not {_kind(value)}")
    match value:
        case Receipt():
            return Receipt(value.id, value.url, value.published_at)
        case Accepted():
            return Accepted(value.token, value.poll_after)
        case HandOff():
            instructions = value.instructions
            if isinstance(instructions, Mapping):
                instructions = dict(instructions)
            return HandOff(instructions, value.url)


def _check_text(name: str, value: object, most: int) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {_kind(value)}")
    if not value.strip():
        raise ValueError(f"{name} is empty")
    if len(value) > most:
        raise ValueError(f"{name} has {len(value):,} characters; at most {most:,} are allowed")


def _check_url(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {_kind(value)}; pass str(url)")
    _check_text(name, value, _MOST_URL)


def _kind(value: object) -> str:
    return type(value).__name__

"""Column types for instants, messages and enumerations."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

from contentsvc.messages import Message

__all__ = ["EnumText", "MessageText", "UtcDateTime"]


class UtcDateTime(TypeDecorator[datetime]):
    """A column type for aware datetimes, stored in UTC.

    SQLite drops time zones silently. Therefore naive values are refused on writing, and UTC is
    added on reading.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return *value* converted to UTC; raise ValueError if it is naive."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the stored datetime, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MessageText(TypeDecorator[Message]):
    """A column type for translatable messages, stored as a code and its parameters.

    Each reader can thus see the message in their own language. A text without code, as an earlier
    version stored it, is read as a plain message.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the message as JSON, or an empty string for an empty message."""
        if value is None:
            return None
        message = Message.of(value)
        return message.to_json() if message else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the stored message; None for NULL."""
        return None if value is None else Message.from_json(value)


class EnumText(TypeDecorator[StrEnum]):
    """A column type for a StrEnum, stored as text, so that a new member needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[StrEnum], length: int = 32) -> None:
        """Create a type for the members of *enum*, in a column of *length* characters."""
        super().__init__(length)
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert a member of the enum to the text to store; None stays None (NULL).

        Raises:
            ValueError: the enum has no such member.
        """
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the member with the stored text; None for NULL."""
        return None if value is None else self.enum(value)

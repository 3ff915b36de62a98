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
    """An aware instant, stored in UTC.

    SQLite drops time zones silently, so naive values are refused when they are written, and UTC is
    added when they are read.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware instant in UTC; raise ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        at = value.astimezone(UTC)
        return at.replace(tzinfo=None) if dialect.name == "sqlite" else at

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant, aware and in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class MessageText(TypeDecorator[Message]):
    """A message stored with its code and parameters, so that each reader sees their language.

    A row that an earlier version wrote holds a bare text; it is read as a plain message.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Message | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the message as JSON; an empty message is stored as an empty string."""
        if value is None:
            return None
        message = Message.of(value)
        return message.to_json() if message else ""

    def process_result_value(self, value: str | None, dialect: Dialect) -> Message | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the message."""
        return None if value is None else Message.from_json(value)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its text, so that a new member needs no migration."""

    impl = String
    cache_ok = True

    def __init__(self, enum: type[StrEnum], length: int = 32) -> None:
        """Store members of *enum* in a column of *length* characters."""
        super().__init__(length)
        self.enum = enum

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the member's text; raise ValueError if *value* is no member."""
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the member."""
        return None if value is None else self.enum(value)

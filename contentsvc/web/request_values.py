"""Read the values of requests: numbers and names in addresses, and texts in queries and forms.

A number that no database can store, or a character that no text has, is refused or removed here,
in one place, and not by an error of the database.
"""

from __future__ import annotations

from typing import Any

from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict, iter_multi_items
from werkzeug.routing import IntegerConverter, PathConverter, UnicodeConverter, ValidationError

__all__ = ["read_values_safely"]

#: The largest number in a 64-bit column.
_MOST = 2**63 - 1
#: More digits than that number has.
_MOST_DIGITS = 20
#: Characters of a name in an address; the longest name in the database has 200.
_LONGEST_NAME = 500


class _Number(IntegerConverter):
    """A whole number in an address, from 0 to the largest number that a database can store."""

    def to_python(self, value: str) -> int:
        if len(value) > _MOST_DIGITS:
            raise ValidationError
        number = int(super().to_python(value))
        if number > _MOST:
            raise ValidationError
        return number


def _checked(value: str) -> str:
    """Return a name; raise ValidationError (404) if it is too long or has control characters."""
    if len(value) > _LONGEST_NAME or any(char < " " or char == "\x7f" for char in value):
        raise ValidationError
    return value


class _Name(UnicodeConverter):
    """A name in an address."""

    def to_python(self, value: str) -> str:
        return _checked(super().to_python(value))


class _Path(PathConverter):
    """The rest of an address, which may have slashes."""

    def to_python(self, value: str) -> str:
        return _checked(super().to_python(value))


class _Values(ImmutableMultiDict[str, Any]):
    """The values of a query, a form or its files; NUL is removed, which PostgreSQL cannot store."""

    def __init__(self, mapping: Any = None) -> None:
        items = iter_multi_items(mapping or ())
        super().__init__([(_without_nul(key), _without_nul(value)) for key, value in items])


def _without_nul(value: Any) -> Any:
    return value.replace("\0", "") if isinstance(value, str) else value


class _Request(Request):
    parameter_storage_class = _Values


def read_values_safely(app: Flask) -> None:
    """Make *app* read the values of requests with the limits of this module."""
    app.request_class = _Request
    app.url_map.converters |= {"int": _Number, "default": _Name, "string": _Name, "path": _Path}

"""Parsers for names, numbers and URLs in calendar files, and maximum lengths of texts and lists.

Each parser takes the text of one value, and raises InputError if the text is not valid.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from contentsvc.domain.calendar_files.file_values import FileValue
from contentsvc.domain.typed_text import digits, half_width, split_list, typed_address
from contentsvc.errors import InputError

__all__ = [
    "MOST_BODY",
    "MOST_CHANNELS",
    "MOST_ENTRIES",
    "MOST_NAME",
    "MOST_NOTICES",
    "MOST_PICTURES",
    "MOST_POINTS",
    "MOST_POSTER_FIELDS",
    "MOST_QUOTA",
    "MOST_SLOT",
    "MOST_TAGS",
    "MOST_TEXT",
    "MOST_TITLE",
    "MOST_URL",
    "address",
    "asset_path",
    "channel_names",
    "field_name",
    "one_of",
    "slug",
    "template_name",
    "whole_number",
]

E = TypeVar("E", bound=StrEnum)

#: Maximum lengths of texts, in characters.
MOST_NAME = 200
MOST_SLOT = 64
MOST_TITLE = 200
MOST_TEXT = 1000
MOST_URL = 2000
MOST_BODY = 100_000
#: The largest quota, in deliveries to one community per day or month; a larger one is a mistake.
MOST_QUOTA = 10_000
#: Maximum lengths of lists, in items.
MOST_ENTRIES = 500
MOST_CHANNELS = 100
MOST_TAGS = 50
MOST_POINTS = 20
MOST_NOTICES = 12
#: The grid of WeChat Moments shows nine pictures; no channel accepts more than eighteen.
MOST_PICTURES = 18
MOST_POSTER_FIELDS = 50

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def slug(text: str) -> str:
    """Validate the name of a calendar, entry, channel or brand, and return it.

    Full-width characters are converted to ordinary ones.

    Raises:
        InputError: *text* is not 1 to 64 characters of a-z, 0-9 and hyphens, or begins with a
            hyphen.
    """
    name = half_width(text)
    if _SLUG.fullmatch(name) is None:
        raise InputError("file-slug-invalid", text=text)
    return name


def template_name(text: str) -> str:
    """Validate the name of a poster template and return it. Raise InputError if it is invalid."""
    return slug(text)


def field_name(text: str) -> str:
    """Validate the name of a poster field and return it.

    Raises:
        InputError: *text* is not 1 to 40 characters of a-z, 0-9 and underscores, or does not begin
            with a letter.
    """
    if _FIELD.fullmatch(text) is None:
        raise InputError("file-poster-field-invalid", text=text)
    return text


def one_of(kind: type[E]) -> Callable[[str], E]:
    """Return a function that converts text to a member of *kind*, or raises InputError."""

    def parse(text: str) -> E:
        try:
            return kind(half_width(text))
        except ValueError:
            raise InputError("file-choice-invalid", text=text, allowed=list(kind)) from None

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a function that converts text to an int from *low* to *high*, or raises InputError."""

    def parse(text: str) -> int:
        number = digits(text)
        if number is None or not low <= number <= high:
            raise InputError("file-number-invalid", text=text, low=low, high=high)
        return number

    return parse


def address(text: str) -> str:
    """Validate an HTTP(S) URL of at most 2,000 characters and return it.

    Raises:
        InputError: *text* is not such a URL.
    """
    text = typed_address(text)
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise InputError("file-address-invalid", text=text)
    _check_length(text)
    return text


def asset_path(text: str) -> str:
    """Validate a picture's source, a path in the assets folder or `sha256:<hex>`, and return it.

    Raises:
        InputError: the path leads out of the assets folder or has over 2,000 characters.
    """
    if _HASH.fullmatch(text):
        return text
    parts = text.split("/")
    if "\\" in text or ":" in text or not text.isprintable() or {"", ".", ".."} & set(parts):
        raise InputError("file-picture-invalid", text=text)
    _check_length(text)
    return text


def channel_names(values: list[FileValue]) -> tuple[str, ...]:
    """Return the distinct channel names in *values*. Add a problem for each bad or repeated one."""
    names: dict[str, None] = {}
    for value in values:
        for name in value.read(_slugs) or ():
            if name in names:
                value.add_problem("file-channel-twice", name=name)
            names[name] = None
    return tuple(names)


def _slugs(text: str) -> list[str]:
    """Split one list item into names.

    YAML does not divide items at full-width commas, so an item may contain several names.
    """
    return [slug(name) for name in split_list(text) or [text]]


def _check_length(text: str) -> None:
    if len(text) > MOST_URL:
        raise InputError("file-text-too-long", used=len(text), most=MOST_URL)

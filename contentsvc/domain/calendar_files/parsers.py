"""How single words, numbers and names of a calendar file are read; how long they may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlsplit

from contentsvc.domain.calendar_files.file_values import FileValue

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
    "field_name",
    "names",
    "one_of",
    "slug",
    "template_name",
    "whole_number",
]

E = TypeVar("E", bound=StrEnum)

#: Characters.
MOST_NAME = 200
MOST_SLOT = 64
MOST_TITLE = 200
MOST_TEXT = 1000
MOST_URL = 2000
MOST_BODY = 100_000
#: Deliveries to one community in a day or a month; more is a mistake.
MOST_QUOTA = 10_000
#: Items.
MOST_ENTRIES = 500
MOST_CHANNELS = 100
MOST_TAGS = 50
MOST_POINTS = 20
MOST_NOTICES = 12
#: The Moments grid holds nine; no channel takes more than eighteen.
MOST_PICTURES = 18
MOST_POSTER_FIELDS = 50

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def slug(text: str) -> str:
    """Return the name of a calendar, entry, channel or brand; ValueError where it cannot be one."""
    if _SLUG.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no such name; 1 to 64 of a-z, 0-9 and - are allowed, such as mon-check-in"
        )
    return text


def template_name(text: str) -> str:
    """Return the name of a poster template; ValueError where it cannot be one."""
    return slug(text)


def field_name(text: str) -> str:
    """Return the name of a poster's field; ValueError where it cannot be one."""
    if _FIELD.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no field's name; a-z, 0-9 and _ are allowed, such as title1")
    return text


def one_of(kind: type[E]) -> Callable[[str], E]:
    """Return a reader of one of *kind*'s values."""

    def parse(text: str) -> E:
        try:
            return kind(text)
        except ValueError:
            allowed = ", ".join(kind)
            raise ValueError(f"{text!r} is not allowed; choose one of {allowed}") from None

    return parse


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of a decimal number from *low* to *high*."""

    def parse(text: str) -> int:
        if re.fullmatch(r"[0-9]{1,9}", text) is None or not low <= int(text) <= high:
            raise ValueError(f"{text!r} is not a whole number from {low} to {high}")
        return int(text)

    return parse


def address(text: str) -> str:
    """Return a web address; ValueError where it is none."""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or re.search(r"\s", text):
        raise ValueError(f"{text!r} is not an address such as https://live.example.com/1024")
    if len(text) > MOST_URL:
        raise ValueError(f"has {len(text):,} characters; {MOST_URL:,} are allowed")
    return text


def asset_path(text: str) -> str:
    """Return a picture's place: a path below the assets folder or `sha256:<hex>`."""
    if _HASH.fullmatch(text):
        return text
    parts = text.split("/")
    if "\\" in text or ":" in text or not text.isprintable() or {"", ".", ".."} & set(parts):
        raise ValueError(
            f"{text!r} is not a path below the assets folder such as pictures/tent.jpg"
        )
    if len(text) > MOST_URL:
        raise ValueError(f"has {len(text):,} characters; {MOST_URL:,} are allowed")
    return text


def names(values: list[FileValue]) -> tuple[str, ...]:
    """Return the channel names of a list, noting those that are none and those given twice."""
    found: dict[str, None] = {}
    for spot in values:
        name = spot.read(slug)
        if name is None:
            continue
        if name in found:
            spot.wrong(f"{name!r} is in the list twice")
        found[name] = None
    return tuple(found)

"""Formats the dates, times and durations of workbooks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from contentsvc.posters.tables.format_codes import FormatCode

__all__ = ["DAY_0", "DAY_0_OF_1904", "show_date"]

#: Day 0 of the two date systems. Excel has a 29 February 1900, so 1900 begins a day early for all
#: dates from March 1900, which is day 61.
DAY_0, DAY_0_OF_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - as shown
_FIRST_DAY = 61
_DAY_SECONDS = 86_400
_WEEKDAYS = "一二三四五六日"
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_ENGLISH_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ENGLISH_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_PART = re.compile(r"\[(h+|m+|s+)\]|y+|e|m+|d+|h+|s+|a{3,}|AM/PM|A/P|上午/下午", re.IGNORECASE)
#: Placeholders of digits, such as those of a split second, and parts that this module lacks.
_UNKNOWN = re.compile(r"[0#?@gb]|\[[<>=].*", re.IGNORECASE)
_OF_DATES = frozenset("yeMda")


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a date format: a unit such as hours, or literal text.

    `kind` names the unit; it is empty for literal text. `M` is months, `m` minutes, `[h]` all hours
    of a duration, and `/` the half of the day (AM or PM).
    """

    kind: str
    length: int
    literal: str = ""


def show_date(days: Decimal, code: FormatCode, *, is_1904: bool) -> str | None:
    """Format a date or time, stored as a number of *days*, in the date format *code*.

    Return None if the format has parts that are not supported, or if the date is before March 1900.
    Units that the format lacks are cut off: 20:00:59 is 20:00 in `h:mm`.

    Raises:
        ValueError: there is no such date or time.
    """
    parts = _parts(code)
    kinds = {part.kind for part in parts or ()}
    if parts is None or (kinds & _OF_DATES and not is_1904 and 0 <= days < _FIRST_DAY):
        return None
    if days < 0:
        raise ValueError(days)
    milliseconds = int((days * _DAY_SECONDS * 1000).to_integral_value())
    seconds = (milliseconds + (500 if kinds & {"s", "[s]"} else 0)) // 1000
    moment = (DAY_0_OF_1904 if is_1904 else DAY_0) + timedelta(seconds=seconds)
    shown = _Shown(moment, seconds, has_half_days="/" in kinds, is_chinese=code.is_chinese)
    return "".join(shown.text(part) if part.kind else part.literal for part in parts)


@lru_cache(maxsize=1024)
def _parts(code: FormatCode) -> Sequence[_Part] | None:
    """Split the first section of *code* into parts. Return None if one of them is not supported."""
    end = code.tokens.index(";") if ";" in code.tokens else len(code.tokens)
    tokens = code.tokens[:end]
    if any(map(_UNKNOWN.fullmatch, tokens)):
        return None
    parts = [_part(token) for token in tokens]
    units = [at for at, part in enumerate(parts) if part.kind not in {"", "/"}]
    for index, at in enumerate(units):
        before = parts[units[index - 1]].kind if index else ""
        after = parts[units[index + 1]].kind if index + 1 < len(units) else ""
        if parts[at].kind == "M" and (before in {"h", "[h]"} or after in {"s", "[s]"}):
            parts[at] = replace(parts[at], kind="m")
    return parts


def _part(token: str) -> _Part:
    match = _PART.fullmatch(token)
    if match is None:
        return _Part("", 0, _literal(token))
    if match[1]:
        return _Part(f"[{match[1][0].lower()}]", len(match[1]))
    if "/" in token:
        # Only the Chinese token is not in ASCII.
        return _Part("/", len(token) if token.isascii() else 0)
    kind = token[0].lower()
    return _Part("M" if kind == "m" else kind, len(token))


def _literal(token: str) -> str:
    if token.startswith('"'):
        return token.strip('"')
    if token.startswith("\\"):
        return token[1:]
    # A colour shows no text; `_x` is a gap as wide as x, and `*x` fills the column.
    return {"[": "", "_": " ", "*": ""}.get(token[:1], token)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A moment, the same moment as a duration in seconds, and how to format the two."""

    moment: datetime
    seconds: int
    has_half_days: bool
    is_chinese: bool

    def text(self, part: _Part) -> str:
        """Return the moment's text for one *part* of a format."""
        if part.kind in {"d", "M"} and part.length > 2:  # noqa: PLR2004 - a name, no number
            return self._name(part)
        if part.kind == "a":
            return f"{'星期' if part.length > 3 else ''}{_WEEKDAYS[self.moment.weekday()]}"  # noqa: PLR2004
        if part.kind == "/":
            return self._half_day(part.length)
        if part.kind == "y" and part.length <= 2:  # noqa: PLR2004 - yy is 25, yyyy is 2025
            return f"{self.moment.year % 100:02}"
        return f"{self._number(part.kind):0{part.length}}"

    def _number(self, kind: str) -> int:
        hour = self.moment.hour
        return {
            "y": self.moment.year,
            "e": self.moment.year,
            "M": self.moment.month,
            "d": self.moment.day,
            "h": (hour - 1) % 12 + 1 if self.has_half_days else hour,
            "m": self.moment.minute,
            "s": self.moment.second,
            "[h]": self.seconds // 3600,
            "[m]": self.seconds // 60,
            "[s]": self.seconds,
        }[kind]

    def _name(self, part: _Part) -> str:
        month, weekday = self.moment.month - 1, self.moment.weekday()
        is_short = part.length == 3  # noqa: PLR2004 - mmm is Jan, mmmm is January
        if part.kind == "d":
            if self.is_chinese:
                return f"{'周' if is_short else '星期'}{_WEEKDAYS[weekday]}"
            return _ENGLISH_WEEKDAYS[weekday][: 3 if is_short else None]
        if self.is_chinese:
            return f"{month + 1 if is_short else _MONTHS[month]}月"
        return _ENGLISH_MONTHS[month][: {3: 3, 5: 1}.get(part.length)]

    def _half_day(self, length: int) -> str:
        is_morning = self.moment.hour < 12  # noqa: PLR2004 - noon
        if self.is_chinese or not length:
            return "上午" if is_morning else "下午"
        return ("AM" if is_morning else "PM")[: 2 if length > 3 else 1]  # noqa: PLR2004 - A/P

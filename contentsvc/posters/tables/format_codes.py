"""Parses the number formats of workbooks, such as `m"月"d"日" h:mm`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["BUILT_IN_FORMATS", "GENERAL", "LONGEST_FORMAT", "FormatCode", "parse_format"]

GENERAL = "General"
#: The most characters of a format; Excel allows no more.
LONGEST_FORMAT = 255
_DATE, _MONTH, _DAY = 'yyyy"年"m"月"d"日"', 'yyyy"年"m"月"', 'm"月"d"日"'
_NOON_TIME, _NOON_SECONDS = '上午/下午h"时"mm"分"', '上午/下午h"时"mm"分"ss"秒"'
#: Formats that a workbook names only by number, as a Chinese system shows them (ECMA-376, part 1,
#: 18.8.30; the tables "all languages" and "zh-cn").
BUILT_IN_FORMATS: Mapping[int, str] = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
    5: '"¥"#,##0;"¥"-#,##0', 6: '"¥"#,##0;"¥"-#,##0',
    7: '"¥"#,##0.00;"¥"-#,##0.00', 8: '"¥"#,##0.00;"¥"-#,##0.00',
    9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
    14: "yyyy/m/d", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss", 22: "yyyy/m/d h:mm",
    27: _MONTH, 28: _DAY, 29: _DAY, 30: "m-d-yy", 31: _DATE, 32: 'h"时"mm"分"',
    33: 'h"时"mm"分"ss"秒"', 34: _NOON_TIME, 35: _NOON_SECONDS, 36: _MONTH,
    37: "#,##0;-#,##0", 38: "#,##0;-#,##0", 39: "#,##0.00;-#,##0.00", 40: "#,##0.00;-#,##0.00",
    41: '#,##0;-#,##0;"-"', 42: '"¥"#,##0;"¥"-#,##0;"¥-"', 43: '#,##0.00;-#,##0.00;"-"',
    44: '"¥"#,##0.00;"¥"-#,##0.00;"¥-"', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@",
    50: _MONTH, 51: _DAY, 52: _MONTH, 53: _DAY, 54: _DAY, 55: _NOON_TIME, 56: _NOON_SECONDS,
    57: _MONTH, 58: _DAY,
}  # fmt: skip
#: Formats that stand for what the system is set to.
_SYSTEM_FORMATS: Mapping[str, str] = {
    "[$-f800]": _DATE,
    "[$-x-sysdate]": _DATE,
    "[$-f400]": "h:mm:ss",
    "[$-x-systime]": "h:mm:ss",
}
#: Parts of a format under the names that Chinese programs give them.
_SYNONYMS: Mapping[str, str] = {"general": GENERAL, "g/通用格式": GENERAL}
_TOKEN = re.compile(
    r'"[^"]*"?|\\.|[_*!].|\[[^\]]*\]?|上午/下午|AM/PM|A/P|G/通用格式|General|e[+-]'
    r"|a{3,}|y+|m+|d+|h+|s+|.",
    re.IGNORECASE | re.DOTALL,
)
_CHINESE_LOCALE = re.compile(r"\[\$[^-]*-(?:[0-9a-f]*804|zh.*)\]", re.IGNORECASE)
_LOCALE = re.compile(r"\[\$-[^\]]*\]")
_NUMERALS = re.compile(r"\[dbnum([0-9])\]", re.IGNORECASE)
#: Parts that only dates and times have.
_DATE_TOKEN = re.compile(r"\[(?:h+|m+|s+)\]|y+|m+|d+|h+|s+|a{3,}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FormatCode:
    """A parsed number format."""

    #: The parts of the format in order, without those that set the locale or the numerals.
    tokens: tuple[str, ...]
    is_date: bool
    #: Whether the names of months, days and half days are Chinese.
    is_chinese: bool
    #: The style of Chinese numerals, 1 or 2, or 0 for ordinary digits.
    numerals: int

    @property
    def text(self) -> str:
        """Return the format without its codes for the locale and for numerals."""
        return "".join(self.tokens)

    @property
    def is_general(self) -> bool:
        """Return True if the format, such as `General`, leaves a number as it is."""
        return self.text.strip() in {GENERAL, "@", ""}


@lru_cache(maxsize=1024)
def parse_format(code: str) -> FormatCode:
    """Parse the number format *code*.

    Raises:
        ValueError: the format is too long, or has numerals that are not supported.
    """
    if len(code) > LONGEST_FORMAT:
        raise ValueError(code)
    tokens = _TOKEN.findall(code)
    for token in tokens:
        if token.lower() in _SYSTEM_FORMATS:
            return parse_format(_SYSTEM_FORMATS[token.lower()])
    numerals = next((int(match[1]) for match in map(_NUMERALS.fullmatch, tokens) if match), 0)
    if numerals not in {0, 1, 2}:
        raise ValueError(code)
    kept = tuple(
        _translated(token)
        for token in tokens
        if not (_NUMERALS.fullmatch(token) or _LOCALE.fullmatch(token))
    )
    return FormatCode(
        tokens=kept,
        is_date=any(map(_DATE_TOKEN.fullmatch, kept)),
        is_chinese=any(map(_CHINESE_LOCALE.fullmatch, tokens)),
        numerals=numerals,
    )


def _translated(token: str) -> str:
    if token.startswith("!") and len(token) > 1:
        return f"\\{token[1:]}"
    return _SYNONYMS.get(token.lower(), token)

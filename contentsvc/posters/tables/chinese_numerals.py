"""Writes numbers in Chinese numerals, as spreadsheets do in the formats [DBNum1] and [DBNum2]."""

from __future__ import annotations

import re

__all__ = ["chinese_digits", "chinese_number"]

_DIGITS = {1: "〇一二三四五六七八九", 2: "零壹贰叁肆伍陆柒捌玖"}
_UNITS = {1: ("", "十", "百", "千"), 2: ("", "拾", "佰", "仟")}
#: Names of the groups of four digits, the last first.
_GROUPS = ("", "万", "亿", "兆")
_ZEROS = re.compile("[〇零]+")


def chinese_digits(digits: str, style: int) -> str:
    """Replace each digit with a Chinese numeral: 2026 is 二〇二六, or 贰零贰陆 in style 2."""
    return "".join(_DIGITS[style][int(digit)] for digit in digits)


def chinese_number(digits: str, style: int) -> str:
    """Write a number as it is read in Chinese: 24 is 二十四, or 贰拾肆 in style 2.

    Raises:
        ValueError: *digits* has more than 16 digits.
    """
    digits = digits.lstrip("0")
    if len(digits) > 4 * len(_GROUPS):
        raise ValueError(digits)
    zero = _DIGITS[style][0]
    groups = [digits[max(end - 4, 0) : end] for end in range(len(digits), 0, -4)]
    text = ""
    for name, group in reversed(list(zip(_GROUPS, groups, strict=False))):
        read = "".join(
            _DIGITS[style][int(digit)] + _UNITS[style][place] if digit != "0" else zero
            for digit, place in zip(group, range(len(group) - 1, -1, -1), strict=True)
        )
        text += (
            f"{read.rstrip(zero)}{name}{zero if read.endswith(zero) else ''}"
            if int(group)
            else zero
        )
    return _ZEROS.sub(zero, text).rstrip(zero) or zero

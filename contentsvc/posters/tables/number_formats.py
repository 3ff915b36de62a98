"""Formats a workbook's numbers and texts as Chinese Excel and WPS show them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext

from xlfmt import format_value

from contentsvc.posters.tables.chinese_numerals import chinese_digits, chinese_number
from contentsvc.posters.tables.date_formats import show_date
from contentsvc.posters.tables.format_codes import (
    GENERAL,
    FormatCode,
    parse_format,
)

__all__ = ["show_number", "show_text"]

#: Formats that Python programs write if the author chose none: a full minute has no seconds in
#: them, and a day no time.
_FULL_MINUTE: Mapping[str, str] = {"h:mm:ss": "h:mm", "yyyy-mm-dd h:mm:ss": "yyyy-mm-dd h:mm"}
_FULL_DAY: Mapping[str, str] = {"yyyy-mm-dd h:mm:ss": "yyyy-mm-dd"}
#: In days; workbooks store times with smaller errors.
_MILLISECOND = Decimal("1.2e-8")
#: Workbooks store 17 digits of a number, of which a spreadsheet shows 15.
_DIGITS = Context(prec=15)
#: The largest numbers of a workbook have 308 digits before the point.
_ALL_DIGITS = Context(prec=340)
#: The formats of most numbers, which are shown here because xlfmt takes ten times as long.
_SIMPLE = re.compile(r"(#,##(?=0(?!0)))?(0+)(?:\.(0{1,15}))?(%?)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_YEAR_DIGITS = 4


def show_number(number: float, code: str, *, is_1904: bool = False) -> str:
    """Return the text that a spreadsheet shows for *number* in the number format *code*.

    If *is_1904* is true, dates count from 1904. Without a format, a number has up to 15 digits and
    never an exponent, although Excel shortens numbers of more than eleven digits.

    Raises:
        ValueError: the number cannot be shown in this format.
    """
    value = _DIGITS.create_decimal(repr(number))
    if not value.is_finite():
        raise ValueError(code)
    form = parse_format(_simplified(code, value))
    try:
        text = _formatted(value, form, is_1904=is_1904)
    except (ArithmeticError, TypeError, IndexError, KeyError) as error:
        raise ValueError(code) from error
    if text.startswith("###"):
        raise ValueError(code)
    return (_in_numerals(text, form) if form.numerals else text).strip()


def show_text(text: str, code: str) -> str:
    """Return the text that a spreadsheet shows for the text *text* in the number format *code*.

    Raises:
        ValueError: the text cannot be shown in this format.
    """
    if code in {GENERAL, "@"} or not {"@", ";"} & set(code):
        return text.strip()
    return str(format_value(text, parse_format(code).text)).strip()


def _simplified(code: str, value: Decimal) -> str:
    if code in _FULL_DAY and _is_whole(value, 1):
        return _FULL_DAY[code]
    return _FULL_MINUTE[code] if code in _FULL_MINUTE and _is_whole(value, 1440) else code


def _is_whole(days: Decimal, units: int) -> bool:
    """Return True if *days* times *units* is a whole number, within a millisecond."""
    whole = (days * units).to_integral_value() / units
    return abs(days - whole) < _MILLISECOND


def _formatted(value: Decimal, form: FormatCode, *, is_1904: bool) -> str:
    if form.is_general:
        return _plain(value)
    simple = _SIMPLE.fullmatch(form.text)
    if simple:
        return _simple(value, simple)
    date = show_date(value, form, is_1904=is_1904) if form.is_date else None
    return _unusual(value, form.text, is_1904=is_1904) if date is None else date


def _simple(value: Decimal, form: re.Match[str]) -> str:
    grouping, digits, decimals, percent = form.groups(default="")
    with localcontext(_ALL_DIGITS):
        shown = (value * 100 if percent else value).quantize(
            Decimal(1).scaleb(-len(decimals)), ROUND_HALF_UP
        )
    sign = "-" if shown < 0 else ""
    whole, point, rest = f"{abs(shown):f}".partition(".")
    whole = f"{int(whole):,}" if grouping else whole.zfill(len(digits))
    return f"{sign}{whole}{point}{rest}{percent}"


def _unusual(value: Decimal, code: str, *, is_1904: bool) -> str:
    if "@" in code and ";" not in code:
        return str(format_value(_plain(value), code))
    try:
        return str(format_value(value, code, date1904=is_1904))
    except InvalidOperation:
        with localcontext(_ALL_DIGITS):
            return str(format_value(value, code, date1904=is_1904))


def _in_numerals(text: str, form: FormatCode) -> str:
    return _NUMBER.sub(lambda match: _numerals(match[0], form), text)


def _numerals(number: str, form: FormatCode) -> str:
    whole, point, rest = number.partition(".")
    if form.is_date and len(whole) < _YEAR_DIGITS:
        read = chinese_number(whole, form.numerals)
        # A day or month is 十二, whereas a number is 一十二.
        read = read.removeprefix("一") if read.startswith("一十") else read
    elif form.is_general or GENERAL in form.tokens:
        read = chinese_number(whole, form.numerals)
    else:
        read = chinese_digits(whole, form.numerals)
    return f"{read}{point}{chinese_digits(rest, form.numerals)}"


def _plain(value: Decimal) -> str:
    """Write *value* as people type it: 39 instead of 39.0, and never an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

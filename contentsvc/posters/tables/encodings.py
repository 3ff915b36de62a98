"""Decodes text tables: UTF-8, UTF-16, GB 18030 and Big5, with or without a byte order mark."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from functools import cache

from contentsvc.errors import InputError

__all__ = ["decode_table"]

#: Files that Excel saves as "Unicode text" begin with one of these marks.
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Excel writes CSV in the system's encoding: GB 18030 on a Chinese system, Big5 in Taiwan and Hong
#: Kong. Many bytes are valid in both, so the text with more common characters wins.
_SYSTEM_ENCODINGS = ("gb18030", "cp950", "big5hkscs")
#: How much larger the share of common characters must be to prefer Big5 to GB 18030.
_CLEARLY_MORE = 0.1
#: A text of at least so many characters, of which fewer than this share are common, is refused.
_ENOUGH, _LEAST_COMMON = 20, 0.5
#: The most characters above ASCII that are examined.
_EXAMINED = 20_000
#: The largest share of control, private and unassigned characters in a text.
_MOST_ODD = 0.02
_ABOVE_ASCII = re.compile(r"[^\x00-\x7f]+")
#: Characters of three bytes in UTF-8; texts in other encodings hardly ever contain such a sequence.
_THREE_BYTES = re.compile("[\u0800-\ufffc]")
#: Control characters that text files contain: tab, line ends, page break, the end mark of DOS.
_USUAL_CONTROLS = frozenset("\t\n\v\f\r\x1a\x85")
#: The last lead byte of the frequent characters in Big5, which is sorted by frequency.
_LAST_FREQUENT = 0xC6


def decode_table(data: bytes, name: str) -> str:
    """Decode the file *data* to text. *name* is the file's name in error messages.

    Raises:
        InputError: *data* is not text, is damaged, or has an unknown encoding.
    """
    text = _decoded(data, name)
    if text is None or not _is_text(text):
        raise InputError("table-encoding-unknown", file=name)
    return text


def _decoded(data: bytes, name: str) -> str | None:
    if data.startswith(_UTF16_MARKS):
        return _decode(data, "utf-16")
    if b"\0" in data:
        return _decode_unmarked_utf16(data)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith(codecs.BOM_UTF8) or _is_mostly_utf8(data):
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError("table-text-damaged", file=name, number=line) from error
    return _decode_by_system(data)


def _decode(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _decode_unmarked_utf16(data: bytes) -> str | None:
    """Decode *data* if it is UTF-16 without a byte order mark; else return None.

    In UTF-16, an ASCII character has a zero byte.
    """
    is_little = data[1::2].count(0) > data[::2].count(0)
    text = _decode(data, "utf-16-le" if is_little else "utf-16-be")
    return text if text is not None and _common_share(text)[1] >= _LEAST_COMMON else None


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "replace")
    return len(_THREE_BYTES.findall(text)) > 4 * text.count("\ufffd")


def _decode_by_system(data: bytes) -> str | None:
    best, best_share = None, 0.0
    for encoding in _SYSTEM_ENCODINGS:
        text = _decode(data, encoding)
        if text is None:
            continue
        count, share = _common_share(text)
        if count >= _ENOUGH and share < _LEAST_COMMON:
            continue
        if best is None or share > best_share + _CLEARLY_MORE:
            best, best_share = text, share
    return best


def _common_share(text: str) -> tuple[int, float]:
    """Count the letters above ASCII in *text*; return their number and the share of common ones.

    Only the first letters are examined. The share is from 0 to 1.
    """
    sample = "".join(_ABOVE_ASCII.findall(text))[:_EXAMINED]
    letters = Counter(
        char for char in sample if char.isalpha() or unicodedata.category(char) in {"Co", "Cn"}
    )
    count = letters.total()
    common = sum(number for letter, number in letters.items() if _is_common(letter))
    return count, common / count if count else 1.0


@cache
def _is_common(char: str) -> bool:
    """Return True if *char* occurs in ordinary Chinese texts, simplified or traditional."""
    if char.encode("gb2312", "ignore"):
        return True
    code = char.encode("big5", "ignore")
    return len(code) > 1 and code[0] <= _LAST_FREQUENT


def _is_text(text: str) -> bool:
    if "\0" in text:
        return False
    sample = Counter(text[: 5 * _EXAMINED])
    odd = sum(
        number
        for char, number in sample.items()
        if char not in _USUAL_CONTROLS and unicodedata.category(char) in {"Cc", "Cn", "Co"}
    )
    return odd <= _MOST_ODD * sample.total()

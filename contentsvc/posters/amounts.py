"""Parses prices in yuan and progress shares as people write them."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["price_number", "share_of"]

_SIGNS = re.compile(r"人民币|RMB|CNY|[¥元圆]|块钱?", re.IGNORECASE)
#: Other currencies whose names end like the yuan.
_OTHERS = re.compile(r"[美欧日港台澳韩加新]\s*[元圆]")
_NUMBER = r"\d[\d,]*(?:\.\d+)?万?"
#: A number or a range, then `起` (from) and a unit, as in `29.9起/斤`.
_PRICE = re.compile(rf"{_NUMBER}(?:[-–—~～至]{_NUMBER})?起?(?:/[^\s\d/]{{1,6}})?起?")
_SHARE = re.compile(
    r"(?P<part>\d{1,15}(?:\.\d{1,15})?)\s*(?:(?P<percent>%)|/\s*(?P<whole>\d{1,15}(?:\.\d{1,15})?))?"
)


def price_number(text: str) -> str | None:
    """Remove the yuan sign from a price: return `29.9` for `¥29.9` and for `29.9元`.

    Return None if *text* is not a price in yuan. `免费` and `$9` are not.
    """
    plain = unicodedata.normalize("NFKC", text)
    if _OTHERS.search(plain):
        return None
    bare = re.sub(r"\s+", "", _SIGNS.sub("", plain))
    return bare if _PRICE.fullmatch(bare) else None


def share_of(text: str) -> float | None:
    """Parse a share such as `64`, `64%`, `64/100` or `0.64`; return it as a number from 0 to 1.

    A number without a sign is a percentage, unless it is a decimal fraction of at most 1 such as
    `0.64`. A count above its total, such as `210/200`, is 1. Return None for other texts, and for
    percentages over 100.
    """
    match = _SHARE.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if match is None:
        return None
    part = float(match["part"])
    if match["whole"]:
        whole = float(match["whole"])
        return min(part / whole, 1) if whole else None
    is_fraction = not match["percent"] and "." in match["part"] and part <= 1
    share = part if is_fraction else part / 100
    return share if share <= 1 else None

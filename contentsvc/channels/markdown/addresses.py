"""Finds the end of a web address within text, even if no space follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import regex

__all__ = ["BEGINS", "Address", "address_at"]

BEGINS = r"(?i:https?)://"
#: What the parser puts in place of a character after a backslash.
_ESCAPED = r"\x02klzzwxh:(?P<escaped>\d+)\x03"
#: Chinese, Japanese and Korean letters, which are written without spaces.
_HAN = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\u30fc"
#: ASCII characters that cannot be part of an address, and entities of such characters.
_STOPS = r"&(?:lt|gt|quot|nbsp|#\d+|#x[0-9A-Fa-f]+);|[\x00-\x20\"<>\\`|\x7f]"
#: Variation selectors and the enclosing keycap, which are parts of emoji.
_EMOJI = r"\ufe00-\ufe0f\u20e3"
_UNIT = regex.compile(
    rf"{_ESCAPED}|(?P<stop>{_STOPS}|\*\*|~~|{BEGINS})"
    rf"|(?:(?P<han>[{_HAN}])|(?P<ascii>[!-~])"
    rf"|(?P<letter>(?![\uff00-\uffef{_EMOJI}])[\p{{L}}\p{{M}}\p{{Nd}}]))(?![{_EMOJI}])"
)
#: A letter of Chinese is part of an address only after one of these, or after another one.
_BEFORE_HAN = frozenset("/=_-?#")
#: An inner `https://` begins an address of its own after one of these or a letter or digit.
_BETWEEN = frozenset(",;")
_CLOSES = {")": "(", "]": "[", "}": "{"}
_OPENS = frozenset(_CLOSES.values())
#: Punctuation that ends the sentence rather than the address.
_TRAILING = frozenset(".,;:!?*_~'")
#: An entity such as `&amp;` at the end, of at most so many characters.
_ENTITY = regex.compile(r"&[A-Za-z]+;$")
_MOST_ENTITY = 12
_TWO = 2


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in text: the address without backslashes, and the index of its end."""

    address: str
    end: int


@dataclass(slots=True)
class _Reader:
    """Reads an address character by character, up to the first that is not part of it."""

    text: str
    begin: int
    escaped: Callable[[str], str]
    #: The characters so far, and for each the index after it in the text.
    chars: list[str]
    ends: list[int]
    #: The open brackets, each with the number of characters before it.
    brackets: list[tuple[str, int]]
    #: The index of each star in `chars`; reading ends at the second.
    stars: list[int]
    in_host: bool = True
    after_han: bool = False

    def read(self) -> None:
        """Read the characters that can be part of the address."""
        place = self.begin
        while (found := _UNIT.match(self.text, place)) and self._takes(found):
            place = found.end()
            self.ends.append(place)

    def _takes(self, found: regex.Match[str]) -> bool:
        """Add the matched character to the address. Return False if the address ends before it."""
        if found["stop"]:
            return self._takes_start(found[0]) if "://" in found[0] else False
        if found["escaped"]:
            char = self.escaped(found["escaped"])
            if char:
                self._add(char, han=False)
            return bool(char)
        if found["han"]:
            if not self._han_may_follow():
                return False
            self._add(found["han"], han=True)
            return True
        return self._takes_other(found["ascii"] or found["letter"])

    def _takes_start(self, scheme: str) -> bool:
        before = self.chars[-1] if self.chars else ""
        # Within an open bracket it would have to be read again if the bracket does not close.
        if self.in_host or self.brackets or before.isalnum() or before in _BETWEEN:
            return False
        self._add(scheme, han=False)
        return True

    def _takes_other(self, char: str) -> bool:
        if char in _OPENS:
            self.brackets.append((char, len(self.chars)))
        elif char in _CLOSES:
            if not self.brackets or self.brackets[-1][0] != _CLOSES[char]:
                return False
            self.brackets.pop()
        elif char in "/?#":
            self.in_host = False
        elif char == "*":
            self.stars.append(len(self.chars))
        self._add(char, han=False)
        return len(self.stars) < _TWO

    def _add(self, char: str, *, han: bool) -> None:
        self.chars.append(char)
        self.after_han = han

    def _han_may_follow(self) -> bool:
        if self.after_han or not self.chars:
            return True
        last = self.chars[-1]
        in_title = last == "(" and self.chars[-2:-1] == ["_"]
        return last in _BEFORE_HAN or in_title or (last == "." and self.in_host)

    def kept(self) -> int:
        """Return the length of the address without the brackets and punctuation at its end."""
        count = self.brackets[0][1] if self.brackets else len(self.chars)
        if len(self.stars) == _TWO:
            # Two stars are emphasis, such as in https://a.example/r*now*.
            count = min(count, self.stars[0])
        while count and self.chars[count - 1] in _TRAILING:
            entity = _ENTITY.search("".join(self.chars[max(0, count - _MOST_ENTITY) : count]))
            count -= len(entity[0]) if entity else 1
        return count


def address_at(text: str, begin: int, start: int, escaped: Callable[[str], str]) -> Address | None:
    """Return the address in *text* whose scheme starts at *begin*; None if it is not an address.

    *start* is the index after the scheme. The parser stores a character after a backslash under a
    number; *escaped* returns that character, and an empty string for other numbers.

    An address ends before a space, full-width punctuation, a quotation mark, a bracket that does
    not open within it, bold or struck markup, an emoji, and Chinese text that directly follows a
    letter or digit. Chinese letters in a host, path or query belong to it.
    """
    reader = _Reader(text, start, escaped, [], [], [], [])
    reader.read()
    count = reader.kept()
    address = text[begin:start] + "".join(reader.chars[:count])
    if not count or not _has_host(address):
        return None
    return Address(address, reader.ends[count - 1])


def _has_host(address: str) -> bool:
    """Return True if *address* has a plausible host, and is not an example within a sentence."""
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return False
    return host[:1].isalnum() and (host.isascii() or "." in host.strip("."))

"""Converts a post to a text message (SMS, 短信), and counts the segments that are billed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote

from contentsvc.channels.formats.phrases import losses, phrase
from contentsvc.channels.formats.plain import PlainWriter, bare_address
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat, too_much, utf16
from contentsvc.channels.formats.tree import Item, Node, visible
from contentsvc.channels.markdown import clean_html

__all__ = ["Encoding", "format_sms", "sms_encoding"]

# 3GPP TS 23.038, 6.2.1: the default alphabet, and the extension after an escape.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
#: Units of a single message, and of each of several, which lose six bytes to a header.
_GSM_7 = (160, 153)
_UCS_2 = (70, 67)
#: Units that most platforms accept, including the signature.
MOST_UNITS = 500
#: ASCII for typographic marks, used if the whole message can then be sent as GSM-7.
_TYPED: Mapping[int, str] = MappingProxyType(
    str.maketrans(
        {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "•": "-"}
    )
)
#: Emoji, flags and dingbats with selectors and joiners; most gateways drop or garble them.
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3"
    "|(?:[\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
    "[\ufe0e\ufe0f\u200d\u2640\u2642\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
    "|[\u231a\u231b\u23e9-\u23fa\u3030\u303d\u3297\u3299\u00a9\u00ae\u2122\u2139]\ufe0f"
    "|[\ufe0e\ufe0f]) ?"
)
#: Platforms read 【】 as the signature alone, so the text takes other brackets.
_SIGNATURE_BRACKETS = re.compile("[【】]")
_OTHER_BRACKETS = str.maketrans("【】", "「」")
_SPACES = re.compile(r" {2,}")


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a text message (SMS), its length, and the number of billed segments."""

    #: `GSM-7` or `UCS-2`.
    name: str
    #: Septets of GSM-7 or units of UTF-16.
    units: int
    segments: int


class SmsWriter(PlainWriter):
    """Writes a post as text without decoration, since every character of an SMS costs money."""

    apart = False
    indent = ""

    def heading(self, level: int, node: Node) -> str:  # noqa: ARG002 - all levels look alike
        """Return a heading as a line of ordinary text."""
        return self.inline(node)

    def quote(self, blocks: list[str]) -> str:
        """Return a quotation as plain text, without a mark."""
        return "\n".join(blocks)

    def mark(self, item: Item) -> str:
        """Return the hyphen, number or check box before a list item.

        An item of a nested list has a further hyphen for each level.
        """
        level = "-" * (self.depth - 1)
        if item.done is not None:
            zh = self.language == "zh"
            mark = ("√" if zh else "[x] ") if item.done else ("□" if zh else "[ ] ")
        else:
            mark = "-" if item.number is None else f"{item.number}."
        return level + mark

    def record(self, header: list[str], cells: list[str]) -> str:
        """Return a table row as one line, with commas between its cells."""
        first, *rest = super().record(header, cells).split("\n")
        return phrase("comma", self.language).join([first.removeprefix("• "), *rest])

    def link(self, words: str, address: str) -> str:
        """Return a link's text and address. 【 and 】 in the address are percent-encoded."""
        bare = bare_address(address)
        encoded = _SIGNATURE_BRACKETS.sub(lambda found: quote(found[0]), bare)
        shown = super().link(words, address)
        return shown.replace(bare, encoded) if encoded != bare else shown

    def rule(self) -> str:
        """Return an empty string: lines are left out, since every character costs money."""
        return ""

    def picture(self, node: Node) -> str:
        """Return an empty string, because a text message has no pictures."""
        self.lose("text_pictures", node.attributes.get("alt") or node.attributes.get("src", ""))
        return ""


def sms_encoding(text: str) -> Encoding:
    """Return the encoding of *text* as an SMS, with its length and its number of billed segments.

    A single segment has 160 septets of GSM-7 or 70 units of UCS-2; each of several segments has 153
    or 67. A character of the extension takes two septets, and a character beyond the first 65,536
    two units; neither is divided between segments. Source: 3GPP TS 23.038 and TS 23.040. Platforms
    in China bill by 70 and 67 for all characters; a message with a signature in 【】 is never
    GSM-7.
    """
    if all(char in _BASIC or char in _EXTENSION for char in text):
        name, (alone, each) = "GSM-7", _GSM_7
        sizes = [2 if char in _EXTENSION else 1 for char in text]
    else:
        name, (alone, each) = "UCS-2", _UCS_2
        sizes = [utf16(char) for char in text]
    units = sum(sizes)
    return Encoding(name, units, _segments(sizes, each) if units > alone else min(units, 1))


def _segments(sizes: list[int], each: int) -> int:
    segments, room = 1, each
    for size in sizes:
        if size > room:
            segments, room = segments + 1, each
        room -= size
    return segments


def format_sms(
    html: str, *, title: str = "", signature: str = "", opt_out: str = "", language: str = "zh"
) -> FormattedPost:
    """Convert a post to one SMS: *signature*, text and *opt_out* (how to unsubscribe).

    *signature* is given without its brackets 【】. Emoji are removed with a warning.
    """
    writer = SmsWriter(language)
    blocks = [" ".join(visible(title).split()), *writer.write(clean_html(html), title)]
    body = _without_emoji("\n".join(filter(None, blocks)), writer)
    if opt_out:
        body += _joint(body, writer.language) + " ".join(visible(opt_out).split())
    body = body.translate(_OTHER_BRACKETS)
    name = re.sub(r"[\s【】]", "", visible(signature))
    text = f"【{name}】{body}" if name else body
    typed = text.translate(_TYPED)
    if sms_encoding(typed).name == "GSM-7":
        text = typed
    encoding = sms_encoding(text)
    counts = (
        Count("units", encoding.units, MOST_UNITS),
        Count("segments", encoding.segments),
    )
    warnings = [
        *too_much(PostFormat.SMS, counts, frozenset({"units"})),
        *losses(PostFormat.SMS, writer.lost),
    ]
    return FormattedPost(PostFormat.SMS, "", (text,), counts=counts, warnings=tuple(warnings))


def _without_emoji(text: str, writer: SmsWriter) -> str:
    def noted(found: re.Match[str]) -> str:
        writer.lose("emoji", found[0].strip())
        if found[0][0] < "\x80":
            # Keep the digit of a keycap.
            return found[0][0]
        before = found.string[max(0, found.start() - 1) : found.start()]
        return " " if found[0].endswith(" ") and before.isalnum() else ""

    lines = _EMOJI.sub(noted, text).split("\n")
    return "\n".join(filter(None, (_SPACES.sub(" ", line).strip() for line in lines)))


def _joint(body: str, language: str) -> str:
    """Return the separator between the SMS and its opt-out text: a comma, a space or nothing."""
    if not body or body[-1] in "。！？!?；;…~～\n":
        return ""
    return phrase("comma", language) if body[-1] > "\u2000" else " "

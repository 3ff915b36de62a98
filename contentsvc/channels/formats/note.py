"""Converts a post to a Xiaohongshu note (小红书笔记): title, text with emoji, and hashtags."""

from __future__ import annotations

import re
from collections.abc import Iterable

from contentsvc.channels.formats.phrases import losses
from contentsvc.channels.formats.plain import PlainWriter, bare_address
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat, too_much, utf16
from contentsvc.channels.formats.tree import Item, Node, visible
from contentsvc.channels.markdown import clean_html

__all__ = ["format_note", "hashtags", "note_title_length"]

#: Chinese characters of a title, as the platform counts it. From the publishing page.
MOST_TITLE = 20
#: Characters of the text with its hashtags, in UTF-16 units, the strictest way to count.
MOST_TEXT = 1_000
#: Hashtags that the publishing page shows; it accepts more.
MOST_HASHTAGS = 10
_DIGITS = 10
_FLAT = 2
#: A hashtag such as `#话题` or `#话题#`, but not the end of a Latin word (C#) or a number (#1).
_HASHTAG = re.compile(
    r"(?<![A-Za-z0-9&/])#(?!\d+(?:\W|$))"
    r"([^\s#\u3000-\u303f\uff00-\uffef.,:;!?()\[\]{}<>\"'“”‘’…]{1,30})(?:\[话题\])?#?"
)
#: Marks a hashtag's text while its line is assembled; no text contains it.
_MARK = "\x01"
#: Contacts such as chat accounts and QR codes; the platform shows such notes to fewer people.
_CONTACTS = re.compile(r"微信号?|加[vVＶ]|(?i:\b(?:vx|wechat)\b)|公众号|二维码|QQ群|扫码")


class NoteWriter(PlainWriter):
    """Writes a post as text for a Xiaohongshu note: emoji as bullets, no link addresses."""

    apart = False

    def __init__(self, language: str) -> None:
        """Create a writer without hashtags."""
        super().__init__(language)
        self.hashtags: list[str] = []

    def text(self, text: str) -> str:
        """Return *text* without the # of its hashtags; add the hashtags to `self.hashtags`."""
        return _HASHTAG.sub(self._noted, text)

    def _noted(self, found: re.Match[str]) -> str:
        self.hashtags.append(found[1])
        return _MARK + found[1]

    def inline(self, node: Node) -> str:
        """Return a paragraph's text without lines that have only hashtags.

        Those hashtags are written at the end of the note.
        """
        lines = super().inline(node).split("\n")
        return "\n".join(line.replace(_MARK, "") for line in lines if not _only_hashtags(line))

    def heading(self, level: int, node: Node) -> str:
        """Return an emoji and the text of a heading."""
        words = self.inline(node)
        return f"{'📌' if level <= _FLAT else '🔸'} {words}" if words else ""

    def quote(self, blocks: list[str]) -> str:
        """Return an emoji and the text of a quotation."""
        return "💬 " + "\n".join(blocks) if blocks else ""

    def mark(self, item: Item) -> str:
        """Return the emoji before a list item. Numbers up to 10 are keycap emoji such as 3️⃣."""
        if item.done is not None:
            return "✅ " if item.done else "⬜ "
        if item.number is None:
            return "✨ " if self.depth == 1 else "▫️ "
        if 0 <= item.number < _DIGITS:
            return f"{item.number}\ufe0f\u20e3 "
        return "🔟 " if item.number == _DIGITS else f"{item.number}. "

    def record(self, header: list[str], cells: list[str]) -> str:
        """Return a table row as lines: an emoji with the first cell, then each other cell."""
        return super().record(header, cells).replace("• ", "✨ ", 1)

    def rule(self) -> str:
        """Return three dots in place of a horizontal line."""
        return "· · ·"

    def picture(self, node: Node) -> str:
        """Return an empty string, because a note's pictures are above its text."""
        self.lose("text_pictures", node.attributes.get("alt") or node.attributes.get("src", ""))
        return ""

    def link(self, words: str, address: str) -> str:
        """Return a link's text without its address. The address is recorded for a warning."""
        address = bare_address(address)
        if not address:
            return words
        self.lose("links", address)
        return "" if address in {words, f"http://{words}", f"https://{words}"} else words


def _only_hashtags(line: str) -> bool:
    return bool(line) and all(word.startswith(_MARK) for word in line.split())


def note_title_length(title: str) -> int:
    """Return the length of a note's title as Xiaohongshu counts it, rounded up.

    A Chinese character counts as 1, an ASCII character as ½, and most emoji as 2.

    Source: the publishing page, which counts UTF-16 units.
    """
    return (sum(1 if char < "\x80" else 2 * utf16(char) for char in title) + 1) // 2


def hashtags(text: str) -> list[str]:
    """Return the distinct hashtags in *text*, without their #."""
    return list(dict.fromkeys(_HASHTAG.findall(text)))


def format_note(
    html: str, *, title: str = "", tags: Iterable[str] = (), language: str = "zh"
) -> FormattedPost:
    """Convert a post to a Xiaohongshu note. *tags* are added to the hashtags in the text.

    The hashtags are at the end as `#话题 `, which the platform turns into links as they are typed.
    A title of over 20 characters or a text of over 1,000 blocks approval.
    """
    writer = NoteWriter(language)
    title = " ".join(visible(title).split())
    body = "\n\n".join(writer.write(clean_html(html), title))
    for found in _CONTACTS.finditer(body):
        writer.lose("contacts", found[0])
    named = [re.sub(r"[\s#]", "", visible(tag)) for tag in tags]
    words = list(dict.fromkeys(filter(None, [*writer.hashtags, *named])))
    text = "\n\n".join(filter(None, [body, " ".join(f"#{word}" for word in words)]))
    counts = (
        Count("title", note_title_length(title), MOST_TITLE),
        Count("characters", utf16(text), MOST_TEXT),
        Count("hashtags", len(words), MOST_HASHTAGS),
    )
    warnings = [
        *too_much(PostFormat.NOTE, counts, frozenset({"hashtags"})),
        *losses(PostFormat.NOTE, writer.lost),
    ]
    return FormattedPost(PostFormat.NOTE, title, (text,), counts=counts, warnings=tuple(warnings))

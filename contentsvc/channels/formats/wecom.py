"""Converts a post to Markdown for WeCom's group robots (企业微信群机器人), in two versions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from contentsvc.channels.formats.phrases import losses
from contentsvc.channels.formats.plain import PlainWriter, bare_address
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat, too_much, utf8
from contentsvc.channels.formats.splitting import split_text
from contentsvc.channels.formats.tree import Item, Node, Table, visible
from contentsvc.channels.markdown import clean_html

__all__ = ["WecomVersion", "format_wecom"]

#: Bytes of one message in UTF-8, in both versions. From the robots' documentation.
MOST_BYTES = 4_096
#: Parts that must not be divided: a link, a picture, marked text, an address. A link has less text
#: than a message; without that limit, a search from each bracket of a text would run to its end.
_WHOLE = re.compile(
    rf"!?\[[^\]\n]{{0,{MOST_BYTES}}}\]\([^)\s]*\)"
    r"|<font [^>]*>[^<\n]*</font>|\*\*[^*\n]+\*\*|`[^`\n]+`|https?://[!-~]+"
)
#: Characters of the post's text that may act, each with the control character that stands for it
#: until its block is complete: only then are its neighbours known. No text holds these controls.
_PENDING = {"<": "\x02", "]": "\x03", "*": "\x04"}
_TO_PENDING = str.maketrans(_PENDING)
_FROM_PENDING = str.maketrans({control: char for char, control in _PENDING.items()})
#: Text that would act as markup; WeCom has no escape, so it is written in wide characters.
_ACTING = (
    (re.compile(r"\x02(?=[@/A-Za-z])"), "＜"),
    (re.compile(r"\x03(?=\()"), "］"),
)
#: The bracket before it may stand in another element.
_ADDRESS_BEGINS = re.compile(r"^\((?=\s*[A-Za-z]+:)")
_STARS = {
    "markdown": re.compile(r"\x04(?=[\x04*])|(?<=[\x04*])\x04"),
    "markdown_v2": re.compile(r"\x04"),
}
_LEADING = re.compile(r"^(\s*)(#(?=#{0,5}(?:\s|$))|>)", re.MULTILINE)
_LEADING_V2 = re.compile(r"^(\s*)(#(?=#{0,5}(?:\s|$))|>|[-+](?= )|-(?=--))", re.MULTILINE)
_WIDE = str.maketrans({"#": "＃", ">": "＞", "-": "－", "+": "＋"})
#: Grey, green and orange.
_COLOURS = {"del": "comment", "s": "comment", "u": "info", "ins": "info", "mark": "warning"}
#: Quotations within each other that version 2 knows.
_DEEPEST_QUOTE = 3
_FENCE = "```"


class WecomVersion(StrEnum):
    """The version of WeCom's Markdown. The value is the `msgtype` of a message to the robot."""

    #: Headings, bold, links, inline code, quotations, three colours.
    ONE = "markdown"
    #: Also lists, tables, pictures and blocks of code, but no colours; for clients from 4.1.36.
    TWO = "markdown_v2"


class _WecomWriter(PlainWriter):
    """Base class of the writers for both versions of WeCom's Markdown."""

    version: WecomVersion
    leading = _LEADING

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self._bold = False

    def inline(self, node: Node) -> str:
        return super(PlainWriter, self).inline(node)

    def text(self, text: str) -> str:
        return _ADDRESS_BEGINS.sub("（", text.replace("`", "｀")).translate(_TO_PENDING)

    def block(self, node: Node) -> str:
        return self.settled(super().block(node))

    def settled(self, block: str) -> str:
        """Replace the characters of *block* that would act as markup with full-width characters."""
        for pattern, wide in (*_ACTING, (_STARS[self.version], "＊")):
            block = pattern.sub(wide, block)
        return block.translate(_FROM_PENDING)

    def paragraph(self, node: Node) -> str:
        return self._harmless(self.inline(node))

    def _harmless(self, lines: str) -> str:
        """Escape lines that would look like a heading, a quotation or a list item.

        The marks at their beginning are replaced with full-width characters.
        """
        return self.leading.sub(lambda found: found[1] + found[2].translate(_WIDE), lines)

    def heading(self, level: int, node: Node) -> str:
        words = "".join(self._in_bold(node)).replace("\n", " ").strip()
        return f"{'#' * level} {words}" if words else ""

    def span(self, node: Node) -> Iterable[str]:
        if node.tag in {"strong", "b"} and not self._bold:
            return (_each_line("**{}**", "".join(self._in_bold(node))),)
        return super().span(node)

    def _in_bold(self, node: Node) -> Iterator[str]:
        before, self._bold = self._bold, True
        yield from list(self.pieces(node))
        self._bold = before

    def inline_code(self, text: str) -> str:
        code = " ".join(_inert(text).replace("`", "｀").split())
        return f"`{code}`" if code else ""

    def link(self, words: str, address: str) -> str:
        if not address.startswith(("http://", "https://")):
            return " ".join(filter(None, [words, self.text(bare_address(address))]))
        if "](" in words:
            # A picture within a link: clients do not read nested brackets.
            return f"{words} {_safe(address)}"
        words = " ".join(_closed(words).split()) or address
        return f"[{words}]({_safe(address)})"

    def quote(self, blocks: list[str]) -> str:
        lines = "\n".join(blocks).split("\n")
        return "\n".join(self.quoted(line) for line in lines if line)

    def quoted(self, line: str) -> str:
        raise NotImplementedError

    def divided(self, block: str, most: int) -> list[str]:
        """Divide a block, such as a paragraph, into parts of at most *most* bytes."""
        return split_text(block, most, size=utf8, whole=_WHOLE)


class WecomWriter(_WecomWriter):
    """Writes version 1 of WeCom's Markdown. Lists and tables become text, pictures become links."""

    version = WecomVersion.ONE
    # WeCom shows leading wide spaces but not ordinary ones.
    indent = "　"

    def span(self, node: Node) -> Iterable[str]:
        """Return a piece of a line as WeCom Markdown, which has bold and three colours."""
        colour = _COLOURS.get(node.tag)
        if colour is None:
            return super().span(node)
        shown = f'<font color="{colour}">{{}}</font>'
        return (_each_line(shown, "".join(self.pieces(node))),)

    def quoted(self, line: str) -> str:
        """Return a line of a quotation. It gets one `> `, even in nested quotations."""
        return line if line.startswith("> ") else f"> {line}"

    def code(self, text: str) -> str:
        """Return code as lines of inline code, because version 1 has no blocks of code."""
        code = _inert(text).replace("`", "｀").replace("\t", "    ")
        lines = code.split("\n")
        return "\n".join(f"`{line}`" for line in lines if line.strip())

    def table(self, content: Table) -> str:
        """Return a table as lines of text, because version 1 has no tables.

        Lines that look like a heading or a quotation are escaped.
        """
        return self._harmless(super().table(content))

    def picture(self, node: Node) -> str:
        """Return a Markdown link to a picture.

        If the picture has no address, return a text such as ［图片：海报］.
        """
        words = super().picture(node)
        source = node.attributes.get("src", "")
        shown = _closed(self.text(words.removeprefix("[").removesuffix("]"))).replace("[", "［")
        return f"[{shown}]({_safe(source)})" if source else f"［{shown}］"


class WecomWriterTwo(_WecomWriter):
    """Writes version 2 of WeCom's Markdown, which has lists, tables and pictures but no colours."""

    version = WecomVersion.TWO
    leading = _LEADING_V2
    indent = "    "

    def span(self, node: Node) -> Iterable[str]:
        """Return the Markdown of bold, italic or unmarked text within a line."""
        if node.tag in {"em", "i"}:
            return (_each_line("*{}*", "".join(self.pieces(node))),)
        return super().span(node)

    def quoted(self, line: str) -> str:
        """Prefix *line* with one more `>`, up to three."""
        if line.startswith(">" * _DEEPEST_QUOTE):
            return line
        return f">{line}" if line.startswith(">") else f"> {line}"

    def mark(self, item: Item) -> str:
        """Return the bullet or number before a list item, with the check box of a task."""
        task = "" if item.done is None else "☑ " if item.done else "☐ "
        return ("- " if item.number is None else f"{item.number}. ") + task

    def code(self, text: str) -> str:
        """Return a block of code between two lines of ```."""
        code = _inert(text).replace(_FENCE, "｀｀｀")
        return f"{_FENCE}\n{code}\n{_FENCE}" if text.strip() else ""

    def table(self, content: Table) -> str:
        """Return a Markdown table. If it has no header, its first row becomes the header."""
        header, *rows = [content.header, *content.rows] if content.header else content.rows or [()]
        if not header:
            return ""
        width = max(len(row) for row in (header, *rows))
        lines = [self._row(row, width) for row in (header, *rows)]
        return "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])

    def _row(self, cells: tuple[Node, ...], width: int) -> str:
        words = [self.inline(cell).replace("\n", " ").replace("|", "｜") for cell in cells]
        return "| " + " | ".join([*words, *[""] * (width - len(words))]) + " |"

    def rule(self) -> str:
        """Return a horizontal line in Markdown."""
        return "---"

    def picture(self, node: Node) -> str:
        """Return a picture in Markdown, or a text such as ［图片：海报］ if it has no address."""
        source = node.attributes.get("src", "")
        alt = " ".join(node.attributes.get("alt", "").split())
        if not source:
            return f"［{self.text(super().picture(node).removeprefix('[').removesuffix(']'))}］"
        return f"![{_closed(self.text(alt)).replace('[', '［')}]({_safe(source)})"

    def divided(self, block: str, most: int) -> list[str]:
        """Divide a block, such as a table, into blocks of the same kind of at most *most* bytes.

        Each part of a block of code is a block of code, and each part of a table repeats the
        header.
        """
        lines = block.split("\n")
        if lines[0] == _FENCE:
            inner = split_text("\n".join(lines[1:-1]), most - 2 * len(_FENCE) - 2, size=utf8)
            return [f"{_FENCE}\n{part}\n{_FENCE}" for part in inner]
        head = "\n".join(lines[:2])
        if lines[0].startswith("| ") and max(map(utf8, lines[2:]), default=0) < most - utf8(head):
            return [f"{head}\n{part}" for part in _packed(lines[2:], most - utf8(head) - 1, "\n")]
        return super().divided(block, most)


_WRITERS: dict[WecomVersion, type[_WecomWriter]] = {
    WecomVersion.ONE: WecomWriter,
    WecomVersion.TWO: WecomWriterTwo,
}


def format_wecom(
    html: str,
    *,
    title: str = "",
    version: WecomVersion = WecomVersion.ONE,
    most: int = MOST_BYTES,
    language: str = "zh",
) -> FormattedPost:
    """Convert a post to WeCom Markdown, in messages of at most *most* bytes of UTF-8.

    Elements that the version does not support become text. Text that would act as markup, such as
    `<@all>`, is written in wide characters.
    """
    writer = _WRITERS[version](language)
    title = " ".join(visible(title).split())
    blocks = writer.write(clean_html(html), title)
    if title:
        blocks.insert(0, f"# {writer.settled(writer.text(title))}")
    small = [
        part
        for block in blocks
        for part in ([block] if utf8(block) <= most else writer.divided(block, most))
    ]
    messages = list(_packed(small, most, "\n\n"))
    counts = (
        Count("bytes", max(map(utf8, messages), default=0), most),
        Count("messages", len(messages)),
    )
    warnings = [
        *too_much(PostFormat.WECOM, counts),
        *losses(PostFormat.WECOM, writer.lost),
    ]
    return FormattedPost(
        PostFormat.WECOM, title, tuple(messages), counts=counts, warnings=tuple(warnings)
    )


def _packed(parts: Iterable[str], most: int, gap: str) -> Iterator[str]:
    """Join *parts* by *gap* into messages of at most *most* bytes, and yield these.

    Each message has as many parts as fit.
    """
    held: list[str] = []
    used = 0
    for part in parts:
        if held and used + utf8(gap + part) > most:
            yield gap.join(held)
            held, used = [], 0
        used += utf8(gap + part if held else part)
        held.append(part)
    if held:
        yield gap.join(held)


def _each_line(shown: str, words: str) -> str:
    """Put markup around each line of *words*, because markup cannot span lines.

    *shown* is the markup with `{}` in place of the text, such as `**{}**`.
    """
    return "\n".join(shown.format(line) if line.strip() else line for line in words.split("\n"))


def _inert(code: str) -> str:
    """Replace the characters of *code* that would act as markup with full-width characters.

    Some WeCom clients read markup in code.
    """
    code = code.translate(_TO_PENDING)
    for pattern, wide in _ACTING:
        code = pattern.sub(wide, code)
    return code.translate(_FROM_PENDING)


def _closed(words: str) -> str:
    """Replace `]`, which would end the text of a link or picture, with `］`."""
    return words.replace("]", "］").replace(_PENDING["]"], "］")


def _safe(address: str) -> str:
    """Percent-encode the characters of *address* that would end a Markdown link."""
    return "".join(f"%{ord(char):02X}" if char in '() <>"\\' else char for char in address)

"""Convert the Markdown that people write in calendars to clean (safe) HTML."""

from __future__ import annotations

import re
import unicodedata
import xml.etree.ElementTree as ET
from functools import lru_cache
from typing import Any

import nh3
from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor, SimpleTagInlineProcessor
from markdown.preprocessors import Preprocessor

from contentsvc.errors import RenderError

__all__ = ["clean_html", "markdown_html"]

#: Most characters of a body; a long article has a tenth of it.
MOST_CHARACTERS = 100_000
#: Brackets times the length of their block. From every bracket the parser searches to the end of
#: the block, at about 0.15 microseconds per character; this limits a body to one or two seconds.
MOST_BRACKET_WORK = 5_000_000
#: Most levels of nested quotes and lists.
MOST_NESTING = 20

_TAGS = {
    *("a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "strong", "sub"),
    *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
}
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "ol": {"start"},
    "td": {"align"},
    "th": {"align"},
}
_MARKER = re.compile(r" {0,3}(?:[-*+]|\d{1,9}\.)[ \t]+\S")
#: The library's pattern, except that a single # without a space begins a hashtag such as #早安.
_HEADING = re.compile(r"(?:^|\n)(?P<level>#{2,6}|#(?=[ \t]))(?P<header>(?:\\.|[^\\])*?)#*(?:\n|$)")
_INDENTED = re.compile(r"\s")
_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_OPENING = re.compile(r"(?:[ >]|[-*+] |\d{1,9}\. )*")


# Hundreds of channels render the same body, and parsing is most of the work of rendering.
@lru_cache(maxsize=128)
def markdown_html(body: str) -> str:
    """Return Markdown as clean HTML: no scripts, event handlers or styles; only harmless links.

    Links may use http, https, mailto and tel.

    Beyond plain Markdown it supports tables, fenced code, `~~struck~~`, bare addresses as links,
    line breaks at the end of each line, and lists that follow a paragraph without a blank line.

    Raises:
        RenderError: the body is too long or too complex to be parsed in reasonable time.
    """
    _guard(body)
    parser = Markdown(
        extensions=["tables", "fenced_code", "sane_lists", "nl2br", _AsPeopleWrite()],
        extension_configs={"tables": {"use_align_attribute": True}},
        output_format="html",
    )
    try:
        html = parser.convert(_printable(body))
    except RecursionError as error:
        raise RenderError("text-nested-too-deeply", field="body", most=MOST_NESTING) from error
    return clean_html(html)


def clean_html(html: str) -> str:
    """Return *html* without tags, attributes and links that are not allowed, such as scripts."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel="noopener nofollow ugc",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src") and not value.lower().startswith(("http://", "https://")):
        return None
    return value


def _printable(body: str) -> str:
    """Return *body* without control characters, because the parser uses some of them itself."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in text if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}
    )


def _guard(body: str) -> None:
    if len(body) > MOST_CHARACTERS:
        raise RenderError(
            "text-has-too-many-characters", field="body", used=len(body), most=MOST_CHARACTERS
        )
    lines = body.splitlines()
    if any(_nesting(line) > MOST_NESTING for line in lines):
        raise RenderError("text-nested-too-deeply", field="body", most=MOST_NESTING)
    if _bracket_work(lines) > MOST_BRACKET_WORK:
        raise RenderError("text-has-too-many-brackets", field="body")


def _nesting(line: str) -> int:
    """Return how many quotations and lists enclose a line; four spaces of indent count as one."""
    lead = _OPENING.match(line.expandtabs(4))
    opening = lead.group() if lead else ""
    indent = len(opening) - len(opening.lstrip(" "))
    return indent // 4 + sum(opening.count(mark) for mark in (">", "- ", "* ", "+ ", ". "))


def _bracket_work(lines: list[str]) -> int:
    work = length = brackets = 0
    for line in [*lines, ""]:
        if not line.strip() or _MARKER.match(line):
            work += length * brackets
            length = brackets = 0
        length += len(line) + 1
        brackets += line.count("[") + line.count("<")
    return work + length * brackets


class _AsPeopleWrite(Extension):
    """Markdown extension for `~~struck~~`, bare addresses, and lists directly after a paragraph."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the library's name
        md.preprocessors.register(_ListsAfterParagraphs(md), "lists_after_paragraphs", 20)
        headings = md.parser.blockprocessors["hashheader"]
        headings.RE = _HEADING  # type: ignore[attr-defined]
        md.inlinePatterns.register(SimpleTagInlineProcessor(r"(~~)(.+?)~~", "del"), "struck", 55)
        md.inlinePatterns.register(_BareAddress(_ADDRESS, md), "bare_address", 50)


class _ListsAfterParagraphs(Preprocessor):
    """Lets a list begin directly after a paragraph, without an empty line, as in CommonMark.

    After a paragraph, only the number 1 begins a numbered list, so that a line that begins with a
    year remains text. It runs after the preprocessor for fenced code.
    """

    def run(self, lines: list[str]) -> list[str]:
        out: list[str] = []
        for line in lines:
            if out and _starts_list(line) and _is_paragraph(out[-1]):
                out.append("")
            out.append(line)
        return out


def _starts_list(line: str) -> bool:
    text = line.lstrip(" ")
    return bool(_MARKER.match(line)) and (not text[0].isdigit() or text.startswith("1."))


def _is_paragraph(line: str) -> bool:
    return bool(line.strip()) and not _INDENTED.match(line) and not _MARKER.match(line)


#: A bare address; it ends before Chinese or English punctuation.
_ADDRESS = (
    r"(https?://[^\s<>()\[\]{}\"'\u3000-\u303f\uff00-\uffef\u2018-\u201d\u2026\u4e00-\u9fff]+)"
)


class _BareAddress(InlineProcessor):
    """Turns a web address in the text into a link."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's own name
        self,
        m: re.Match[str],
        data: str,  # noqa: ARG002 - the library's own signature
    ) -> tuple[Any, int, int]:
        address = m.group(1).rstrip(".,;:!?*_~")
        link = ET.Element("a", {"href": address})
        link.text = address
        return link, m.start(1), m.start(1) + len(address)

"""Links, addresses and HTML tags within text, as inline patterns of the Markdown library."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Any

from markdown import Markdown
from markdown.inlinepatterns import (
    LINK_RE,
    DelimiterProcessor,
    HtmlInlineProcessor,
    InlineProcessor,
    LinkInlineProcessor,
    SimpleTagInlineProcessor,
)
from markdown.preprocessors import Preprocessor
from markdown.util import AtomicString

from contentsvc.channels.markdown.addresses import BEGINS, address_at
from contentsvc.channels.markdown.cleaning import TAGS

__all__ = ["register"]

#: HTML elements that are removed from a post, apart from their text.
_REMOVED = frozenset(
    {
        *("abbr", "address", "area", "article", "aside", "audio", "base", "bdi", "bdo", "body"),
        *("button", "canvas", "caption", "center", "cite", "col", "colgroup", "data", "datalist"),
        *("dd", "details", "dfn", "dialog", "div", "dl", "dt", "embed", "fieldset", "figcaption"),
        *("figure", "font", "footer", "form", "frame", "frameset", "head", "header", "html"),
        *("iframe", "input", "label", "legend", "link", "main", "map", "marquee", "math", "menu"),
        *("meta", "meter", "nav", "noscript", "object", "optgroup", "option", "output", "param"),
        *("picture", "progress", "q", "rp", "rt", "ruby", "samp", "script", "search", "section"),
        *("select", "small", "source", "span", "strike", "style", "summary", "svg", "template"),
        *("textarea", "time", "title", "track", "tt", "var", "video", "wbr"),
    }
)
#: Of these, the elements that have neither content nor an end tag.
_VOID = frozenset({"area", "base", "col", "embed", "input", "link", "meta", "source", "wbr"})
#: The library's pattern of a tag or a comment, without processing instructions and CDATA.
_HTML = (
    r"(<(/?+[a-zA-Z][^\s\"'<>@]*+"
    r"(?:\s+[^\s\"'=<>]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'=<>]++))?+)*+\s*+/?"
    r"|!--(?:(?!<!--|-->).)*--)>)"
)
_NAME = re.compile(r"</?([A-Za-z][A-Za-z0-9]*)")
_ATTRIBUTE = r"""\s+[A-Za-z_:][\w:.-]*+\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++)"""
_WELL_FORMED = re.compile(rf"</?[A-Za-z0-9]+(?:{_ATTRIBUTE})*+\s*+/?>", re.ASCII)
_ENDS = re.compile(r"</([A-Za-z][A-Za-z0-9]*)\s*>")
#: Text in a block of HTML that begins like a tag, up to its end if it has one.
_ANGLE = re.compile(r"<!--|<(?:[^<>\"']|\"[^\"]*+\"|'[^']*+')*+>?")
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_LINK_BEGINS = rf"(?i:<a)((?:{_ATTRIBUTE})+)\s*>"
_LINK_ENDS = re.compile(r"</a\s*>", re.IGNORECASE)
_VALUE = re.compile(r"""([A-Za-z_:][\w:.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")
#: Most characters in which regions of emphasis are searched for again.
_MOST_REPEATED = 300_000
_STARS = frozenset("*_")
_NO_STARS = str.maketrans("", "", "*_")
#: How the parser stores a character after a backslash.
_CODE_POINT = re.compile(r"\x02(\d+)\x03")
#: A target with a scheme or a path; the cleaner decides whether it may stay.
_TARGET = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|[/#?]|$")


def register(md: Markdown) -> None:
    """Register the inline patterns for links and tags. The highest priority is applied first."""
    known = _KnownTag(_HTML, md)
    md.preprocessors.register(_EndTags(md, known), "end_tags", 28)
    md.preprocessors.register(_VisibleTags(md, known), "visible_tags", 18)
    md.inlinePatterns.register(_Link(LINK_RE, md), "link", 160)
    md.inlinePatterns.register(_RawLink(_LINK_BEGINS, md), "raw_link", 119)
    md.inlinePatterns.register(known, "html", 118)
    # Before emphasis, because an address may have * and _ in it.
    md.inlinePatterns.register(_BareAddress(BEGINS, md), "bare_address", 115)
    emphasis = _Emphasis("*", "strong,em", md)
    emphasis.add("_", "strong,em", smart=True)
    md.inlinePatterns.register(emphasis, "em_strong", 60)
    md.inlinePatterns.register(SimpleTagInlineProcessor(r"(~~)(.+?)~~", "del"), "struck", 55)


class _KnownTag(HtmlInlineProcessor):
    """Passes HTML tags on to the cleaner. Other text, such as <name>, stays text."""

    #: The names of the end tags in the body.
    ends: frozenset[str] = frozenset()

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[Any, int | None, int | None]:
        if not self.is_html(m[0]):
            return None, None, None
        return super().handleMatch(m, data)

    def is_html(self, tag: str) -> bool:
        """Return True if *tag* is a comment or a tag that people use as HTML.

        A tag such as `<time>` that is never closed is a placeholder in a text, and the "tag" in
        `a<b and 3>2` has words that are not attributes.
        """
        if tag.startswith("<!--"):
            return True
        found = _NAME.match(tag)
        name = found[1].lower() if found else ""
        if name in TAGS:
            return _WELL_FORMED.fullmatch(tag) is not None
        return name in _REMOVED and ("=" in tag or name in _VOID or name in self.ends)


class _EndTags(Preprocessor):
    """Collects the names of the end tags in the body."""

    def __init__(self, md: Markdown, known: _KnownTag) -> None:
        super().__init__(md)
        self._known = known

    def run(self, lines: list[str]) -> list[str]:
        names = (name.lower() for line in lines for name in _ENDS.findall(line))
        self._known.ends = frozenset(names)
        return lines


class _VisibleTags(Preprocessor):
    """Escapes text in angle brackets, within blocks of HTML, that the cleaner would remove.

    It runs after the preprocessor that takes blocks of HTML out of the body.
    """

    def __init__(self, md: Markdown, known: _KnownTag) -> None:
        super().__init__(md)
        self._known = known

    def run(self, lines: list[str]) -> list[str]:
        blocks = self.md.htmlStash.rawHtmlBlocks
        blocks[:] = [
            _ANGLE.sub(self._shown, block) if isinstance(block, str) else block for block in blocks
        ]
        return lines

    def _shown(self, found: re.Match[str]) -> str:
        text = found[0]
        if text == "<!--":
            known = found.string.rfind("-->") > found.start()
        else:
            name = _NAME.match(text)
            allowed = name is not None and name[1].lower() in TAGS
            # Attributes may lack a value here, but their names are not Chinese.
            known = text.endswith(">") and (
                _QUOTED.sub("", text).isascii() if allowed else self._known.is_html(text)
            )
        return text if known else f"&lt;{text[1:]}"


class _Link(LinkInlineProcessor):
    """Leaves `[text](words)` as typed if it is no link; the cleaner would remove the words."""

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element | str | None, int | None, int | None]:
        link, start, end = super().handleMatch(m, data)
        if not isinstance(link, ET.Element) or not _TARGET.match(link.get("href", "")):
            return None, None, None
        return link, start, end


class _RawLink(InlineProcessor):
    """Makes a link from `<a href="…">text</a>`, without linking an address in its text again."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element | None, int | None, int | None]:
        # As in browsers, a link that is not closed goes on to the end of its paragraph.
        end = _LINK_ENDS.search(data, m.end())
        text_end, after = end.span() if end else (len(data), len(data))
        link = ET.Element("a")
        for name, *values in _VALUE.findall(m[1]):
            link.set(name.lower(), self.unescape("".join(values)))
        link.text = data[m.end() : text_end]
        return link, m.start(), after


class _Emphasis(DelimiterProcessor):
    """Parses bold and emphasised text, without the library's bugs that lose characters.

    The library finds several regions at once and reuses them in the next calls. But the next call
    may be for another text, or for a mark that belongs to no region. The library also reads
    `*a**b*c` wrongly: it takes the two stars for one, and the letter c for the other. Such text
    stays as typed.
    """

    #: The text in which the remembered regions were found.
    _text = ""
    #: The characters in which regions were searched for again; the text after the limit stays.
    _repeated = 0

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element | None, int | None, int | None]:
        if self.regions:
            rest = self._text[self.cache_pos :]
            between = len(data) - len(rest) - m.start()
            if not data.endswith(rest) or between < 0:
                self._forget()
            elif between > 0:
                return None, m.start(), m.end()
        if not self.regions:
            if self._repeated > _MOST_REPEATED:
                return None, m.start(), len(data)
            self._text = data
        found, start, end = super().handleMatch(m, data)
        if found is None or start is None or end is None:
            return None, start, end
        shown = "".join(found.itertext()).translate(_NO_STARS)
        typed = data[start:end]
        if {typed[:1], typed[-1:]} <= _STARS and shown == typed.translate(_NO_STARS):
            return found, start, end
        self._forget()
        return None, m.start(), max(end, m.end())

    def _forget(self) -> None:
        self.reset()
        self._repeated += len(self._text)


class _BareAddress(InlineProcessor):
    """Turns a web address in the text into a link."""

    ANCESTOR_EXCLUDES = ("a",)

    def handleMatch(  # type: ignore[override]  # noqa: N802 - the library's name
        self, m: re.Match[str], data: str
    ) -> tuple[ET.Element | None, int | None, int | None]:
        found = address_at(data, m.start(), m.end(), self._escaped)
        if found is None:
            return None, None, None
        link = ET.Element("a", {"href": found.address})
        link.text = AtomicString(found.address)
        return link, m.start(), found.end

    def _escaped(self, number: str) -> str:
        inline = self.md.treeprocessors["inline"]
        stored = inline.stashed_nodes.get(number)  # type: ignore[attr-defined] # the stubs lack it
        code = _CODE_POINT.fullmatch(stored) if isinstance(stored, str) else None
        return chr(int(code[1])) if code else ""

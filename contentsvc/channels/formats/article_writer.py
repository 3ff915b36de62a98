"""ArticleWriter, which writes a post as HTML for a WeChat article (公众号文章)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from types import MappingProxyType
from urllib.parse import urlsplit

from contentsvc.channels.formats.notes import take_notes
from contentsvc.channels.formats.phrases import phrase
from contentsvc.channels.formats.plain import bare_address, picture_note
from contentsvc.channels.formats.themes import STYLES, ArticleTheme
from contentsvc.channels.formats.tree import (
    LOOSE,
    Item,
    Node,
    Table,
    close_up,
    grouped,
)
from contentsvc.channels.formats.writing import Writer
from contentsvc.channels.markdown import NOTE

__all__ = ["ArticleWriter"]

_LINKED = frozenset({"mp.weixin.qq.com"})
#: Hosts at which the platform stores uploads.
_UPLOADS = frozenset({"mmbiz.qpic.cn", "mmbiz.qlogo.cn"})
_ALIGNED = frozenset({"left", "center", "right"})
_SPANS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "strong": ("strong", "strong"),
        "b": ("strong", "strong"),
        "em": ("em", "em"),
        "i": ("em", "em"),
        "mark": ("span", "mark"),
        "u": ("span", "u"),
        "ins": ("span", "u"),
        "del": ("span", "struck"),
        "s": ("span", "struck"),
        "sub": ("sub", ""),
        "sup": ("sup", ""),
    }
)
#: The lowest heading level with a style of its own.
_LEVELS = 4


class ArticleWriter(Writer):
    """Writes a post as HTML for a WeChat article.

    Its styles are inline, because WeChat removes all others.
    """

    def __init__(self, theme: ArticleTheme, pictures: Mapping[str, str], language: str) -> None:
        """Create a writer. *pictures* maps a picture's URL to the URL of its copy at WeChat."""
        super().__init__(language)
        self._style = STYLES[theme]
        self._uploaded = pictures
        #: The number and the text of each footnote at the end: by address for a link, by its
        #: number in the text for a note. The text of a note is written at last.
        self._footnotes: dict[tuple[str, str], tuple[int, str]] = {}
        self._notes: dict[str, Node] = {}

    def prepare(self, tree: Node) -> None:
        """Take the footnotes out of *tree*, and remove spaces around marked Chinese text.

        Marked text is bold text, for example.
        """
        close_up(tree)
        self._notes = take_notes(tree)

    def element(self, tag: str, style: str, content: str, **attributes: str) -> str:
        """Return an HTML element. *style* names a style of the theme; *content* is inner HTML."""
        css = self._style.of(style)
        given = {**({"style": css} if css else {}), **attributes}
        shown = "".join(f' {name}="{_quoted(value)}"' for name, value in given.items())
        return f"<{tag}{shown}>{content}</{tag}>"

    def text(self, text: str) -> str:
        """Return plain text as HTML: escape its special characters."""
        return escape(text, quote=False)

    def line_end(self) -> str:
        """Return the HTML of a line break."""
        return "<br>"

    def inline(self, node: Node) -> str:
        """Return the content of a paragraph as HTML, without spaces around line breaks."""
        parts = "".join(self.pieces(node)).split("<br>")
        return "<br>".join(part.strip(" ") for part in parts)

    def span(self, node: Node) -> Iterable[str]:
        """Convert emphasised or otherwise marked text to HTML, as a tuple of one string."""
        if (number := node.attributes.get(NOTE, "")) in self._notes:
            return (self._footnote("note", number, ""),)
        known = _SPANS.get(node.tag)
        words = "".join(self.pieces(node))
        if known is None or not words.strip():
            return (words,)
        return (self.element(*known, words),)

    def paragraph(self, node: Node) -> str:
        """Return a paragraph as HTML."""
        words = self.inline(node)
        return self.element("p", "quote_p" if self.quotes else "p", words) if words else ""

    def heading(self, level: int, node: Node) -> str:
        """Return a heading as HTML. Levels 5 and 6 look like level 4."""
        level = min(level, _LEVELS)
        words = self.inline(node)
        shown = self.element("span", f"h{level}_words", words)
        return self.element(f"h{level}", f"h{level}", shown) if words else ""

    def quote(self, blocks: list[str]) -> str:
        """Return a quotation as HTML. *blocks* are its paragraphs, as HTML."""
        return self.element("blockquote", "quote", "".join(blocks)) if blocks else ""

    def listing(self, listed: list[Item]) -> str:
        """Return a list as HTML. The items of a nested list become lines of text.

        The platform's editor would move a nested list out of its item.
        """
        if self.depth > 1:
            return "".join(self._inner(item) for item in listed)
        if not listed:
            return ""
        if all(item.done is not None for item in listed):
            tag, style = "ul", "tasks"
        else:
            tag = style = "ul" if listed[0].number is None else "ol"
        first = listed[0].number
        start = {"start": str(first)} if first not in {None, 1} else {}
        return self.element(tag, style, "".join(map(self._item, listed)), **start)

    def _item(self, item: Item) -> str:
        content = _task_mark(item) + self._flat(item.content)
        return self.element("li", "li", self.element("section", "li_words", content))

    def _inner(self, item: Item) -> str:
        mark = self._style.inner_mark if item.number is None else f"{item.number}."
        shown = self.element("span", "inner_mark", f"{mark}&nbsp;")
        line = shown + _task_mark(item) + self._flat(item.content)
        return self.element("section", "inner", line)

    def _flat(self, content: Node) -> str:
        """Return a list item as HTML. Its first paragraph has no <p>, to stay beside the bullet."""
        parts: list[str] = []
        for part in grouped(content):
            beside = not parts and part.tag in {"p", LOOSE}
            shown = self.inline(part) if beside else self.block(part)
            parts += [shown] if shown else []
        return "".join(parts)

    def code(self, text: str) -> str:
        """Return a block of code as HTML, with <br> for line ends and &nbsp; for spaces.

        Editors drop line ends and repeated spaces.
        """
        lines = text.replace("\t", "    ").split("\n")
        escaped = "<br>".join(escape(line, quote=False).replace(" ", "&nbsp;") for line in lines)
        return self.element("pre", "pre", f"<code>{escaped}</code>") if text.strip() else ""

    def inline_code(self, text: str) -> str:
        """Return code within a line of text as HTML."""
        return self.element("code", "code", escape(" ".join(text.split()), quote=False))

    def table(self, content: Table) -> str:
        """Return a table as HTML that scrolls sideways if it is wider than the page."""
        head = self._row("th", content.header)
        body = "".join(self._row("td", row) for row in content.rows)
        parts = (f"<thead>{head}</thead>" if head else "") + (
            f"<tbody>{body}</tbody>" if body else ""
        )
        if not parts:
            return ""
        return self.element("section", "scroll", self.element("table", "table", parts))

    def _row(self, tag: str, cells: Sequence[Node]) -> str:
        shown = "".join(self._cell(tag, cell) for cell in cells)
        return f"<tr>{shown}</tr>" if shown else ""

    def _cell(self, tag: str, cell: Node) -> str:
        align = cell.attributes.get("align", "")
        css = self._style.of(tag)
        if align in _ALIGNED:
            css = css.replace("text-align:left", f"text-align:{align}")
        return f'<{tag} style="{_quoted(css)}">{self.inline(cell)}</{tag}>'

    def rule(self) -> str:
        """Return the HTML of the theme's ornament, which replaces a horizontal line."""
        return self.element("p", "rule", self._style.rule)

    def picture(self, node: Node) -> str:
        """Return a picture within text as HTML, or a placeholder if WeChat does not store it.

        The placeholder, such as [图片：海报], comes with a warning.
        """
        source = self._source(node)
        if not source:
            return self.text(picture_note(node, self.language))
        return self.element_img(source, node)

    def pictures(self, nodes: Sequence[Node]) -> str:
        """Return a paragraph of only pictures as HTML. Each picture has its caption."""
        return "".join(map(self._figure, nodes))

    def _figure(self, node: Node) -> str:
        source = self._source(node)
        if not source:
            return self.element("section", "missing", self.text(picture_note(node, self.language)))
        words = node.attributes.get("title") or node.attributes.get("alt") or ""
        caption = self.element("p", "caption", self.text(words)) if words.strip() else ""
        return self.element("section", "figure", self.element_img(source, node) + caption)

    def element_img(self, source: str, node: Node) -> str:
        """Return an <img> element for the picture *node*. *source* is the picture's URL."""
        alt = node.attributes.get("alt", "")
        return (
            f'<img style="{_quoted(self._style.of("img"))}" src="{_quoted(source)}" '
            f'alt="{_quoted(alt)}">'
        )

    def _source(self, node: Node) -> str:
        source = node.attributes.get("src", "")
        source = self._uploaded.get(source, source)
        if _host(source) in _UPLOADS:
            return source
        if source:
            self.lose("outside_pictures", node.attributes.get("alt") or source)
        return ""

    def link(self, words: str, address: str) -> str:
        """Return a link to mp.weixin.qq.com as HTML. Other links become text with a footnote."""
        if _host(address) in _LINKED:
            return self.element("a", "link", words or escape(address), href=address)
        bare = bare_address(address)
        if not bare or escape(bare, quote=False) in {words, f"http://{words}", f"https://{words}"}:
            return words or escape(bare, quote=False)
        if bare != address:
            return f"{words} {escape(bare, quote=False)}"
        shown = f"{words}<br>{escape(address, quote=False)}"
        return words + self._footnote("link", address, shown)

    def _footnote(self, kind: str, name: str, shown: str) -> str:
        """Return the mark of the footnote *name*. It gets a number when it first appears."""
        number, _ = self._footnotes.setdefault((kind, name), (len(self._footnotes) + 1, shown))
        return self.element("sup", "note", f"[{number}]")

    def footnotes(self) -> str:
        """Return the footnotes as HTML: notes, and the addresses of links. Empty if none."""
        for name in self._notes:
            self._footnote("note", name, "")
        if not self._footnotes:
            return ""
        lines: list[str] = []
        # The links in notes become footnotes, too.
        while len(lines) < len(self._footnotes):
            for (kind, name), (number, shown) in [*self._footnotes.items()][len(lines) :]:
                tag, words = ("p", shown) if kind == "link" else ("section", self._note(name))
                lines.append(self.element(tag, "links_item", f"[{number}] {words}"))
        title = self.element("p", "links_title", phrase(self._title(), self.language))
        return self.element("section", "links", title + "".join(lines))

    def _note(self, name: str) -> str:
        return self._flat(self._notes[name])

    def _title(self) -> str:
        return "notes" if self._notes else "links"


def _task_mark(item: Item) -> str:
    return "" if item.done is None else "☑&nbsp;" if item.done else "☐&nbsp;"


def _quoted(value: str) -> str:
    """Escape *value* for an HTML attribute in double quotes. Single quotes stay as they are."""
    return escape(value, quote=False).replace('"', "&quot;")


def _host(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme in {"http", "https"} else ""

"""Converts a post to plain text for chat groups, such as WeChat groups."""

from __future__ import annotations

from contentsvc.channels.formats.phrases import losses
from contentsvc.channels.formats.plain import PlainWriter
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat
from contentsvc.channels.formats.splitting import split_text
from contentsvc.channels.formats.tree import Node, visible
from contentsvc.channels.markdown import clean_html, markdown_html

__all__ = ["format_chat", "html_text", "markdown_text"]

#: Characters. WeChat names no limit, but folds longer messages, and many phones copy no more.
MOST_CHARACTERS = 2_000
#: The lowest heading level that is set in 【】.
_TITLES = 2


class ChatWriter(PlainWriter):
    """Writes a post as plain text for chat groups. Headings of levels 1 and 2 are in 【】."""

    def heading(self, level: int, node: Node) -> str:
        """Return a heading as text. Levels 1 and 2 are put in 【】."""
        words = self.inline(node)
        return f"【{words}】" if words and level <= _TITLES else words


def html_text(html: str, language: str = "zh") -> str:
    """Convert *html* to plain text for a chat group. *html* must be a result of `clean_html`.

    Headings of the first two levels are put in 【】. List items follow • or their number. A link
    becomes `text address`, and a picture becomes [图片：alt text]. A row of a two-column table
    becomes `key：value`. A row of a wider table becomes its first cell and a line for each other
    cell. An empty line separates blocks, and a space separates Chinese from Latin text.
    """
    return "\n\n".join(ChatWriter(language).write(html)).strip("\n")


def markdown_text(body: str, language: str = "zh") -> str:
    """Convert Markdown to plain text for chats. Raise RenderError if it is too long or complex."""
    return html_text(markdown_html(body), language)


def format_chat(
    html: str, *, title: str = "", most: int = MOST_CHARACTERS, language: str = "zh"
) -> FormattedPost:
    """Convert a post and its title to chat messages of at most *most* characters each.

    A long text is divided between paragraphs, or else between lines or sentences.
    """
    writer = ChatWriter(language)
    title = " ".join(visible(title).split())
    blocks = [title, *writer.write(clean_html(html), title)]
    messages = split_text("\n\n".join(filter(None, blocks)), most)
    return FormattedPost(
        PostFormat.CHAT,
        title,
        tuple(messages),
        counts=(
            Count("characters", sum(map(len, messages))),
            Count("messages", len(messages)),
        ),
        warnings=tuple(losses(PostFormat.CHAT, writer.lost)),
    )

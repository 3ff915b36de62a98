"""Plain text with the rhythm of a chat group's message."""

from __future__ import annotations

from contentsvc.channels.formats.phrases import losses
from contentsvc.channels.formats.plain import PlainWriter
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat
from contentsvc.channels.formats.splitting import split_text
from contentsvc.channels.formats.tree import Node, visible
from contentsvc.channels.markdown import clean_html, markdown_html

__all__ = ["format_chat", "html_text", "markdown_text"]

#: WeChat names no limit; it folds what is longer and many phones copy no more at once.
MOST_CHARACTERS = 2_000
#: Headings of these levels stand in 【】.
_TITLES = 2


class ChatWriter(PlainWriter):
    """Headings in 【】, bullets, quotations behind a bar, links as `words address`."""

    def heading(self, level: int, node: Node) -> str:
        """Return a heading; the first two levels stand in 【】."""
        words = self.inline(node)
        return f"【{words}】" if words and level <= _TITLES else words


def html_text(html: str, language: str = "zh") -> str:
    """Return the words of clean HTML as plain text for a chat group.

    Headings of the first two levels stand in 【】, list items behind • or their number, links as
    `words address`, a table's rows as `key：value` or a record each, pictures as [图片：what they
    show]. Blocks are divided by one empty line, and Chinese from Latin by a space.
    """
    return "\n\n".join(ChatWriter(language).write(html)).strip("\n")


def markdown_text(body: str, language: str = "zh") -> str:
    """Return Markdown as plain text for a chat group; RenderError as for `markdown_html`."""
    return html_text(markdown_html(body), language)


def format_chat(
    html: str, *, title: str = "", most: int = MOST_CHARACTERS, language: str = "zh"
) -> FormattedPost:
    """Return a post as chat messages of at most *most* characters each, its title above it.

    A long text is divided between paragraphs, else lines, else sentences.
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

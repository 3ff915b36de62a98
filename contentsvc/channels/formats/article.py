"""Converts a post to a WeChat Official Account article (公众号文章): HTML with inline styles."""

from __future__ import annotations

import re
from collections.abc import Mapping

from contentsvc.channels.formats.article_writer import ArticleWriter
from contentsvc.channels.formats.chat import html_text
from contentsvc.channels.formats.notes import in_brackets
from contentsvc.channels.formats.phrases import losses
from contentsvc.channels.formats.result import Count, FormattedPost, PostFormat, too_much, utf8
from contentsvc.channels.formats.splitting import split_text
from contentsvc.channels.formats.themes import ArticleTheme
from contentsvc.channels.formats.tree import LOOSE, WIDE, close_up, grouped, parse, raw, visible
from contentsvc.channels.markdown import clean_html

__all__ = ["article_summary", "format_article"]

#: Chinese characters of a title; narrow characters count half. From the drafts' documentation.
MOST_TITLE = 32
#: The documentation says fewer than 20,000 characters and 1 MB.
MOST_CHARACTERS = 19_999
MOST_BYTES = 2**20 - 1
#: Characters of a summary (摘要); the documentation says 128, but many editors cut it at 120.
MOST_SUMMARY = 120
#: Spaces between Chinese sentences of joined paragraphs.
_GAPS = re.compile(rf"(?<={WIDE.pattern}) (?={WIDE.pattern})")


def format_article(
    html: str,
    *,
    title: str = "",
    theme: ArticleTheme = ArticleTheme.EDITORIAL,
    pictures: Mapping[str, str] | None = None,
    language: str = "zh",
) -> FormattedPost:
    """Convert a post to a WeChat article: HTML that looks the same after pasting into its editor.

    Links to mp.weixin.qq.com are preserved, other links become footnotes. Pictures must be stored
    by the platform: *pictures* maps the address of a picture in the text to that of its upload.
    Any other picture becomes a note in the text and a warning. A title over 32 characters or a
    text of 20,000 characters blocks approval.
    """
    html = clean_html(html)
    writer = ArticleWriter(theme, pictures or {}, language)
    title = " ".join(visible(title).split())
    blocks = writer.write(html, title)
    whole = writer.element("section", "root", "".join([*blocks, writer.footnotes()]))
    counts = (
        Count("title", _title_length(title), MOST_TITLE),
        Count("characters", len(raw(parse(whole))), MOST_CHARACTERS),
        Count("markup", len(whole), MOST_CHARACTERS),
        Count("size", utf8(whole), MOST_BYTES),
    )
    warnings = [
        *too_much(PostFormat.ARTICLE, counts, frozenset({"markup"})),
        *losses(PostFormat.ARTICLE, writer.lost),
    ]
    return FormattedPost(
        PostFormat.ARTICLE,
        title,
        (html_text(html, writer.language),),
        whole,
        article_summary(html, writer.language),
        counts,
        tuple(warnings),
    )


def article_summary(html: str, language: str = "zh") -> str:
    """Return a summary of *html*: its first sentences, up to 120 characters."""
    tree = parse(clean_html(html))
    in_brackets(tree, language)
    close_up(tree)
    paragraphs = (raw(part) for part in grouped(tree) if part.tag in {"p", LOOSE})
    text = _GAPS.sub("", " ".join(" ".join(paragraphs).split()))
    return next(iter(split_text(text, MOST_SUMMARY)), "")


def _title_length(title: str) -> int:
    return (sum(2 if char > "\x7f" else 1 for char in title) + 1) // 2

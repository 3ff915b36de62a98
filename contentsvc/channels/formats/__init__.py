"""Converts a post's HTML to the formats of platforms, such as an article or an SMS."""

from contentsvc.channels.formats.article import article_summary, format_article
from contentsvc.channels.formats.chat import format_chat, html_text, markdown_text
from contentsvc.channels.formats.note import format_note, hashtags, note_title_length
from contentsvc.channels.formats.result import (
    Count,
    FormattedPost,
    PostFormat,
    format_data,
    stored_formats,
    with_formats,
)
from contentsvc.channels.formats.sms import Encoding, format_sms, sms_encoding
from contentsvc.channels.formats.splitting import split_text
from contentsvc.channels.formats.themes import ArticleTheme
from contentsvc.channels.formats.wecom import WecomVersion, format_wecom

__all__ = [
    "ArticleTheme",
    "Count",
    "Encoding",
    "FormattedPost",
    "PostFormat",
    "WecomVersion",
    "article_summary",
    "format_article",
    "format_chat",
    "format_data",
    "format_note",
    "format_sms",
    "format_wecom",
    "hashtags",
    "html_text",
    "markdown_text",
    "note_title_length",
    "sms_encoding",
    "split_text",
    "stored_formats",
    "with_formats",
]

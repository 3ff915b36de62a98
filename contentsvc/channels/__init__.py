"""The plugin API: the names that a plugin imports to add a channel type (a way to publish).

The service itself loads and calls plugins through `hosting`.
"""

from pydantic import Field, HttpUrl, SecretStr, field_validator

from contentsvc.channels.answers import Accepted, HandOff, Receipt
from contentsvc.channels.channel import (
    Channel,
    ChannelSettings,
    Document,
    Host,
    Rate,
    SettingsT,
    Store,
)
from contentsvc.channels.checks import Check
from contentsvc.channels.content import (
    ChannelEntry,
    Page,
    PageRequest,
    Picture,
    RenderContext,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.default_rendering import (
    format_moment,
    livestream_rendition,
    notice_words,
    post_rendition,
    poster_rendition,
    rendition_data,
)
from contentsvc.channels.finished import FinishedDelivery
from contentsvc.channels.formats import (
    ArticleTheme,
    Count,
    Encoding,
    FormattedPost,
    PostFormat,
    WecomVersion,
    article_summary,
    format_article,
    format_chat,
    format_data,
    format_note,
    format_sms,
    format_wecom,
    hashtags,
    html_text,
    markdown_text,
    note_title_length,
    sms_encoding,
    split_text,
    stored_formats,
    with_formats,
)
from contentsvc.channels.hookspecs import hookimpl
from contentsvc.channels.http import HttpClient
from contentsvc.channels.identity import Identity
from contentsvc.channels.limits import Limits
from contentsvc.channels.livestream_facts import Livestreams, PublicLivestream
from contentsvc.channels.markdown import clean_html, markdown_html
from contentsvc.channels.pages import Pages
from contentsvc.channels.parts import Parts
from contentsvc.channels.platform_rules import PLATFORM_RULES, Certainty, PlatformRule
from contentsvc.channels.responses import Response, raise_for_status
from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.domain.quotas import Quota
from contentsvc.errors import (
    ChannelAuthError,
    ContentsvcError,
    OutcomeUnknownError,
    PublishError,
    RateLimitedError,
    RejectedError,
    RenderError,
    TemporaryError,
)
from contentsvc.messages import Message, Phrases

__all__ = [
    "PLATFORM_RULES",
    "Accepted",
    "ArticleTheme",
    "Certainty",
    "Channel",
    "ChannelAuthError",
    "ChannelEntry",
    "ChannelSettings",
    "Check",
    "ContentsvcError",
    "Count",
    "Document",
    "Encoding",
    "EntryKind",
    "Field",
    "FinishedDelivery",
    "FormattedPost",
    "HandOff",
    "Host",
    "HttpClient",
    "HttpUrl",
    "Identity",
    "Limits",
    "Livestream",
    "Livestreams",
    "Message",
    "Notice",
    "NoticeState",
    "OutcomeUnknownError",
    "Page",
    "PageRequest",
    "Pages",
    "Parts",
    "Phrases",
    "Picture",
    "PlatformRule",
    "PostFormat",
    "PublicLivestream",
    "PublishError",
    "Quota",
    "Rate",
    "RateLimitedError",
    "Receipt",
    "RejectedError",
    "RenderContext",
    "RenderError",
    "Rendition",
    "RenditionWarning",
    "Response",
    "SecretStr",
    "SettingsT",
    "Store",
    "TemporaryError",
    "WarningLevel",
    "WecomVersion",
    "article_summary",
    "clean_html",
    "field_validator",
    "format_article",
    "format_chat",
    "format_data",
    "format_moment",
    "format_note",
    "format_sms",
    "format_wecom",
    "hashtags",
    "hookimpl",
    "html_text",
    "livestream_rendition",
    "markdown_html",
    "markdown_text",
    "note_title_length",
    "notice_words",
    "post_rendition",
    "poster_rendition",
    "raise_for_status",
    "rendition_data",
    "sms_encoding",
    "split_text",
    "stored_formats",
    "with_formats",
]

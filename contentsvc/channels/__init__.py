"""The plugin API: all that a channel plugin needs is imported from here."""

from pydantic import Field, HttpUrl, SecretStr, field_validator

from contentsvc.channels.channel import (
    Channel,
    ChannelSettings,
    Document,
    Host,
    Rate,
    Store,
)
from contentsvc.channels.checks import Check
from contentsvc.channels.content import (
    Accepted,
    ChannelEntry,
    Effect,
    HandOff,
    Page,
    PageRequest,
    Picture,
    Receipt,
    RenderContext,
    Rendition,
    RenditionWarning,
    WarningLevel,
)
from contentsvc.channels.contributions import CalendarTemplate, Listener
from contentsvc.channels.finished import FinishedDelivery
from contentsvc.channels.hookspecs import hookimpl
from contentsvc.channels.http import HttpClient
from contentsvc.channels.limits import Limits
from contentsvc.channels.markdown import clean_html, html_text, markdown_html, markdown_text
from contentsvc.channels.registry import PluginInfo, Registry, load_plugin, load_plugins
from contentsvc.channels.rendering import (
    format_moment,
    livestream_rendition,
    notice_words,
    post_rendition,
    poster_rendition,
    rendition_data,
)
from contentsvc.channels.responses import Response, raise_for_status
from contentsvc.channels.settings import (
    FormField,
    SettingsError,
    form_fields,
    parse_settings,
    resolve_secrets,
    secret_fields,
)
from contentsvc.domain.entries import EntryKind, Livestream
from contentsvc.domain.notices import Notice, NoticeState
from contentsvc.domain.quotas import Quota
from contentsvc.errors import (
    ChannelAuthError,
    ContentsvcError,
    OutcomeUnknownError,
    PluginError,
    PublishError,
    RateLimitedError,
    RejectedError,
    RenderError,
    TemporaryError,
)

__all__ = [
    "Accepted",
    "CalendarTemplate",
    "Channel",
    "ChannelAuthError",
    "ChannelEntry",
    "ChannelSettings",
    "Check",
    "ContentsvcError",
    "Document",
    "Effect",
    "EntryKind",
    "Field",
    "FinishedDelivery",
    "FormField",
    "HandOff",
    "Host",
    "HttpClient",
    "HttpUrl",
    "Limits",
    "Listener",
    "Livestream",
    "Notice",
    "NoticeState",
    "OutcomeUnknownError",
    "Page",
    "PageRequest",
    "Picture",
    "PluginError",
    "PluginInfo",
    "PublishError",
    "Quota",
    "Rate",
    "RateLimitedError",
    "Receipt",
    "Registry",
    "RejectedError",
    "RenderContext",
    "RenderError",
    "Rendition",
    "RenditionWarning",
    "Response",
    "SecretStr",
    "SettingsError",
    "Store",
    "TemporaryError",
    "WarningLevel",
    "clean_html",
    "field_validator",
    "form_fields",
    "format_moment",
    "hookimpl",
    "html_text",
    "livestream_rendition",
    "load_plugin",
    "load_plugins",
    "markdown_html",
    "markdown_text",
    "notice_words",
    "parse_settings",
    "post_rendition",
    "poster_rendition",
    "raise_for_status",
    "rendition_data",
    "resolve_secrets",
    "secret_fields",
]

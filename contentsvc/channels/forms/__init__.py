"""A post in each platform's own form: one walk over one clean tree, a writer a form."""

from contentsvc.channels.forms.article import article_form, article_summary
from contentsvc.channels.forms.chat import chat_form, html_text, markdown_text
from contentsvc.channels.forms.note import hashtags, note_form, note_title_length
from contentsvc.channels.forms.result import (
    Count,
    FormName,
    PostForm,
    form_data,
    stored_forms,
    with_forms,
)
from contentsvc.channels.forms.sms import Encoding, sms_encoding, sms_form
from contentsvc.channels.forms.splitting import split_text
from contentsvc.channels.forms.themes import ArticleTheme
from contentsvc.channels.forms.wecom import WecomVersion, wecom_form

__all__ = [
    "ArticleTheme",
    "Count",
    "Encoding",
    "FormName",
    "PostForm",
    "WecomVersion",
    "article_form",
    "article_summary",
    "chat_form",
    "form_data",
    "hashtags",
    "html_text",
    "markdown_text",
    "note_form",
    "note_title_length",
    "sms_encoding",
    "sms_form",
    "split_text",
    "stored_forms",
    "wecom_form",
    "with_forms",
]

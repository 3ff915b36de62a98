"""Removes what is not allowed in a post, such as scripts, from its HTML."""

from __future__ import annotations

import nh3

__all__ = ["NOTE", "TAGS", "clean_html"]

#: The attribute with the number of a footnote, on its reference (`sup`) and its text (`li`).
NOTE = "data-note"
#: The tags that remain.
TAGS = frozenset(
    {
        *("a", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6"),
        *("hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "s", "strong", "sub"),
        *("sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul"),
    }
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {NOTE},
    "ol": {"start"},
    "sup": {NOTE},
    "td": {"align"},
    "th": {"align"},
}
_MOST_DIGITS = 6


def clean_html(html: str) -> str:
    """Remove the tags, attributes and links that are not allowed, such as scripts, from *html*."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
        link_rel="noopener nofollow ugc",
    )


def _attribute(tag: str, name: str, value: str) -> str | None:
    if (tag, name) == ("img", "src") and not value.lower().startswith(("http://", "https://")):
        return None
    if name == NOTE and not (value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS):
        return None
    return value

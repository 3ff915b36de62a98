"""What every page has: navigation, words for scripts, formats and labels."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_babel import get_locale, gettext
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

from contentsvc.services.deliveries import needs_attention
from contentsvc.web import formatting, labels
from contentsvc.web.access import LANGUAGES
from contentsvc.web.current import language, reading, runtime
from contentsvc.web.explaining import explain_text
from contentsvc.web.toasts import toasts

__all__ = ["furnish", "icon"]

#: Beyond this the badge says 99+.
_MOST_COUNTED = 100


def furnish(app: Flask) -> None:
    """Give the templates of *app* their names."""
    app.jinja_env.globals.update(
        icon=icon,
        label=labels.label,
        labels=labels.LABELS,
        icons=labels.ICONS,
        card_icons=labels.CARD_ICONS,
        languages=LANGUAGES,
        get_locale=get_locale,
        language=language,
        attention_count=_attention_count,
        script_words=script_words,
        toasts=toasts,
    )
    app.jinja_env.filters.update(
        day=formatting.as_day,
        moment=formatting.as_time,
        ago=formatting.ago,
        week=formatting.week_title,
        size=formatting.size,
        safe_html=formatting.safe_html,
        explain=explain_text,
    )
    app.context_processor(_page_context)


def _page_context() -> dict[str, Any]:
    return {"here": request.full_path.rstrip("?"), "area": request.blueprint or ""}


def icon(name: str, text: str = "") -> Markup:
    """Return an icon; *text* is what a screen reader says, nothing where words stand beside it."""
    say = (
        Markup('role="img" aria-label="{}"').format(text) if text else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon" {}><use href="/static/icons.svg#{}"></use></svg>').format(
        say, escape(name)
    )


def _attention_count() -> str:
    """Return how many deliveries wait for a person; empty where none do."""
    if not current_user.is_authenticated:
        return ""
    try:
        with reading() as database:
            count = len(needs_attention(database, _MOST_COUNTED))
    except SQLAlchemyError:
        # The page that says so must not fail for the same reason.
        return ""
    if not count:
        return ""
    return str(count) if count < _MOST_COUNTED else f"{_MOST_COUNTED - 1}+"


def script_words() -> dict[str, object]:
    """Return the words that scripts say."""
    return {
        "picked": gettext(
            "Picked up “{title}”. Choose a place with the arrow keys, Enter drops, Esc cancels."
        ),
        "past": gettext("{place}: gone by, cannot be used"),
        "cancelled": gettext("Left where it was."),
        "draft_found": gettext("This browser kept text that was not saved ({when})."),
        "draft_take": gettext("Bring it back"),
        "draft_drop": gettext("Throw it away"),
        "too_large": gettext("This file is larger than {most} MB; choose a smaller one."),
        "offline": gettext("The server cannot be reached. Your text is kept in this browser."),
        "copied": gettext("Copied."),
        "marked": gettext("Marked; copy it with Ctrl+C."),
        "most_upload": runtime().config.max_upload_mb,
    }

"""The functions and filters of all page templates: icons, labels, formats, texts for scripts."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Flask, request
from flask_babel import get_locale, gettext
from flask_login import current_user
from markupsafe import Markup, escape
from sqlalchemy.exc import SQLAlchemyError

from contentsvc.services.deliveries import needs_attention
from contentsvc.services.entries import needed_to_move, needed_to_remove
from contentsvc.web import formatting, labels
from contentsvc.web.access import LANGUAGES
from contentsvc.web.colours import card_hue, channel_hue
from contentsvc.web.current import language, reading, runtime
from contentsvc.web.drafts import draft_attributes, posted_draft
from contentsvc.web.explaining import explain_text
from contentsvc.web.permissions import may, rights
from contentsvc.web.static_files import StaticFiles
from contentsvc.web.toasts import toasts

__all__ = ["add_template_context", "icon"]

#: From this number on, the badge shows 99+.
_MOST_COUNTED = 100


def add_template_context(app: Flask, files: StaticFiles) -> None:
    """Give the Jinja templates of *app* their globals, filters and variables.

    *files* has the drawing of the icons.
    """
    app.jinja_env.globals.update(
        icon=partial(icon, files),
        label=labels.label,
        labels=labels.LABELS,
        icons=labels.ICONS,
        card_icons=labels.CARD_ICONS,
        languages=LANGUAGES,
        get_locale=get_locale,
        language=language,
        card_hue=card_hue,
        channel_hue=channel_hue,
        attention_count=_attention_count,
        script_texts=script_texts,
        toasts=toasts,
        draft_attributes=draft_attributes,
        posted_draft=posted_draft,
        may=may,
        needed_to_move=needed_to_move,
        needed_to_remove=needed_to_remove,
    )
    app.jinja_env.filters.update(
        day=formatting.as_day,
        clock_time=formatting.as_clock_time,
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


def icon(files: StaticFiles, name: str, text: str = "") -> Markup:
    """Return the HTML of the icon *name* in *files*; *text* is its label for screen readers.

    *text* is empty if the page shows a text beside the icon.
    """
    attributes = (
        Markup('role="img" aria-label="{}"').format(text) if text else Markup('aria-hidden="true"')
    )
    return Markup('<svg class="icon" {}><use href="{}#{}"></use></svg>').format(
        attributes, files.address("icons.svg"), escape(name)
    )


def _attention_count() -> str:
    """Return the number of deliveries that need attention, at most `99+`; empty if none do."""
    if not current_user.is_authenticated:
        return ""
    try:
        with reading() as database:
            count = len(needs_attention(database, _MOST_COUNTED, rights().calendar_ids))
    except SQLAlchemyError:
        # The page that reports a database failure must not fail for the same reason.
        return ""
    if not count:
        return ""
    return str(count) if count < _MOST_COUNTED else f"{_MOST_COUNTED - 1}+"


def script_texts() -> dict[str, object]:
    """Return the translated texts and the limits that the pages' JavaScript uses, by name."""
    return {
        "picked": gettext(
            "Picked up “{title}”. Choose a position with the arrow keys, drop with "
            "Enter, cancel with Esc."
        ),
        "past": gettext("{place}: in the past, cannot be used"),
        "cancelled": gettext("Not moved."),
        "draft_found": gettext("This browser has unsaved text ({when})."),
        "draft_take": gettext("Restore"),
        "draft_drop": gettext("Discard"),
        "too_large": gettext("This file is larger than {most} MB; choose a smaller one."),
        "draft_full": gettext(
            "This browser cannot store the unsaved text any more. Save it, or copy it elsewhere."
        ),
        "not_sent": gettext("The server cannot be reached; nothing was changed. Try again."),
        "signed_out": gettext(
            "You were signed out. Your text is saved in this browser; sign in again to go on."
        ),
        "offline": gettext("The server cannot be reached. Your text is saved in this browser."),
        "copied": gettext("Copied."),
        "marked": gettext("Marked; copy it with Ctrl+C."),
        "most_upload": runtime().config.max_upload_mb,
    }

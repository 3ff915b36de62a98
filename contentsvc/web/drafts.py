"""Drafts: unsaved text of forms, which the browser stores until the server confirms the save.

The script `drafts.js` stores the typed text of a form under a random id and posts the id with the
form. A view calls `confirm_draft` once the text is saved; the browser then deletes that draft and
no other. Any other response, from this server or a proxy, leaves the draft where it is.
"""

from __future__ import annotations

import re

from flask import Flask, Response, g, request
from markupsafe import Markup

__all__ = ["confirm_draft", "confirm_drafts_after_requests", "draft_attributes", "posted_draft"]

#: The cookie with the ids of saved drafts, joined by dots. The next page's script reads it and
#: deletes it, so it survives a page that fails to load.
_COOKIE = "saved_drafts"
_ID = re.compile(r"[0-9a-f]{16}")
#: Most ids that wait for a page of this browser, such as of forms saved in several tabs.
_MOST_IDS = 20
#: Seconds that an id waits.
_MAX_AGE = 90 * 24 * 3600


def posted_draft() -> str:
    """Return the id of the draft that belongs to the posted form; empty if there is none."""
    draft_id = request.form.get("draft.id", "")
    return draft_id if _ID.fullmatch(draft_id) else ""


def confirm_draft() -> None:
    """Tell the browser, with the response to this request, that the posted text is saved."""
    g.saved_draft = posted_draft()


def draft_attributes(name: str) -> Markup:
    """Return the attributes of a form whose unsaved text the browser stores as drafts of *name*.

    *name* is the same each time that this form is opened, such as `entry-12`. A form that is
    rendered in response to a POST request is marked as not saved.
    """
    mark = Markup(" data-rejected") if request.method == "POST" else Markup()
    return Markup('data-draft="{}"').format(name) + mark


def confirm_drafts_after_requests(app: Flask) -> None:
    """Make *app* send confirmed drafts to the browser, in a cookie."""
    app.after_request(_send)


def _send(response: Response) -> Response:
    saved = g.get("saved_draft", "")
    if saved:
        waiting = _ID.findall(request.cookies.get(_COOKIE, ""))[-_MOST_IDS + 1 :]
        response.set_cookie(
            _COOKIE,
            ".".join([*waiting, saved]),
            max_age=_MAX_AGE,
            secure=request.is_secure,
            # A script reads it; the ids are no secrets.
            httponly=False,
            samesite="Lax",
        )
    return response

"""End one's own sessions in other browsers; the account page lists them."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from contentsvc.services import sessions
from contentsvc.web.current import runtime
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("own_sessions", __name__)


@blueprint.post("/account/sessions/<int:session_id>/end")
def end(session_id: int) -> Response:
    """End a session of the signed-in person, and redirect to the account page."""
    with runtime().database.write() as database:
        sessions.end_session(database, current_user.id, session_id)
    show_toast(gettext("That session has ended."))
    return redirect(url_for("accounts.account"), code=303)

"""The forms of the users page that change a user: activity, admin flag, sessions."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from contentsvc.db.models import User
from contentsvc.errors import ConflictError, NotFoundError
from contentsvc.services import accounts, sessions, user_admin
from contentsvc.web.current import now, runtime
from contentsvc.web.explaining import explain
from contentsvc.web.toasts import show_toast

__all__ = ["blueprint"]

blueprint = Blueprint("user_admin", __name__, url_prefix="/users/<int:user_id>")


@blueprint.post("/deactivate")
def deactivate(user_id: int) -> Response:
    """Keep a user from signing in, end the user's sessions, and redirect to the users page."""
    return _change(
        user_id,
        lambda database, user: user_admin.deactivate(database, user, now=now()),
        gettext("The user can no longer sign in. Entries and batches stay."),
    )


@blueprint.post("/activate")
def activate(user_id: int) -> Response:
    """Let a user sign in again, and redirect to the users page."""
    return _change(user_id, user_admin.activate, gettext("The user can sign in again."))


@blueprint.post("/admin")
def set_admin(user_id: int) -> Response:
    """Make a user an admin or take that away, as the form says; redirect to the users page."""
    is_admin = request.form.get("is_admin") == "yes"
    done = gettext("The user is an admin.") if is_admin else gettext("No longer an admin.")
    return _change(
        user_id,
        lambda database, user: user_admin.set_admin(database, user, is_admin=is_admin),
        done,
    )


@blueprint.post("/end-sessions")
def end_sessions(user_id: int) -> Response:
    """End all sessions of a user, and redirect to the users page."""
    return _change(
        user_id,
        lambda database, user: sessions.end_sessions(database, user.id),
        gettext("The user is signed out everywhere."),
    )


def _change(user_id: int, change: Callable[[Session, User], None], done: str) -> Response:
    """Call *change* with the user; show *done* as a toast, or why it was refused."""
    try:
        with runtime().database.write() as database:
            user = accounts.get_user(database, user_id)
            if user is None:
                raise NotFoundError("no-user", number=user_id)
            change(database, user)
    except ConflictError as error:
        show_toast(explain(error), bad=True)
    else:
        show_toast(done)
    return redirect(url_for("accounts.users"), code=303)

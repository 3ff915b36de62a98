"""Require a sign-in or admin rights for views, and choose the language of each request."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import Flask, Response, abort, current_app, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from werkzeug.wrappers import Response as BaseResponse

from contentsvc.db.models import User
from contentsvc.services import accounts
from contentsvc.web.current import now, reading, runtime
from contentsvc.web.drafts import posted_draft

__all__ = [
    "LANGUAGES",
    "SignedIn",
    "admin_only",
    "choose_language",
    "local_address",
    "open_to_all",
    "require_sign_in",
]

LANGUAGES = {"zh": "中文", "en": "English"}

View = TypeVar("View", bound=Callable[..., Any])


class SignedIn(UserMixin):  # type: ignore[misc]  # the library is untyped
    """The signed-in user, as Flask-Login's `current_user` gives it to views and pages."""

    def __init__(self, user: User) -> None:
        """Copy the fields that pages show, because the database session of *user* has ended."""
        self.id = user.id
        self.name = user.name
        self.is_admin = user.is_admin
        self.session_token = user.session_token

    def get_id(self) -> str:
        """Return the user's id and session token, for the cookie.

        A new password changes the token, so that older cookies become invalid.
        """
        return f"{self.id}:{self.session_token}"


def open_to_all(view: View) -> View:
    """Mark *view* as open to people who are not signed in."""
    view.is_open = True  # type: ignore[attr-defined]
    return view


def admin_only(view: View) -> View:
    """Return *view* with a check that only admins pass; other users get HTTP status 403."""

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not current_user.is_admin:
            abort(403)
        return view(*args, **kwargs)

    return checked  # type: ignore[return-value]


def require_sign_in(app: Flask) -> None:
    """Make every view of *app* require a sign-in, except those marked by `open_to_all`."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    app.before_request(_require_sign_in)


def _load(text: str) -> SignedIn | None:
    number, _, token = text.partition(":")
    if not number.isdecimal():
        return None
    with reading() as database:
        user = accounts.get_user(database, int(number))
    return SignedIn(user) if user is not None and user.session_token == token else None


def _require_sign_in() -> BaseResponse | None:
    view = current_app.view_functions.get(request.endpoint or "")
    if view is None or getattr(view, "is_open", False) or _is_static():
        return None
    if current_user.is_authenticated:
        _renew_session()
        return None
    target = request.full_path.rstrip("?") if _can_be_opened() else "/"
    # The form was sent with a draft: its text is still in this browser.
    kept = "1" if posted_draft() else None
    if request.headers.get("HX-Request"):
        address = url_for("accounts.sign_in", kept=kept)
        return Response(status=401, headers={"HX-Redirect": address})
    address = url_for("accounts.sign_in", next=target if target != "/" else None, kept=kept)
    return redirect(address)


def _can_be_opened() -> bool:
    """Return True if the address of this request has a page to return to after the sign-in."""
    rule = request.url_rule
    return request.method == "GET" or (rule is not None and "GET" in (rule.methods or ()))


def _renew_session() -> None:
    """Extend the user's session if this request opens the first page of the day (in UTC).

    A session ends 14 days after its last extension. Responses to scripts and responses of previews
    never extend it, because a late response would overwrite a cookie that changed meanwhile.
    """
    today = now().date().isoformat()
    if session.get("renewed_on") != today and _opens_page():
        session["renewed_on"] = today


def _opens_page() -> bool:
    if request.blueprint == "previews":
        # Browsers leave out Sec-Fetch-Dest on addresses without https.
        return False
    destination = request.headers.get("Sec-Fetch-Dest", "document")
    accepts_html = "text/html" in request.headers.get("Accept", "")
    is_script = "HX-Request" in request.headers
    return request.method == "GET" and destination == "document" and accepts_html and not is_script


def _is_static() -> bool:
    return (request.endpoint or "").endswith("static")


def choose_language() -> str:
    """Return the language of this request: `zh` or `en`."""
    if request.blueprint == "site":
        # Public pages do not depend on the session, so that any proxy may cache them.
        return runtime().config.language
    chosen = session.get("language")
    return str(chosen) if chosen in LANGUAGES else runtime().config.language


def local_address(target: str | None) -> str:
    """Return *target* if it is an address on this server, otherwise `/`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/"
    return target if target.isprintable() else "/"

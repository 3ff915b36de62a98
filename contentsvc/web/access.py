"""Check every request against the table of permissions, and choose its language."""

from __future__ import annotations

import contextlib
import logging

from flask import Flask, Response, abort, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wrappers import Response as BaseResponse

from contentsvc.domain.roles import Rights
from contentsvc.services import sessions
from contentsvc.services.members import rights_of
from contentsvc.web.current import now, reading, runtime
from contentsvc.web.drafts import posted_draft
from contentsvc.web.permissions import Access, check, rule_of

__all__ = ["LANGUAGES", "SignedIn", "choose_language", "enforce_permissions", "local_address"]

logger = logging.getLogger(__name__)

LANGUAGES = {"zh": "中文", "en": "English"}


class SignedIn(UserMixin):  # type: ignore[misc]  # the library is untyped
    """The signed-in user, as Flask-Login's `current_user` gives it to views and pages."""

    def __init__(self, found: sessions.SignedInUser, rights: Rights, token: str) -> None:
        """Copy the fields that pages show, because the database session of *found* has ended."""
        self.id = found.user.id
        self.name = found.user.name
        self.is_admin = found.user.is_admin
        self.rights = rights
        self.session_id = found.session.id
        self.is_unrecorded = sessions.is_unrecorded(found.session, now())
        self._token = token

    def get_id(self) -> str:
        """Return the token of the session, for the cookie."""
        return self._token


def enforce_permissions(app: Flask) -> None:
    """Make every request to *app* need what the table of permissions says."""
    manager = LoginManager(app)
    manager.user_loader(_load)
    app.before_request(_enforce)


def _load(token: str) -> SignedIn | None:
    with reading() as database:
        found = sessions.find_session(database, token, now=now())
        return SignedIn(found, rights_of(database, found.user), token) if found else None


def _enforce() -> BaseResponse | None:
    if request.endpoint is None:
        # There is no such page, or it does not support the method.
        return None
    rule = rule_of(request.endpoint, request.method)
    if rule is None:
        logger.error(
            "An endpoint is missing in the table of permissions",
            extra={"action": "endpoint_refused", "endpoint": request.endpoint},
        )
        abort(403)
    if rule.need is Access.OPEN:
        return None
    if not current_user.is_authenticated:
        return _sign_in_first()
    _record_use()
    _renew_session()
    check(rule, request.view_args or {})
    return None


def _sign_in_first() -> BaseResponse:
    target = request.full_path.rstrip("?") if _can_be_opened() else "/"
    # The form was sent with a draft: its text is still in this browser.
    kept = "1" if posted_draft() else None
    if request.headers.get("HX-Request"):
        address = url_for("accounts.sign_in", kept=kept)
        return Response(status=401, headers={"HX-Redirect": address})
    address = url_for("accounts.sign_in", next=target if target != "/" else None, kept=kept)
    return redirect(address)


def _record_use() -> None:
    """Record in the database, at most once an hour, that the session is used."""
    if not current_user.is_unrecorded:
        return
    # The page needs no record; if the database cannot be written now, a later request records it.
    with contextlib.suppress(SQLAlchemyError), runtime().database.write() as database:
        sessions.touch_session(database, current_user.session_id, now=now())


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

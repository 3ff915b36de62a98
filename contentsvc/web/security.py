"""Send security headers with every response, check the CSRF token of forms, and bound sessions."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect

__all__ = ["CONTENT_SECURITY_POLICY", "protect"]

#: Only files of this server may be loaded; a page contains no script or style.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
}


#: The endpoints whose responses are the same for everybody; None if no page has the address.
_PUBLIC = frozenset({None, "static", "bootstrap.static", "site.page"})


class _Sessions(SecureCookieSessionInterface):
    """Sessions in signed cookies, which public responses neither set nor depend on.

    Flask-Login looks into the session after each request, and `Vary: Cookie` would make browsers
    load every static file again after signing in.
    """

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint is None or request.endpoint not in _PUBLIC:
            super().save_session(app, session, response)


def protect(app: Flask) -> None:
    """Make *app* check the CSRF token of every form and send security headers."""
    app.session_interface = _Sessions()
    CSRFProtect(app)
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # No proxy may store the page of a signed-in person.
    if request.endpoint not in _PUBLIC:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

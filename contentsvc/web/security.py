"""Send security headers with every response, and check the CSRF token of forms."""

from __future__ import annotations

from flask import Flask, Response, request
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
_PUBLIC = frozenset({None, "static", "bootstrap.static", "system.htmx", "site.page"})


def protect(app: Flask) -> None:
    """Make *app* check the CSRF token of every form and send security headers."""
    CSRFProtect(app)
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # No proxy may store the page of a signed-in person.
    if request.endpoint not in _PUBLIC:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

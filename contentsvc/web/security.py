"""Headers of every answer, and the check of forms."""

from __future__ import annotations

from flask import Flask, Response, request
from flask_wtf import CSRFProtect

__all__ = ["CONTENT_SECURITY_POLICY", "protect"]

#: Nothing but this server's own files; no script or style inside a page.
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


def protect(app: Flask) -> None:
    """Check every form's token and give every answer its headers."""
    CSRFProtect(app)
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    # A page of a person who is signed in is kept by nobody on the way.
    if request.endpoint and not request.endpoint.endswith(("static", "htmx", "page")):
        response.headers.setdefault("Cache-Control", "no-store")
    return response

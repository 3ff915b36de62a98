"""Send security headers with every response, check the CSRF token of forms, and bound sessions."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect

from contentsvc.config import Config
from contentsvc.messages import Message
from contentsvc.web.errors import answer_error

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


#: For a year, browsers use no plain http for this host.
_ONLY_HTTPS = "max-age=31536000"
#: The hosts of this machine.
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


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


def protect(app: Flask, config: Config) -> None:
    """Make *app* check the host of requests and the CSRF token of forms; send security headers."""
    app.session_interface = _Sessions()
    hosts = _known_hosts(config)

    @app.before_request
    def check_host() -> Response | None:
        if hosts is None or _host_of(request.environ.get("HTTP_HOST", "")) in hosts:
            return None
        host = str(request.environ.get("HTTP_HOST"))[:100]
        return answer_error(400, Message("request-host-unknown", host=host, url=config.public_url))

    CSRFProtect(app)
    headers = dict(_HEADERS)
    if config.public_url.startswith("https://"):
        headers["Strict-Transport-Security"] = _ONLY_HTTPS

    @app.after_request
    def add_headers(response: Response) -> Response:
        return _add_headers(response, headers)


def _known_hosts(config: Config) -> frozenset[str] | None:
    """Return the hosts by which a browser may address the service; None for any host.

    Without this check, a page of another site could read pages through a name that it makes lead
    to this machine (DNS rebinding). A service that listens in the local network, and has no public
    address, has names that it does not know.
    """
    if config.has_public_url:
        return _LOOPBACK | {config.host.lower(), _host_of(urlsplit(config.public_url).netloc)}
    return _LOOPBACK if config.host.lower() in _LOOPBACK else None


def _host_of(text: str) -> str:
    """Return the host of `HOST:PORT` in lower case; empty if there is none."""
    try:
        return urlsplit(f"//{text}").hostname or ""
    except ValueError:
        return ""


def _add_headers(response: Response, headers: Mapping[str, str]) -> Response:
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    # No proxy may store the page of a signed-in person.
    if request.endpoint not in _PUBLIC:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

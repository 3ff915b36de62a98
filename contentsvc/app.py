"""Create the Flask application."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from flask_babel import Babel
from flask_bootstrap import Bootstrap5
from werkzeug.middleware.proxy_fix import ProxyFix

from contentsvc import __version__
from contentsvc.services.runtime import Runtime
from contentsvc.web import (
    accounts,
    boards,
    calendar_files,
    calendars,
    channels,
    deliveries,
    members,
    own_sessions,
    site,
    user_admin,
)
from contentsvc.web.access import choose_language, enforce_permissions
from contentsvc.web.batches import runs, setup
from contentsvc.web.compression import compress_pages
from contentsvc.web.drafts import confirm_drafts_after_requests
from contentsvc.web.entries import corrections, editor, previews, revisions, steps
from contentsvc.web.errors import handle_errors
from contentsvc.web.operations import metrics, plugins, system
from contentsvc.web.page_context import add_template_context
from contentsvc.web.request_values import read_values_safely
from contentsvc.web.security import protect
from contentsvc.web.static_files import serve_static_files
from contentsvc.web.studio import gallery, studio
from contentsvc.web.throttling import install_throttle
from contentsvc.web.toasts import store_toasts_after_requests

__all__ = ["create_app"]

#: The most bytes of text in one form, enough for an entry of 100,000 characters in several
#: versions.
_MOST_TEXT = 4 * 1024 * 1024


def create_app(runtime: Runtime) -> Flask:
    """Return the web application; its views use the database and the queue of *runtime*.

    Creating the application does not access the database.
    """
    app = Flask("contentsvc.web", static_folder=None, template_folder="templates")
    app.config.from_mapping(_settings(runtime))
    read_values_safely(app)
    app.extensions["contentsvc"] = runtime
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # The address and scheme that a proxy reports are trusted only if the public address is https.
    if runtime.config.public_url.startswith("https://"):
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    Babel(app, locale_selector=choose_language, default_translation_directories="translations")
    Bootstrap5(app)
    # The functions that change responses run in the opposite order: compression is last.
    compress_pages(app)
    protect(app, runtime.config)
    enforce_permissions(app)
    install_throttle(app, runtime.config)
    store_toasts_after_requests(app)
    confirm_drafts_after_requests(app)
    handle_errors(app)
    add_template_context(app, serve_static_files(app))
    for module in (
        *(accounts, own_sessions, user_admin, members),
        *(boards, calendars, calendar_files, channels, deliveries),
        *(corrections, editor, previews, revisions, steps),
        *(gallery, studio, setup, runs),
        *(metrics, plugins, site, system),
    ):
        app.register_blueprint(module.blueprint)
    return app


def _settings(runtime: Runtime) -> dict[str, object]:
    config = runtime.config
    return {
        "SECRET_KEY": config.secret_key.splitlines()[0],
        "SESSION_COOKIE_NAME": "contentsvc",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": config.public_url.startswith("https://"),
        # `access` extends the session of a signed-in person once a day.
        "PERMANENT_SESSION_LIFETIME": timedelta(days=14),
        # A late response that sends its cookie again would overwrite a newer cookie.
        "SESSION_REFRESH_EACH_REQUEST": False,
        "MAX_CONTENT_LENGTH": config.max_upload_bytes,
        "MAX_FORM_MEMORY_SIZE": _MOST_TEXT,
        "MAX_FORM_PARTS": 2000,
        # A form is valid as long as its session, so that a long break loses no text.
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,
        "BABEL_DEFAULT_LOCALE": config.language,
        "BABEL_DEFAULT_TIMEZONE": "UTC",
        "BOOTSTRAP_SERVE_LOCAL": True,
        "VERSION": __version__,
    }

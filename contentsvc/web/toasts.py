"""Toasts: short messages on pages about finished actions, with an undo button or a link."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from flask import Flask, Response, g, request, session
from sqlalchemy.exc import SQLAlchemyError

from contentsvc.services.toasts import (
    Toast,
    has_toasts,
    readdress_toasts,
    store_toasts,
    take_toasts,
)
from contentsvc.web.current import now, reading, runtime

__all__ = ["open_toast_box", "show_toast", "store_toasts_after_requests", "toasts"]

logger = logging.getLogger(__name__)

#: The session entry with the key of this browser's stored toasts.
_BOX = "toasts"


def show_toast(
    message: str,
    *,
    bad: bool = False,
    undo: str = "",
    undo_values: Mapping[str, str] | None = None,
    undo_label: str = "",
    link: str = "",
    link_text: str = "",
) -> None:
    """Show *message* as a toast on the page that this request renders or redirects to.

    *undo* is the address that an undo button posts *undo_values* to, *link* that of a link.
    """
    open_toast_box()
    toast = Toast(message, bad, undo, dict(undo_values or {}), undo_label, link, link_text)
    _pending().append(toast)


def open_toast_box() -> None:
    """Give this browser's session a random key under which the server stores its toasts."""
    if _BOX not in session:
        session[_BOX] = secrets.token_hex(16)


def toasts() -> list[Toast]:
    """Return the toasts for the page of this request, and remove them from the store."""
    pending = list(_pending())
    _pending().clear()
    # A HEAD request renders a page that nobody sees.
    if _BOX not in session or request.method == "HEAD":
        return pending
    try:
        with reading() as database:
            if not has_toasts(database, session[_BOX]):
                return pending
        with runtime().database.write() as database:
            stored = take_toasts(database, session[_BOX], address=_own_address(), now=now())
    except SQLAlchemyError:
        # The page that reports a database failure must not fail for the same reason.
        return pending
    return stored + pending


def store_toasts_after_requests(app: Flask) -> None:
    """Make *app* store the toasts of a request that redirects until the next page shows them."""
    app.after_request(_store)


def _pending() -> list[Toast]:
    """Return the toasts of this request that no page has shown yet."""
    if "toasts" not in g:
        g.toasts = []
    pending: list[Toast] = g.toasts
    return pending


def _store(response: Response) -> Response:
    is_redirect = response.location is not None
    # Reading the session of other responses would make them depend on the cookie.
    if not _pending() and not (is_redirect and request.method == "GET" and _BOX in session):
        return response
    address = _address(response.location) if response.location else ""
    try:
        with runtime().database.write() as database:
            if _pending():
                store_toasts(database, session[_BOX], _pending(), address=address, now=now())
            else:
                readdress_toasts(database, session[_BOX], address=_own_address(), to=address)
    except SQLAlchemyError:
        # What the toast reports is done; the response must not say otherwise.
        logger.warning("A toast was not stored", extra={"action": "toast_lost"}, exc_info=True)
    return response


def _own_address() -> str:
    return _address(request.full_path)


def _address(location: str) -> str:
    """Return the decoded path and query of *location*, for comparing two addresses."""
    parts = urlsplit(location)
    return unquote(f"{parts.path}?{parts.query}")

"""Answers to what went wrong: a page for people, one JSON shape for programs."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, make_response, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from contentsvc.errors import (
    ConflictError,
    ContentsvcError,
    InputError,
    NotFoundError,
    PluginError,
    RenderError,
)
from contentsvc.web.current import runtime
from contentsvc.web.explaining import explain

__all__ = ["answer_error", "handle_errors", "status_of"]

logger = logging.getLogger(__name__)

#: The most of a refused upload that is read and thrown away, so that its sender gets to read why.
_DRAIN = 512 * 1024 * 1024
_CHUNK = 256 * 1024


def status_of(error: ContentsvcError) -> int:
    """Return the HTTP status that tells of an error."""
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, ConflictError | PluginError):
        return 409
    return 422 if isinstance(error, InputError | RenderError) else 500


def handle_errors(app: Flask) -> None:
    """Answer every error in the person's language."""
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ContentsvcError, _known)
    app.register_error_handler(Exception, _unforeseen)


def answer_error(
    status: int, message: str, *, field: str | None = None, mark: str = ""
) -> Response:
    """Return the answer that says *message*: JSON, a toast or a page, as was asked for."""
    if _wants_json():
        body = {"error": {"status": status, "message": message, "field": field, "id": mark}}
        return make_response(body, status)
    if request.headers.get("HX-Request"):
        response = make_response(render_template("errors/toast.html", message=message), status)
        response.headers["HX-Reswap"] = "none"
        return response
    return make_response(_page(status, message, mark), status)


def _page(status: int, message: str, mark: str) -> str:
    title = _title(status)
    # A visitor of the public pages gets no session, whatever they ask for.
    template = "errors/public.html" if request.blueprint == "site" else "errors/page.html"
    try:
        return render_template(template, status=status, title=title, message=message, mark=mark)
    except SQLAlchemyError:
        # The page's head asks the database who is signed in; where it is away, plain words do.
        return f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{message}"


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.path == "/healthz"


def _title(status: int) -> str:
    titles = {
        400: gettext("That did not work"),
        403: gettext("Not allowed"),
        404: gettext("Not found"),
        405: gettext("That did not work"),
        409: gettext("Somebody was quicker"),
        413: gettext("Too large"),
        422: gettext("Something needs mending"),
        429: gettext("Too many tries"),
    }
    return str(titles.get(status, gettext("Something went wrong")))


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are no errors
        return make_response(error.get_response())
    messages = {
        400: gettext("The request could not be read."),
        403: gettext("Your account may not do this. Ask an admin."),
        404: gettext("There is no such page. It may have been moved or deleted."),
        405: gettext("This address does not do that."),
    }
    message = messages.get(error.code, error.description or "")
    response = answer_error(error.code, message)
    if error.code == 405:  # noqa: PLR2004 - the standard asks for Allow
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response


def _too_large(error: RequestEntityTooLarge) -> Response:  # noqa: ARG001 - Flask's signature
    _drain()
    return answer_error(
        413,
        gettext(
            "The upload is larger than %(most)s MB. Make the picture smaller and try again; the "
            "text you typed is kept in this browser.",
            most=runtime().config.max_upload_mb,
        ),
    )


def _drain() -> None:
    """Read what the sender still sends: a closed connection would hide the answer from them."""
    stream = request.environ["wsgi.input"]
    rest = min(request.content_length or 0, _DRAIN)
    try:
        while rest > 0 and (chunk := stream.read(min(_CHUNK, rest))):
            rest -= len(chunk)
    except (OSError, ValueError):
        logger.debug("An upload ended early", extra={"action": "upload_cut"})


def _stale_form(error: CSRFError) -> Response:  # noqa: ARG001 - Flask's signature
    return answer_error(
        400,
        gettext(
            "The form was open for too long, or cookies are off. Go back, reload the page and try "
            "again; the text you typed is kept in this browser."
        ),
    )


def _known(error: ContentsvcError) -> Response:
    status = status_of(error)
    if status >= 500:  # noqa: PLR2004 - a server's error
        return _unforeseen(error)
    return answer_error(status, explain(error), field=getattr(error, "field", None))


def _unforeseen(error: Exception) -> Response:
    mark = secrets.token_hex(4)
    logger.error(
        "A request failed",
        extra={"action": "request_failed", "id": mark, "path": request.path},
        exc_info=error,
    )
    message = gettext(
        "This is our mistake, and it is in the log under %(mark)s. Nothing was half done: try "
        "again, or tell your operator this number.",
        mark=mark,
    )
    return answer_error(500, message, mark=mark)

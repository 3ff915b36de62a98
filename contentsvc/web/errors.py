"""Error responses: a page or a toast for people, JSON for programs."""

from __future__ import annotations

import json
import logging
import re
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
    NotPermittedError,
    PluginError,
    RenderError,
)
from contentsvc.messages import Message
from contentsvc.services.rendering.studio import StudioBusyError
from contentsvc.web.current import runtime
from contentsvc.web.explaining import explain_text

__all__ = ["answer_error", "handle_errors", "status_of"]

logger = logging.getLogger(__name__)

#: Most bytes of a rejected upload that are read and discarded before the response is sent.
_DRAIN = 512 * 1024 * 1024
_CHUNK = 256 * 1024
#: Seconds after which a caller should ask a busy studio again.
_RETRY_AFTER = 5
_HTTP_MESSAGES = {
    400: Message("request-unreadable"),
    403: Message("not-allowed"),
    404: Message("no-page"),
    405: Message("method-not-allowed"),
}


def status_of(error: ContentsvcError) -> int:
    """Return the HTTP status for *error*."""
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, NotPermittedError):
        return 403
    if isinstance(error, ConflictError | PluginError):
        return 409
    if isinstance(error, StudioBusyError):
        return 503
    return 422 if isinstance(error, InputError | RenderError) else 500


def handle_errors(app: Flask) -> None:
    """Make *app* answer every error in the person's language."""
    app.register_error_handler(RequestEntityTooLarge, _too_large)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ContentsvcError, _known)
    app.register_error_handler(Exception, _unforeseen)


def answer_error(
    status: int, message: Message, *, code: str = "", field: str | None = None, mark: str = ""
) -> Response:
    """Return an error response with *message*, as JSON, a toast or a page as the request asks.

    *code* is the error code in JSON for a message without a code; *mark* is the number of the error
    in the log.
    """
    text = explain_text(message)
    if _wants_json():
        params = json.loads(message.to_json())["params"] if message.code else {}
        error = {"status": status, "code": message.code or code, "message": text, "params": params}
        return make_response({"error": {**error, "field": field, "id": mark}}, status)
    if request.headers.get("HX-Request"):
        response = make_response(render_template("errors/toast.html", message=text), status)
        response.headers["HX-Reswap"] = "none"
        return response
    return make_response(_page(status, text, mark), status)


def _page(status: int, message: str, mark: str) -> str:
    title = _title(status)
    # The page of the public site reads no session.
    template = "errors/public.html" if request.blueprint == "site" else "errors/page.html"
    try:
        return render_template(template, status=status, title=title, message=message, mark=mark)
    except SQLAlchemyError:
        # The page's head reads the signed-in person from the database, which is not available.
        return f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{message}"


def _wants_json() -> bool:
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.path == "/healthz"


def _title(status: int) -> str:
    titles = {
        400: gettext("Request failed"),
        403: gettext("Not allowed"),
        404: gettext("Not found"),
        405: gettext("Request failed"),
        409: gettext("Changed by somebody else"),
        413: gettext("Too large"),
        422: gettext("Please correct the marked fields"),
        429: gettext("Too many tries"),
        503: gettext("Busy at the moment"),
    }
    return str(titles.get(status, gettext("Something went wrong")))


def _http(error: HTTPException) -> Response:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - redirects are no errors
        return make_response(error.get_response())
    message = _HTTP_MESSAGES.get(error.code, Message.plain(error.description or ""))
    response = answer_error(error.code, message, code=f"http-{error.code}")
    if error.code == 405:  # noqa: PLR2004 - the standard asks for Allow
        response.headers["Allow"] = ", ".join(getattr(error, "valid_methods", None) or [])
    return response


def _too_large(error: RequestEntityTooLarge) -> Response:  # noqa: ARG001 - Flask's signature
    _drain()
    return answer_error(413, Message("upload-too-large", most=runtime().config.max_upload_mb))


def _drain() -> None:
    """Read and discard the rest of a rejected upload.

    If the connection closed earlier, the browser would not show the response.
    """
    stream = request.environ["wsgi.input"]
    remaining = min(request.content_length or 0, _DRAIN)
    try:
        while remaining > 0 and (chunk := stream.read(min(_CHUNK, remaining))):
            remaining -= len(chunk)
    except (OSError, ValueError):
        logger.debug("An upload ended early", extra={"action": "upload_cut"})


def _stale_form(error: CSRFError) -> Response:  # noqa: ARG001 - Flask's signature
    return answer_error(400, Message("form-expired"))


def _known(error: ContentsvcError) -> Response:
    status = status_of(error)
    if status == 500:  # noqa: PLR2004 - a fault of the server
        return _unforeseen(error)
    field = getattr(error, "field", None)
    response = answer_error(status, error.message, code=_class_code(error), field=field)
    if status == 503:  # noqa: PLR2004 - the server is busy
        response.headers["Retry-After"] = str(_RETRY_AFTER)
    return response


def _class_code(error: ContentsvcError) -> str:
    """Return an error code made from the class name of *error*, such as `calendar-error`."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def _unforeseen(error: Exception) -> Response:
    mark = secrets.token_hex(4)
    logger.error(
        "A request failed",
        extra={"action": "request_failed", "id": mark, "path": request.path},
        exc_info=error,
    )
    return answer_error(500, Message("internal-error", mark=mark), mark=mark)

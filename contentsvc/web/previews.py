"""Stored renditions and pictures, as pages and previews show them."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, make_response, request

from contentsvc.db.models import Upload
from contentsvc.errors import NotFoundError
from contentsvc.services.postering import asset_path
from contentsvc.services.rendering import Renderer
from contentsvc.services.renditions import rendition_picture
from contentsvc.web.current import reading, runtime

__all__ = ["blueprint", "renderer"]

blueprint = Blueprint("previews", __name__)

#: What is named by its content's hash never changes.
_FOREVER = "private, max-age=31536000, immutable"
_PICTURES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_ENDINGS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def renderer() -> Renderer:
    """Return this process's renderer, which keeps fonts and templates warm."""
    kept: Renderer = current_app.extensions.setdefault("contentsvc_renderer", Renderer(runtime()))
    return kept


def _picture(content: bytes, media_type: str) -> Response:
    if media_type not in _PICTURES:
        raise NotFoundError("this is no picture that a page may show")
    response = make_response(content)
    response.content_type = media_type
    response.headers["Cache-Control"] = _FOREVER
    response.add_etag()
    return response.make_conditional(request)


@blueprint.get("/renditions/<digest>/<name>")
def picture_of_rendition(digest: str, name: str) -> Response:
    """Answer a picture of a kept rendition."""
    with reading() as database:
        picture = rendition_picture(runtime(), database, digest, name)
    return _picture(picture.content, picture.media_type)


@blueprint.get("/uploads/<digest>")
def uploaded(digest: str) -> Response:
    """Answer an uploaded picture."""
    with reading() as database:
        upload = database.get(Upload, digest)
    if upload is None:
        raise NotFoundError(f"there is no upload {digest[:12]}")
    return _picture(runtime().storage.get(digest), upload.media_type)


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """Answer a picture of the assets folders."""
    path = asset_path(runtime().config.asset_folders(), name)
    media_type = _ENDINGS.get(path.suffix.lower(), "")
    response = _picture(path.read_bytes() if media_type else b"", media_type)
    response.headers["Cache-Control"] = "private, no-cache"
    return response

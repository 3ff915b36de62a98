"""Stored renditions and pictures, as pages and previews show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request

from contentsvc.channels import Count, FormName, PostForm, Rendition, stored_forms
from contentsvc.db.models import Upload
from contentsvc.errors import NotFoundError, PluginError
from contentsvc.services.rendering.painting import asset_path
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.renditions import rendition_forms, rendition_picture
from contentsvc.web.current import reading, runtime

__all__ = ["Usage", "blueprint", "renderer", "shown_forms", "usages"]

blueprint = Blueprint("previews", __name__)

#: What is named by its content's hash never changes.
_FOREVER = "private, max-age=31536000, immutable"
#: An article is looked at in a box: no script, no request, no other page around it. Its pictures
#: lie with the platform, which shows them to its own readers alone.
_ARTICLE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; "
    "form-action 'none'; base-uri 'none'"
)
_PICTURES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_ENDINGS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def renderer() -> Renderer:
    """Return this process's renderer, which keeps fonts and templates warm."""
    kept: Renderer = current_app.extensions.setdefault("contentsvc_renderer", Renderer(runtime()))
    return kept


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    return {"usages": usages, "shown_forms": shown_forms}


@blueprint.app_template_filter()
def usage_level(count: Count) -> str:
    """Return how near a count is to what the platform takes."""
    return "fine" if count.most is None else Usage(count.used, count.most, count.name).level


def shown_forms(rendition: Rendition) -> list[PostForm]:
    """Return the forms that a channel keeps with a rendition."""
    return stored_forms(rendition.data)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of what a channel allows a text takes."""

    used: int
    most: int
    #: `characters` or `bytes`.
    unit: str

    @property
    def level(self) -> str:
        """Return `over`, `near` (from four fifths on) or `fine`."""
        if self.used > self.most:
            return "over"
        return "near" if self.used > self.most * 4 / 5 else "fine"


def usages(rendition: Rendition, channel_type: str) -> list[Usage]:
    """Return how much of its channel's limits a rendition's text takes."""
    try:
        limits = runtime().registry.channel_type(channel_type).limits
    except PluginError:
        return []
    size = len(rendition.text.encode("utf-8", "surrogatepass"))
    pairs = (
        (len(rendition.text), limits.text_characters, "characters"),
        (size, limits.text_bytes, "bytes"),
    )
    return [Usage(used, most, unit) for used, most, unit in pairs if most is not None]


def _picture(content: bytes, media_type: str) -> Response:
    if media_type not in _PICTURES:
        raise NotFoundError("this is no picture that a page may show")
    response = make_response(content)
    response.content_type = media_type
    response.headers["Cache-Control"] = _FOREVER
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/renditions/<digest>/<name>")
def picture_of_rendition(digest: str, name: str) -> Response:
    """Answer a picture of a kept rendition."""
    with reading() as database:
        picture = rendition_picture(runtime(), database, digest, name)
    return _picture(picture.content, picture.media_type)


@blueprint.get("/renditions/<digest>/article")
def article(digest: str) -> Response:
    """Answer an article as the platform shows it, its inline styles alone alive."""
    with reading() as database:
        forms = rendition_forms(database, digest)
    form = next((form for form in forms if form.name is FormName.ARTICLE), None)
    if form is None:
        raise NotFoundError("this rendition has no article")
    response = make_response(render_template("entries/article.html", form=form))
    response.headers["Content-Security-Policy"] = _ARTICLE_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


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

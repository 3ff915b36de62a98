"""Serve the pictures and articles of stored posts, uploaded pictures and assets.

The module also compares the length of a previewed text with the limits of its channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, make_response, render_template, request

from contentsvc.channels import Count, FormattedPost, PostFormat, Rendition, stored_formats
from contentsvc.db.models import Upload
from contentsvc.errors import NotFoundError, PluginError
from contentsvc.services.channel_setup.channels import get_channel, known_limits
from contentsvc.services.rendering.painting import asset_path
from contentsvc.services.rendering.renderer import Renderer
from contentsvc.services.renditions import rendition_formats, rendition_picture
from contentsvc.web.current import reading, runtime

__all__ = ["Usage", "blueprint", "renderer", "shown_formats", "usages"]

blueprint = Blueprint("previews", __name__)

#: Files that are addressed by the hash of their content never change.
_FOREVER = "private, max-age=31536000, immutable"
#: An article is shown in a sandbox without scripts and requests. Its pictures are on the platform,
#: which serves them only to its own readers.
_ARTICLE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'self'; "
    "form-action 'none'; base-uri 'none'"
)
_PICTURES = {"image/png", "image/jpeg", "image/webp", "image/gif"}
_ENDINGS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}


def renderer() -> Renderer:
    """Return the renderer of entries that all requests of this process share."""
    cached: Renderer = current_app.extensions.setdefault("contentsvc_renderer", Renderer(runtime()))
    return cached


@blueprint.app_context_processor
def _context() -> dict[str, Any]:
    return {"usages": usages, "shown_formats": shown_formats}


@blueprint.app_template_filter()
def usage_level(count: Count) -> str:
    """Return how close *count* is to the platform's limit: `over`, `near` or `fine`."""
    return "fine" if count.most is None else Usage(count.used, count.most, count.name).level


def shown_formats(rendition: Rendition) -> list[FormattedPost]:
    """Return the post in each platform format, such as article or SMS, stored in *rendition*."""
    return stored_formats(rendition.data)


@dataclass(frozen=True, slots=True)
class Usage:
    """The number of characters or bytes of a text, beside the most that its channel allows."""

    used: int
    most: int
    #: `characters` or `bytes`.
    unit: str

    @property
    def level(self) -> str:
        """Return `over`, `near` (above four fifths of the limit) or `fine`."""
        if self.used > self.most:
            return "over"
        return "near" if self.used > self.most * 4 / 5 else "fine"


def usages(rendition: Rendition, channel: str) -> list[Usage]:
    """Return the text length of *rendition* beside each limit of the channel, if any."""
    try:
        with reading() as database:
            row = get_channel(database, channel)
        limits = known_limits(runtime(), row)
    except (NotFoundError, PluginError):
        return []
    size = len(rendition.text.encode("utf-8", "surrogatepass"))
    pairs = (
        (len(rendition.text), limits.text_characters, "characters"),
        (size, limits.text_bytes, "bytes"),
    )
    return [Usage(used, most, unit) for used, most, unit in pairs if most is not None]


def _picture(content: bytes, media_type: str) -> Response:
    if media_type not in _PICTURES:
        raise NotFoundError("picture-type-not-shown")
    response = make_response(content)
    response.content_type = media_type
    response.headers["Cache-Control"] = _FOREVER
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/renditions/<digest>/<name>")
def picture_of_rendition(digest: str, name: str) -> Response:
    """Return the picture *name* of the stored rendition (finished post) with the hash *digest*."""
    with reading() as database:
        picture = rendition_picture(runtime(), database, digest, name)
    return _picture(picture.content, picture.media_type)


@blueprint.get("/renditions/<digest>/article")
def article(digest: str) -> Response:
    """Return an HTML page of a stored post's article, as on its platform, without scripts."""
    with reading() as database:
        posts = rendition_formats(database, digest)
    post = next((post for post in posts if post.name is PostFormat.ARTICLE), None)
    if post is None:
        raise NotFoundError("rendition-without-article")
    response = make_response(render_template("entries/article.html", form=post))
    response.headers["Content-Security-Policy"] = _ARTICLE_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


@blueprint.get("/uploads/<digest>")
def uploaded(digest: str) -> Response:
    """Return the uploaded picture with the hash *digest*."""
    with reading() as database:
        upload = database.get(Upload, digest)
    if upload is None:
        raise NotFoundError("no-upload", digest=digest[:12])
    return _picture(runtime().storage.get(digest), upload.media_type)


@blueprint.get("/assets/<path:name>")
def asset(name: str) -> Response:
    """Return the picture *name* from the assets folders."""
    path = asset_path(runtime().config.asset_folders(), name)
    media_type = _ENDINGS.get(path.suffix.lower(), "")
    response = _picture(path.read_bytes() if media_type else b"", media_type)
    response.headers["Cache-Control"] = "private, no-cache"
    return response

"""The public pages that channels provide. They read no session and set no cookie."""

from __future__ import annotations

from flask import Blueprint, Response, abort, make_response, request

from contentsvc.errors import NotFoundError
from contentsvc.services.channel_setup.public_pages import public_page
from contentsvc.web.access import LANGUAGES
from contentsvc.web.current import reading, runtime

__all__ = ["PUBLIC_POLICY", "blueprint"]

blueprint = Blueprint("site", __name__)

#: A plugin's page may use its own pictures and styles, but no script.
PUBLIC_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "media-src 'self'; font-src 'self'; form-action 'none'; frame-ancestors 'none'; "
    "base-uri 'none'"
)


@blueprint.get("/site/", defaults={"path": ""})
@blueprint.get("/site/<path:path>")
def page(path: str) -> Response:
    """Return the public page of a channel at *path*, or 304 if the visitor's copy is current."""
    language = request.accept_languages.best_match(list(LANGUAGES)) or runtime().config.language
    try:
        with reading() as database:
            query = request.args.to_dict()
            public = public_page(runtime(), database, path, language=language, query=query)
    except NotFoundError:
        public = None
    if public is None:
        abort(404)
    response = make_response(public.body, public.status)
    response.content_type = public.media_type
    response.headers["Content-Security-Policy"] = PUBLIC_POLICY
    response.headers["Cache-Control"] = "public, max-age=60"
    response.headers["Vary"] = "Accept-Language"
    response.add_etag()
    if public.modified_at is not None:
        response.last_modified = public.modified_at.replace(microsecond=0)
    response.make_conditional(request)
    return response

"""Serve the static files, compressed and under addresses that change with their content."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

from flask import Flask, Response, abort, make_response, request

from contentsvc.web.compression import accepts_gzip

__all__ = ["StaticFiles", "serve_static_files"]

#: Files of other packages, by the names under which this service serves them.
_VENDORED = {
    "vendor/bootstrap.min.css": ("flask_bootstrap", "static/bootstrap5/css/bootstrap.min.css"),
    "vendor/htmx.min.js": ("js_lib_htmx", "static/htmx/htmx.min.js"),
}
_FOREVER = "public, max-age=31536000, immutable"
#: Hexadecimal digits of the version in an address.
_DIGITS = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A static file with its compressed content."""

    content: bytes
    compressed: bytes
    media_type: str
    hash: str


class StaticFiles:
    """All static files of the web server, read and compressed once when the first is needed.

    Scripts import each other by relative addresses, so one version stands for all files: a change
    of any file changes every address.
    """

    @cached_property
    def files(self) -> dict[str, StaticFile]:
        """Return the files by name, such as `js/app.js`."""
        return {name: _prepare(name, source.read_bytes()) for name, source in _sources()}

    @cached_property
    def version(self) -> str:
        """Return the hash of the names and contents of all files."""
        listed = sorted(f"{name} {file.hash}" for name, file in self.files.items())
        return hashlib.sha256("\n".join(listed).encode()).hexdigest()[:_DIGITS]

    def address(self, name: str) -> str:
        """Return the path of the file *name* on this server, with the version."""
        return f"/static/v-{self.version}/{name}"


def _sources() -> Iterator[tuple[str, Traversable]]:
    yield from _walk(resources.files("contentsvc.web") / "static", "")
    for name, (package, path) in _VENDORED.items():
        yield name, resources.files(package) / path


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        else:
            yield prefix + item.name, item


def _prepare(name: str, content: bytes) -> StaticFile:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return StaticFile(
        content,
        # Without the time, so that equal contents are equal bytes.
        gzip.compress(content, 9, mtime=0),
        "text/javascript" if name.endswith(".js") else kind,
        hashlib.sha256(content).hexdigest(),
    )


def serve_static_files(app: Flask) -> StaticFiles:
    """Make *app* serve the static files, and `url_for("static", …)` return versioned addresses."""
    files = StaticFiles()

    def serve(filename: str, version: str = "") -> Response:
        file = files.files.get(filename)
        if file is None:
            abort(404)
        return _respond(file, is_current=version == files.version)

    app.add_url_rule("/static/<path:filename>", "static", serve)
    app.add_url_rule("/static/v-<version>/<path:filename>", "static", serve)

    @app.url_defaults
    def add_version(endpoint: str, values: dict[str, object]) -> None:
        if endpoint == "static":
            values.setdefault("version", files.version)

    return files


def _respond(file: StaticFile, *, is_current: bool) -> Response:
    """Return the response with *file*; only a current address may be stored for good.

    A page that was loaded before an upgrade asks for the earlier version and gets the present one.
    """
    is_small = accepts_gzip(request) and len(file.compressed) < len(file.content)
    response = make_response(file.compressed if is_small else file.content)
    response.content_type = f"{file.media_type}; charset=utf-8"
    if is_small:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.headers["Cache-Control"] = _FOREVER if is_current else "no-cache"
    response.set_etag(f"{file.hash[:32]}{'-gzip' if is_small else ''}")
    response.make_conditional(request)
    return response

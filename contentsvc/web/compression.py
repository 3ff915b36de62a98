"""Compress the pages for browsers that accept it.

Compression can betray a secret of a page to somebody who makes a person's browser load the page
many times with text of his own in it, and who watches the lengths of the responses (BREACH). A page
contains a CSRF token, so three things are in the way:

- the session cookie is `SameSite=Lax`: another site's scripts and pictures load no page of a
  signed-in person, only links that open a whole page do;
- the signature of a CSRF token changes every second, and no part of a token is valid alone;
- each response is longer by a random number of bytes, so that lengths say little. Django does the
  same; the bytes are a file name in the gzip header, which browsers ignore.
"""

from __future__ import annotations

import gzip
import io
import secrets

from flask import Flask, Request, Response, request

__all__ = ["accepts_gzip", "compress_pages"]

#: A shorter page fits into one packet either way.
_LEAST_BYTES = 1000
#: A compromise: higher levels take several times as long for a few percent.
_LEVEL = 5
#: The most bytes that are added at random.
_MOST_RANDOM = 100


def accepts_gzip(incoming: Request) -> bool:
    """Return True if the browser accepts a response compressed with gzip."""
    return bool(incoming.accept_encodings["gzip"] > 0)


def compress_pages(app: Flask) -> None:
    """Make *app* compress HTML; to be called before other functions that change responses."""
    app.after_request(_compress)


def _compress(response: Response) -> Response:
    if response.mimetype != "text/html" or response.is_streamed or response.content_encoding:
        return response
    response.vary.add("Accept-Encoding")
    content = response.get_data()
    if len(content) < _LEAST_BYTES or not accepts_gzip(request):
        return response
    response.set_data(_compressed(content))
    response.content_encoding = "gzip"
    etag, _ = response.get_etag()
    if etag:
        # The bytes differ from those without compression; the content is the same.
        response.set_etag(etag, weak=True)
    return response


def _compressed(content: bytes) -> bytes:
    padding = secrets.token_hex(_MOST_RANDOM // 2)[: secrets.randbelow(_MOST_RANDOM + 1)]
    buffer = io.BytesIO()
    with gzip.GzipFile(padding, "wb", _LEVEL, buffer, mtime=0) as file:
        file.write(content)
    return buffer.getvalue()

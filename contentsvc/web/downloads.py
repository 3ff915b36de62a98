"""File names of downloads, in any language."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

__all__ = ["name_file"]


def name_file(response: Response, name: str, *, inline: bool = False) -> Response:
    """Name the file of *response*, for saving or, if *inline*, for showing it in the browser.

    Headers hold only ASCII, so the real name is encoded as RFC 6266 specifies.
    """
    plain = "".join(char if char.isascii() and char.isprintable() else "_" for char in name)
    plain = plain.replace('"', "_").replace("\\", "_")
    kind = "inline" if inline else "attachment"
    value = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = value
    return response

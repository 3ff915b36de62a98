"""Set the file name of a download, which may contain characters of any language."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

__all__ = ["name_file"]


def name_file(response: Response, name: str, *, inline: bool = False) -> Response:
    """Give a download the file name *name*; if *inline*, browsers show it and do not save it.

    Headers hold only ASCII, so the real name is encoded as RFC 6266 specifies.
    """
    plain = "".join(char if char.isascii() and char.isprintable() else "_" for char in name)
    plain = plain.replace('"', "_").replace("\\", "_")
    kind = "inline" if inline else "attachment"
    value = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = value
    return response

"""Names of files that a browser is given, in any language."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response

__all__ = ["name_file"]


def name_file(response: Response, name: str, *, inline: bool = False) -> Response:
    """Have a browser call the answer *name*: to keep it, or *inline* to show it.

    A header holds ASCII alone; the name itself travels as RFC 6266 has it.
    """
    plain = "".join(char if char.isascii() and char.isprintable() else "_" for char in name)
    plain = plain.replace('"', "_").replace("\\", "_")
    kind = "inline" if inline else "attachment"
    value = f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = value
    return response

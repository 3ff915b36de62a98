"""A small application behind the service's web server, for `test_web_worker.py`.

It listens where CONTENTSVC_PORT says. The file FOLDER/go lets slow requests finish.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from contentsvc.config import Config
from contentsvc.launcher.server import serve

_FOLDER = Path(sys.argv[1])


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond with the length of the body; `/slow` waits for a file, `/big` sends 5 MB."""
    body = environ["wsgi.input"].read()
    path = environ["PATH_INFO"]
    if path == "/slow":
        (_FOLDER / "begun").touch()
        while not (_FOLDER / "go").exists():
            time.sleep(0.02)
    content = b"x" * 5_000_000 if path == "/big" else f"{len(body)}".encode()
    start_response("200 OK", [("Content-Length", str(len(content)))])
    return [content]


if __name__ == "__main__":
    serve(Config.from_env(), lambda: application)

"""An administrator of the real service, who uses its pages without a browser."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.parse
import urllib.request
from collections.abc import Sequence

from tests.acceptance.running import PATIENCE, Service

__all__ = ["Administrator"]


class Administrator:
    """A signed-in administrator without a browser."""

    def __init__(self, service: Service) -> None:
        """Sign in with the link that the service printed."""
        self._url = service.url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        path = service.link.removeprefix(service.url)
        password = "a long enough secret"
        self.post(path, path, name="mei", password=password, repeated=password)

    def get(self, path: str) -> str:
        """Return a page."""
        with self._opener.open(f"{self._url}{path}", timeout=PATIENCE) as response:
            return str(response.read().decode())

    def post(self, page: str, path: str, **values: str) -> str:
        """Send the form on *page* to *path* and return the page that follows."""
        (token, *_) = re.findall(r'name="csrf_token" value="([^"]+)"', self.get(page))
        data = urllib.parse.urlencode({"csrf_token": token, **values}).encode()
        with self._opener.open(f"{self._url}{path}", data, timeout=PATIENCE) as response:
            return str(response.read().decode())

    def upload(self, pictures: Sequence[bytes]) -> str:
        """Upload pictures as the entry form does, and return the rows of the form."""
        token = re.findall(r'name="csrf_token" value="([^"]+)"', self.get("/account"))[0]
        line = "----a-boundary"
        head = f"--{line}\r\nContent-Disposition: form-data; name="
        body = f'{head}"csrf_token"\r\n\r\n{token}\r\n'.encode()
        for picture in pictures:
            body += f'{head}"upload"; filename="a.png"\r\n\r\n'.encode() + picture + b"\r\n"
        request = urllib.request.Request(f"{self._url}/uploads", body + f"--{line}--\r\n".encode())
        request.add_header("Content-Type", f"multipart/form-data; boundary={line}")
        with self._opener.open(request, timeout=PATIENCE) as response:
            return str(response.read().decode())

    def test(self, channel: str) -> str:
        """Send a test message and return the page that says what came of it."""
        return self.post(f"/channels/{channel}", f"/channels/{channel}/test")

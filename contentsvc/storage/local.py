"""Files by content hash in a local folder."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from contentsvc.errors import NotFoundError

__all__ = ["FileStorage"]

_HASH = re.compile(r"[0-9a-f]{64}")


class FileStorage:
    """Keeps bytes under their SHA-256, so that the same bytes are kept once."""

    def __init__(self, folder: Path) -> None:
        """Keep files below *folder*, which is made when the first is put."""
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep *content* durably and return its hash (64 hexadecimal digits)."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole or not at all: a reader never sees a file that is still being written.
        part = path.with_name(f".{digest}-{secrets.token_hex(4)}")
        try:
            with part.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return digest

    def get(self, digest: str) -> bytes:
        """Return the bytes of a hash; NotFoundError where there are none or they were damaged."""
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError(f"there is no stored file {digest[:12]}…") from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise NotFoundError(f"the stored file {digest[:12]}… is damaged")
        return content

    def delete(self, digest: str) -> None:
        """Drop the bytes of a hash; nothing happens where there are none."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if not _HASH.fullmatch(digest):
            raise NotFoundError(f"{digest!r} is not a content hash")
        return self.folder / digest[:2] / digest

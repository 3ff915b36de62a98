"""Store files by content hash in a local folder."""

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
    """A folder of files named by the SHA-256 of their content; equal content is stored once."""

    def __init__(self, folder: Path) -> None:
        """Create a storage in *folder*; the first call of `put` makes the folder if needed."""
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Store *content* durably and return its hash (64 hexadecimal digits)."""
        digest = hashlib.sha256(content).hexdigest()
        path = self._path(digest)
        if path.exists():
            return digest
        path.parent.mkdir(parents=True, exist_ok=True)
        # The rename is atomic: no reader sees a file that is still being written.
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
        """Return the content with the hash *digest*.

        Raises:
            NotFoundError: there is no such content, it is damaged, or *digest* is not a hash.
        """
        try:
            content = self._path(digest).read_bytes()
        except FileNotFoundError as error:
            raise NotFoundError("stored-file-missing", hash=digest[:12]) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise NotFoundError("stored-file-damaged", hash=digest[:12])
        return content

    def delete(self, digest: str) -> None:
        """Delete the content with the hash *digest*, if there is any."""
        self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        if not _HASH.fullmatch(digest):
            raise NotFoundError("not-a-content-hash", hash=digest)
        return self.folder / digest[:2] / digest

"""Make ZIP archives as streams, with only one member file in memory at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Member", "archive_size", "stream_archive"]

#: The timestamp of every member, the earliest in a ZIP, so that equal members make equal bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Bytes of a member's local header, of its central directory header, and of the end record,
#: without names (APPNOTE 4.3.7, 4.3.12, 4.3.16).
_LOCAL_HEADER, _DIRECTORY_HEADER, _END = 30, 46, 22
#: Larger archives use the ZIP64 format, whose size `archive_size` does not compute.
_MOST_MEMBERS, _MOST_BYTES = 65_535, 2**32 - 1
#: The Unix permissions of a plain file, in the upper 16 bits of the external attributes.
_MODE = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name, its size in bytes, and a function that reads it."""

    name: str
    size: int
    read: Callable[[], bytes]


def archive_size(members: Iterable[Member]) -> int | None:
    """Return the size in bytes of a ZIP archive of *members*; None if it needs the ZIP64 format.

    An archive needs that format from 65,535 members or 4 GB.
    """
    headers = _LOCAL_HEADER + _DIRECTORY_HEADER
    sizes = [headers + 2 * len(member.name.encode()) + member.size for member in members]
    total = sum(sizes) + _END
    return total if len(sizes) < _MOST_MEMBERS and total < _MOST_BYTES else None


def stream_archive(members: Iterable[Member]) -> Iterator[bytes]:
    """Yield the bytes of a ZIP archive of *members* in chunks; equal members give equal bytes.

    Members are stored uncompressed, because posters are compressed already.
    """
    buffer = _StreamBuffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # zipfile needs only these methods
        for member in members:
            entry = zipfile.ZipInfo(member.name, _EPOCH)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, member.read())
            yield buffer.take()
    yield buffer.take()


class _StreamBuffer:
    """A writable file that holds in memory only the data written since the last `take`."""

    def __init__(self) -> None:
        self._taken = 0
        self._position = 0
        self._pending = bytearray()

    def write(self, data: bytes) -> int:
        offset = self._position - self._taken
        self._pending[offset : offset + len(data)] = data
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        self._position = offset + (self._taken + len(self._pending) if whence else 0)
        return self._position

    def flush(self) -> None:
        """Do nothing: written data is available at once."""

    def take(self) -> bytes:
        """Return the data written since the last call of `take`."""
        data = bytes(self._pending)
        self._taken += len(data)
        self._pending.clear()
        return data

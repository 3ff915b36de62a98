"""ZIP files written while they are read: the memory holds one file of them at a time."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

__all__ = ["Member", "archive_size", "stream_archive"]

#: A ZIP's members carry this time, the earliest it knows, so that equal members give equal bytes.
_EPOCH = (1980, 1, 1, 0, 0, 0)
#: Bytes of a member's local head, of its line in the directory, and of the end (APPNOTE 4.3.7,
#: 4.3.12, 4.3.16), names left out.
_HEAD, _LINE, _END = 30, 46, 22
#: Beyond these a ZIP takes the 64-bit form, whose size is not told here.
_MOST_MEMBERS, _MOST_BYTES = 65_535, 2**32 - 1
#: Read and write for everybody, as a file that was not packed has; Unix keeps it in the upper half.
_MODE = 0o644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name, its bytes and how they are read."""

    name: str
    size: int
    read: Callable[[], bytes]


def archive_size(members: Iterable[Member]) -> int | None:
    """Return the bytes that `stream_archive` gives of *members*; None where it is very large."""
    sizes = [_HEAD + _LINE + 2 * len(each.name.encode()) + each.size for each in members]
    whole = sum(sizes) + _END
    return whole if len(sizes) < _MOST_MEMBERS and whole < _MOST_BYTES else None


def stream_archive(members: Iterable[Member]) -> Iterator[bytes]:
    """Give a ZIP piece by piece; the same members give the same bytes.

    Nothing is packed smaller: posters are compressed already.
    """
    window = _Window()
    with zipfile.ZipFile(window, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]  # all that it asks of a file
        for member in members:
            entry = zipfile.ZipInfo(member.name, _EPOCH)
            entry.external_attr, entry.create_system = _MODE, 3
            archive.writestr(entry, member.read())
            yield window.take()
    yield window.take()


class _Window:
    """The end of a file that is being written: what was taken from it is not changed any more."""

    def __init__(self) -> None:
        self._start = 0
        self._place = 0
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        at = self._place - self._start
        self._held[at : at + len(data)] = data
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def seek(self, place: int, whence: int = 0) -> int:
        self._place = place + (self._start + len(self._held) if whence else 0)
        return self._place

    def flush(self) -> None:
        """Nothing is kept back."""

    def take(self) -> bytes:
        """Give what was written since the last time."""
        data = bytes(self._held)
        self._start += len(data)
        self._held.clear()
        return data

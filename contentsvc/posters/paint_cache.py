"""Caches pictures, masks and partly painted posters (snapshots) in memory."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Hashable

from cachetools import LRUCache
from PIL import Image

from contentsvc.posters.snapshots import Snapshot, SnapshotFolder

__all__ = ["PaintCache"]

#: Bytes per pixel in Pillow's memory, by mode; Pillow pads RGB to four bytes.
_PIXEL_BYTES = {"L": 1, "RGB": 4, "RGBA": 4}
#: The most times that a snapshot is written to the folder. The second poster usually completes a
#: snapshot, but the snapshot keeps changing while somebody tries texts in the studio.
_MOST_WRITES = 3


class PaintCache:
    """A thread-safe memory cache of pictures, masks and partly painted posters (snapshots).

    If the pixels of all take more than *limit* bytes, the cache drops the least recently used.

    Callers share the cached pictures: copy a picture before you paint on it.

    Args:
        limit: the most bytes of pixels in the cache.
        folder: stores snapshots for other processes and later runs.
    """

    def __init__(self, limit: int = 48 * 1024 * 1024, folder: SnapshotFolder | None = None) -> None:
        self._folder = folder
        self._writes: Counter[Hashable] = Counter()
        self._cached: LRUCache[Hashable, Image.Image | Snapshot] = LRUCache(limit, _bytes_of)
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Return the memory that the cached pictures take, in bytes."""
        return round(self._cached.currsize)

    def get(self, key: Hashable, paint: Callable[[], Image.Image]) -> Image.Image:
        """Return the picture cached under *key*; on a miss, call *paint* and cache its result."""
        cached = self._find(key)
        if isinstance(cached, Image.Image):
            return cached
        picture = paint()
        self._store(key, picture)
        return picture

    def snapshot(self, key: Hashable) -> Snapshot | None:
        """Return the partly painted poster stored under *key* in memory or on disk, or None."""
        cached = self._find(key)
        if cached is None and self._folder:
            cached = self._folder.read(key)
            if cached is not None:
                self._store(key, cached)
        return cached if isinstance(cached, Snapshot) else None

    def store_snapshot(self, key: Hashable, snapshot: Snapshot) -> None:
        """Store a partly painted poster under *key*, in place of any earlier one."""
        with self._lock:
            replaced = self._cached.pop(key, None)
            is_new = not isinstance(replaced, Snapshot) or replaced.picture is not snapshot.picture
            self._writes[key] += is_new
            is_due = is_new and self._writes[key] <= _MOST_WRITES
        self._store(key, snapshot)
        if self._folder and is_due:
            self._folder.write(key, snapshot)

    def _find(self, key: Hashable) -> Image.Image | Snapshot | None:
        with self._lock:
            return self._cached.get(key)

    def _store(self, key: Hashable, part: Image.Image | Snapshot) -> None:
        with self._lock:
            if key not in self._cached and _bytes_of(part) <= self._cached.maxsize:
                self._cached[key] = part


def _bytes_of(part: Image.Image | Snapshot) -> int:
    picture = part.picture if isinstance(part, Snapshot) else part
    return picture.width * picture.height * _PIXEL_BYTES.get(picture.mode, 4)

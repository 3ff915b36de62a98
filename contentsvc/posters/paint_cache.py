"""Painted parts kept between posters, within a bound of memory."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable

from PIL import Image

from contentsvc.posters.snapshots import Snapshot, SnapshotFolder

__all__ = ["PaintCache"]

#: Bytes a pixel of each mode in use takes in Pillow's memory, where RGB is padded to four.
_PIXEL_BYTES = {"L": 1, "RGB": 4, "RGBA": 4}
#: A snapshot settles with the second poster of its kind; one that goes on changing, as while
#: somebody tries this word and that, is not written each time.
_WRITES = 3


class PaintCache:
    """The most recently used painted parts, up to *limit* bytes of pixels; safe among threads.

    What is kept is shared: whoever takes a picture out copies it before painting on it.

    Args:
        limit: in bytes.
        folder: keeps snapshots for other processes and for those that come later.
    """

    def __init__(self, limit: int = 48 * 1024 * 1024, folder: SnapshotFolder | None = None) -> None:
        self._folder = folder
        self._written: Counter[Hashable] = Counter()
        self._limit = limit
        self._used = 0
        self._kept: OrderedDict[Hashable, Image.Image | Snapshot] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Give the bytes in use."""
        return self._used

    def get(self, key: Hashable, paint: Callable[[], Image.Image]) -> Image.Image:
        """Give the picture that is kept under *key*, painting it first where it is not there."""
        found = self._find(key)
        if isinstance(found, Image.Image):
            return found
        picture = paint()
        self._keep(key, picture)
        return picture

    def snapshot(self, key: Hashable) -> Snapshot | None:
        """Give the snapshot that is kept under *key*, if it still is."""
        found = self._find(key)
        if found is None and self._folder:
            found = self._folder.read(key)
            if found is not None:
                self._keep(key, found)
        return found if isinstance(found, Snapshot) else None

    def store_snapshot(self, key: Hashable, snapshot: Snapshot) -> None:
        """Keep *snapshot* under *key* instead of what was there."""
        with self._lock:
            dropped = self._kept.pop(key, None)
            self._used -= _weigh(dropped) if dropped is not None else 0
            is_new = not isinstance(dropped, Snapshot) or dropped.picture is not snapshot.picture
            self._written[key] += is_new
            is_due = is_new and self._written[key] <= _WRITES
        self._keep(key, snapshot)
        if self._folder and is_due:
            self._folder.write(key, snapshot)

    def _find(self, key: Hashable) -> Image.Image | Snapshot | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def _keep(self, key: Hashable, kept: Image.Image | Snapshot) -> None:
        with self._lock:
            if key in self._kept or _weigh(kept) > self._limit:
                return
            self._kept[key] = kept
            self._used += _weigh(kept)
            while self._used > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._used -= _weigh(dropped)


def _weigh(kept: Image.Image | Snapshot) -> int:
    picture = kept.picture if isinstance(kept, Snapshot) else kept
    return picture.width * picture.height * _PIXEL_BYTES.get(picture.mode, 4)

"""Painted parts kept between posters, within a bound of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from PIL import Image

from contentsvc.posters.warning import PosterWarning

__all__ = ["PaintCache", "Snapshot"]

#: Bytes a pixel of each mode in use takes in Pillow's memory, where RGB is padded to four.
_PIXEL_BYTES = {"L": 1, "RGB": 4, "RGBA": 4}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A poster painted up to a layer, and the values it was painted with."""

    picture: Image.Image
    #: How many layers are on it.
    layers: int
    #: What each field held, and in the end what every field did that time.
    values: Mapping[str, Hashable]
    warnings: tuple[PosterWarning, ...]


class PaintCache:
    """The most recently used painted parts, up to *limit* bytes of pixels; safe among threads.

    What is kept is shared: whoever takes a picture out copies it before painting on it.
    """

    def __init__(self, limit: int = 48 * 1024 * 1024) -> None:
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
        return found if isinstance(found, Snapshot) else None

    def keep_snapshot(self, key: Hashable, snapshot: Snapshot) -> None:
        """Keep *snapshot* under *key* instead of what was there."""
        with self._lock:
            dropped = self._kept.pop(key, None)
            self._used -= _weigh(dropped) if dropped is not None else 0
        self._keep(key, snapshot)

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

"""Painted parts kept between posters, within a bound of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

from PIL import Image

__all__ = ["PaintCache"]

#: Bytes a pixel of each mode in use takes in Pillow's memory, where RGB is padded to four.
_PIXEL_BYTES = {"L": 1, "RGB": 4, "RGBA": 4}


class PaintCache:
    """The most recently used painted parts, up to *limit* bytes of pixels; safe among threads.

    What is kept is shared: whoever takes a picture out copies it before painting on it.
    """

    def __init__(self, limit: int = 48 * 1024 * 1024) -> None:
        self._limit = limit
        self._used = 0
        self._kept: OrderedDict[Hashable, Image.Image] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def used(self) -> int:
        """Give the bytes in use."""
        return self._used

    def get(self, key: Hashable, paint: Callable[[], Image.Image]) -> Image.Image:
        """Give what is kept under *key*, painting it first where it is not there."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        picture = paint()
        self._keep(key, picture)
        return picture

    def _keep(self, key: Hashable, picture: Image.Image) -> None:
        with self._lock:
            if key in self._kept or _weigh(picture) > self._limit:
                return
            self._kept[key] = picture
            self._used += _weigh(picture)
            while self._used > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._used -= _weigh(dropped)


def _weigh(picture: Image.Image) -> int:
    return picture.width * picture.height * _PIXEL_BYTES.get(picture.mode, 4)

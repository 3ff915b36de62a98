"""Snapshots, which are partly painted posters, and a folder that caches them."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zlib
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL
from PIL import Image

from contentsvc.posters.canvas_steps import Box4
from contentsvc.posters.warnings import PosterWarning

__all__ = ["Snapshot", "SnapshotFolder"]

_SUFFIX = ".snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A partly painted poster, and the field values of the last poster made from it."""

    picture: Image.Image
    #: The boxes that each painted layer covers, by the layer's index.
    layers: Mapping[int, tuple[Box4, ...]]
    #: The `repr` of the value of each field in the latest poster.
    values: Mapping[str, str]
    #: The warnings about the painted layers, by the layer's index.
    warnings: Mapping[int, Sequence[PosterWarning]]


class SnapshotFolder:
    """A folder of partly painted posters, limited to *limit* bytes.

    Above that, the least recently used are deleted. Pixels are stored uncompressed: reading 6 MB
    takes 4 ms, decoding a PNG of them 26 ms. Several processes may share a folder: each file is
    written under a temporary name and then moved. A file that is damaged, or that another version
    wrote, is ignored.

    Args:
        folder: created if it does not exist.
        version: the `ENGINE_VERSION`; snapshots of other versions are ignored.
        limit: the size of the folder in bytes; 1080 × 1920 pixels take 6 million bytes.
    """

    def __init__(self, folder: Path, version: int, limit: int = 384 * 1024 * 1024) -> None:
        self._folder = folder
        self._version = f"{version}/{PIL.__version__}"
        self._limit = limit

    def read(self, key: Hashable) -> Snapshot | None:
        """Return the snapshot stored under *key*, or None if it is missing or damaged."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            head, _, pixels = data.partition(b"\n")
            header: dict[str, Any] = json.loads(head)
            if header["crc"] != zlib.crc32(pixels):
                return None
            snapshot = _unpacked(header, pixels)
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None
        return snapshot

    def write(self, key: Hashable, snapshot: Snapshot) -> None:
        """Store *snapshot* under *key*; ignore disk errors, because snapshots are only a cache."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as temporary:
                pixels = snapshot.picture.tobytes()
                temporary.write(_head(snapshot, zlib.crc32(pixels)) + b"\n")
                temporary.write(pixels)
            Path(temporary.name).replace(self._path(key))
            self._drop_unused()

    def _path(self, key: Hashable) -> Path:
        name = hashlib.sha256(repr((self._version, key)).encode()).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"

    def _drop_unused(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob(f"*{_SUFFIX}")]
        used = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda pair: pair[0].st_mtime_ns):
            if used <= self._limit:
                return
            path.unlink(missing_ok=True)
            used -= stat.st_size


def _head(snapshot: Snapshot, crc: int) -> bytes:
    warning_data = {
        index: [warning.to_data() for warning in warnings]
        for index, warnings in snapshot.warnings.items()
    }
    header = {
        "crc": crc,
        "size": snapshot.picture.size,
        "layers": snapshot.layers,
        "values": snapshot.values,
        "warnings": warning_data,
    }
    return json.dumps(header).encode()


def _unpacked(header: dict[str, Any], pixels: bytes) -> Snapshot:
    width, height = header["size"]
    return Snapshot(
        Image.frombytes("RGB", (width, height), pixels),
        {
            int(index): tuple((box[0], box[1], box[2], box[3]) for box in boxes)
            for index, boxes in header["layers"].items()
        },
        {str(name): str(value) for name, value in header["values"].items()},
        {
            int(index): tuple(PosterWarning.from_data(warning) for warning in warnings)
            for index, warnings in header["warnings"].items()
        },
    )

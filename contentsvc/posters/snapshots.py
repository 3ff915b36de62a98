"""Half-painted posters kept in a folder, so that a new process need not paint what all share."""

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
    """A poster with some of its layers painted, and the values it was painted with."""

    picture: Image.Image
    #: The layers that are on it by their places, each with the boxes it was painted in.
    layers: Mapping[int, tuple[Box4, ...]]
    #: What each field held the last time, as `repr` writes it.
    values: Mapping[str, str]
    #: What is to be said of those layers.
    warnings: Mapping[int, Sequence[PosterWarning]]


class SnapshotFolder:
    """A folder of snapshots, the longest unused dropped beyond *limit* bytes.

    Pixels are kept as they are: reading 6 MB takes 4 ms, unpacking a PNG of them 26. Several
    processes may share a folder: files are written aside and moved into place, and what is damaged
    or of another version is as good as not there.

    Args:
        folder: made where it is missing.
        version: of the engine; what another one painted is not used.
        limit: in bytes; a poster of 1080 × 1920 takes 6 million.
    """

    def __init__(self, folder: Path, version: int, limit: int = 384 * 1024 * 1024) -> None:
        self._folder = folder
        self._version = f"{version}/{PIL.__version__}"
        self._limit = limit

    def read(self, key: Hashable) -> Snapshot | None:
        """Give the snapshot kept under *key*, if it is there and whole."""
        path = self._path(key)
        try:
            data = path.read_bytes()
            head, _, pixels = data.partition(b"\n")
            facts: dict[str, Any] = json.loads(head)
            if facts["crc"] != zlib.crc32(pixels):
                return None
            snapshot = _unpacked(facts, pixels)
            os.utime(path)
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
            return None
        return snapshot

    def write(self, key: Hashable, snapshot: Snapshot) -> None:
        """Keep *snapshot* under *key*; a full disk costs time, never a poster."""
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._folder, delete=False) as aside:
                pixels = snapshot.picture.tobytes()
                aside.write(_head(snapshot, zlib.crc32(pixels)) + b"\n")
                aside.write(pixels)
            Path(aside.name).replace(self._path(key))
            self._drop_unused()

    def _path(self, key: Hashable) -> Path:
        name = hashlib.sha256(repr((self._version, key)).encode()).hexdigest()
        return self._folder / f"{name}{_SUFFIX}"

    def _drop_unused(self) -> None:
        files = [(path.stat(), path) for path in self._folder.glob(f"*{_SUFFIX}")]
        used = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda each: each[0].st_mtime_ns):
            if used <= self._limit:
                return
            path.unlink(missing_ok=True)
            used -= stat.st_size


def _head(snapshot: Snapshot, crc: int) -> bytes:
    told = {
        place: [each.to_data() for each in warnings]
        for place, warnings in snapshot.warnings.items()
    }
    facts = {
        "crc": crc,
        "size": snapshot.picture.size,
        "layers": snapshot.layers,
        "values": snapshot.values,
        "warnings": told,
    }
    return json.dumps(facts).encode()


def _unpacked(facts: dict[str, Any], pixels: bytes) -> Snapshot:
    width, height = facts["size"]
    return Snapshot(
        Image.frombytes("RGB", (width, height), pixels),
        {
            int(place): tuple((box[0], box[1], box[2], box[3]) for box in boxes)
            for place, boxes in facts["layers"].items()
        },
        {str(name): str(value) for name, value in facts["values"].items()},
        {
            int(place): tuple(PosterWarning.from_data(each) for each in warnings)
            for place, warnings in facts["warnings"].items()
        },
    )

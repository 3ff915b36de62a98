"""A disk cache of finished posters, so that each poster is painted only once."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL

from contentsvc.posters.brand import Brand
from contentsvc.posters.encoding import Encoded, Format, encode
from contentsvc.posters.field_values import resolve_values
from contentsvc.posters.focus import split_focus
from contentsvc.posters.layer_pictures import Pictures, digest_of
from contentsvc.posters.painting.poster import ENGINE_VERSION, Poster
from contentsvc.posters.template.schema import Template
from contentsvc.posters.typesetting.fonts import Fonts
from contentsvc.posters.warnings import PosterWarning

__all__ = ["CachedPoster", "PosterCache", "poster_key"]

_HEAD_END = b"\n"


@dataclass(frozen=True, slots=True)
class CachedPoster:
    """A finished poster: its encoded bytes, size in pixels, alternative text and warnings."""

    encoded: Encoded
    size: tuple[int, int]
    alt: str
    warnings: tuple[PosterWarning, ...]


def poster_key(
    template: Template,
    fields: Mapping[str, object],
    *,
    brand: Brand,
    pictures: Pictures,
    fonts: Fonts,
    size: str,
    kind: Format,
    max_bytes: int | None = None,
    defaults: Mapping[str, object] | None = None,
) -> str:
    """Return the cache key of a poster: a hash of all its inputs, including its pictures' content.

    Raises:
        RenderError: a required field is missing or a value is of the wrong kind.
    """
    values, warnings = resolve_values(template, fields, defaults or {}, brand)
    facts = [
        ENGINE_VERSION,
        PIL.__version__,
        template.digest,
        brand.model_dump(),
        fonts.key,
        [size, kind, max_bytes],
        {name: values.fields[name] for name in template.fields},
        [warning.to_data() for warning in warnings],
        [digest_of(name, pictures).hex() for name in _pictures(template, size, brand, values.text)],
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _pictures(
    template: Template, size: str, brand: Brand, text: Callable[[str], str]
) -> Iterator[str]:
    """Yield the names of the stored pictures on a poster.

    *text* is a function that returns the value of a field. Art drawn by code is left out, since the
    engine version covers it.
    """
    names = [
        split_focus(text(name))[0] for name, spec in template.fields.items() if spec.type == "image"
    ]
    names += [getattr(layer, "source", None) or "" for layer in template.by_size[size]]
    names.append(brand.logo or "")
    yield from (name for name in names if name and not name.startswith(("art:", "brand:")))


class PosterCache:
    """A folder of finished posters, limited to *limit* bytes.

    Above that, the least recently used are deleted. Several processes may share a folder: each file
    is written under a temporary name and then moved, and a file that another process deleted counts
    as a cache miss.
    """

    def __init__(self, folder: Path, limit: int = 512 * 1024 * 1024) -> None:
        self._folder = folder
        self._limit = limit

    def get(
        self, key: str, kind: Format, max_bytes: int | None, paint: Callable[[], Poster]
    ) -> CachedPoster:
        """Return the poster stored under *key*. If there is none, paint, encode and store it.

        Raises:
            RenderError: the poster cannot be painted, or not be encoded within *max_bytes*.
        """
        path = self._folder / key[:2] / key
        cached = _read(path)
        if cached is not None:
            return cached
        poster = paint()
        encoded = encode(poster.image, kind, max_bytes)
        poster_file = CachedPoster(encoded, poster.image.size, poster.alt, poster.warnings)
        # A full disk makes later requests slower, but the poster is served.
        with suppress(OSError):
            _write(path, poster_file)
            self._drop_unused()
        return poster_file

    def _drop_unused(self) -> None:
        files = [(path.stat().st_mtime_ns, path.stat().st_size, path) for path in self._files()]
        used = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if used <= self._limit:
                return
            path.unlink(missing_ok=True)
            used -= size

    def _files(self) -> Iterator[Path]:
        return (path for path in self._folder.glob("??/*") if len(path.name) == 64)  # noqa: PLR2004 - the digits of a SHA-256


def _read(path: Path) -> CachedPoster | None:
    """Return the poster in the file *path*, or None if the file is missing or damaged."""
    try:
        head, end, data = path.read_bytes().partition(_HEAD_END)
        facts: dict[str, Any] = json.loads(head)
        if not end or hashlib.sha256(data).hexdigest() != facts["sha256"]:
            return None
        os.utime(path)
        return CachedPoster(
            Encoded(data, facts["media_type"], facts["quality"]),
            (facts["size"][0], facts["size"][1]),
            facts["alt"],
            tuple(PosterWarning.from_data(warning) for warning in facts["warnings"]),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None


def _write(path: Path, poster_file: CachedPoster) -> None:
    facts = {
        "sha256": hashlib.sha256(poster_file.encoded.data).hexdigest(),
        "media_type": poster_file.encoded.media_type,
        "quality": poster_file.encoded.quality,
        "size": poster_file.size,
        "alt": poster_file.alt,
        "warnings": [warning.to_data() for warning in poster_file.warnings],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as temporary:
        temporary.write(json.dumps(facts).encode() + _HEAD_END + poster_file.encoded.data)
    Path(temporary.name).replace(path)

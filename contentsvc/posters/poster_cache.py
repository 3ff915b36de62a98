"""Finished posters kept on disk: the same inputs are painted once."""

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
    """A finished poster: its bytes, its alternative text and what is to be said of it."""

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
    """Name a poster by all that it is made of, the pictures by their content.

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
    """Name the stored pictures of a poster; the version of the engine stands for art."""
    names = [
        split_focus(text(name))[0] for name, spec in template.fields.items() if spec.type == "image"
    ]
    names += [getattr(layer, "source", None) or "" for layer in template.by_size[size]]
    names.append(brand.logo or "")
    yield from (name for name in names if name and not name.startswith(("art:", "brand:")))


class PosterCache:
    """A folder of finished posters, the longest unused dropped beyond *limit* bytes.

    Several processes may share one: files are written aside and moved into place, and one that
    another process dropped in the meantime is as good as never kept.
    """

    def __init__(self, folder: Path, limit: int = 512 * 1024 * 1024) -> None:
        self._folder = folder
        self._limit = limit

    def get(
        self, key: str, kind: Format, max_bytes: int | None, paint: Callable[[], Poster]
    ) -> CachedPoster:
        """Give the poster *key* (see `poster_key`), painting and encoding it where it is not kept.

        Raises:
            RenderError: it cannot be painted, or not be encoded within *max_bytes*.
        """
        path = self._folder / key[:2] / key
        found = _read(path)
        if found is not None:
            return found
        poster = paint()
        encoded = encode(poster.image, kind, max_bytes)
        kept = CachedPoster(encoded, poster.image.size, poster.alt, poster.warnings)
        # A full disk costs time, never a poster.
        with suppress(OSError):
            _write(path, kept)
            self._drop_unused()
        return kept

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
    """Read a kept poster; a damaged file is as good as none, and is painted anew."""
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


def _write(path: Path, kept: CachedPoster) -> None:
    facts = {
        "sha256": hashlib.sha256(kept.encoded.data).hexdigest(),
        "media_type": kept.encoded.media_type,
        "quality": kept.encoded.quality,
        "size": kept.size,
        "alt": kept.alt,
        "warnings": [warning.to_data() for warning in kept.warnings],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as aside:
        aside.write(json.dumps(facts).encode() + _HEAD_END + kept.encoded.data)
    Path(aside.name).replace(path)

"""The poster studio: posters painted while a person types, within bounds of time and memory."""

from __future__ import annotations

import hashlib
import io
import logging
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PIL import Image

from contentsvc.errors import ContentsvcError, RenderError
from contentsvc.posters import CachedPoster, Format, Poster, PosterCache, Template
from contentsvc.services.rendering.painting import Painter, PosterRequest
from contentsvc.services.runtime import Runtime

__all__ = ["FORMATS", "Bounds", "Sketch", "Studio", "StudioBusyError", "file_name", "with_samples"]

logger = logging.getLogger(__name__)

#: What a poster can be downloaded as, and the ending of its file.
FORMATS: Mapping[Format, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
#: Pixels across of what is shown beside the form, and in the gallery.
_SKETCH, _THUMBNAIL = 720, 360
#: Sketches and thumbnails on disk, in bytes.
_KEPT = 64 * 1024 * 1024
#: Characters of a template's name and of a poster's words in the name of its file.
_LONGEST_PART = 24


class StudioBusyError(RenderError):
    """Other posters are being painted; try again in a moment."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one poster may take."""

    #: Posters painted at once, in one process.
    at_once: int = 2
    #: Seconds to wait for a place.
    wait: float = 6
    #: Seconds of painting.
    time: float = 15
    #: Of the canvas; a poster of 1080 × 1920 has two million.
    pixels: int = 9_000_000


@dataclass(frozen=True, slots=True)
class Sketch:
    """A poster as it is shown beside its form."""

    kept: CachedPoster
    #: Fields that show sample words, because the form says nothing for them.
    sampled: tuple[str, ...]


class Studio:
    """Paints for the studio; one for each process, so that the bounds hold for all requests."""

    def __init__(
        self, runtime: Runtime, painter: Painter | None = None, bounds: Bounds | None = None
    ) -> None:
        """Paint by *painter*, sharing its fonts and finished posters."""
        self.painter = painter or Painter(runtime)
        self._bounds = bounds or Bounds()
        self._places = threading.BoundedSemaphore(self._bounds.at_once)
        self._sketches = PosterCache(runtime.config.data_dir / "studio", _KEPT)

    def thumbnail(self, template: Template, brand: str | None) -> CachedPoster:
        """Return a template's small picture with its sample words; RenderError."""
        request = PosterRequest(
            template, template.samples(), template.sizes[0], "jpeg", brand=brand
        )
        return self._reduced(request, _THUMBNAIL)

    def thumbnail_key(self, template: Template, brand: str | None) -> str:
        """Name a template's small picture by its content, without painting it; RenderError."""
        request = PosterRequest(
            template, template.samples(), template.sizes[0], "jpeg", brand=brand
        )
        return self.painter.key(request)[:16]

    def sketch(self, request: PosterRequest, *, samples: bool = False) -> Sketch:
        """Return a poster as the form says it, reduced; with *samples* for what is left empty.

        Raises:
            StudioBusyError: others are being painted.
            RenderError: it cannot be painted; the field at fault is named.
        """
        sampled: tuple[str, ...] = ()
        if samples:
            request, sampled = with_samples(request)
        kept = self._reduced(replace(request, kind="jpeg", max_bytes=None), _SKETCH)
        told = tuple(warning for warning in kept.warnings if warning.field not in sampled)
        return Sketch(replace(kept, warnings=told), sampled)

    def finish(self, request: PosterRequest) -> CachedPoster:
        """Return the poster itself, as a channel would get it; raises as `sketch` does."""
        return self.painter.make(request, self._paint)

    def bundle(self, requests: Sequence[tuple[str, PosterRequest]]) -> bytes:
        """Return a ZIP of posters, each under its file's name; raises as `sketch` does."""
        out = io.BytesIO()
        # Pictures are compressed already.
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
            for name, request in requests:
                bundle.writestr(name, self.finish(request).encoded.data)
        return out.getvalue()

    def _reduced(self, request: PosterRequest, width: int) -> CachedPoster:
        key = hashlib.sha256(f"{self.painter.key(request)}@{width}".encode()).hexdigest()

        def paint() -> Poster:
            poster = self._paint(request)
            return replace(poster, image=_reduce(poster.image, width))

        return self._sketches.get(key, request.kind, None, paint)

    def _paint(self, request: PosterRequest) -> Poster:
        variant = request.template.variants.get(request.size)
        if variant and variant.size[0] * variant.size[1] > self._bounds.pixels:
            most = self._bounds.pixels // 1_000_000
            raise RenderError(
                f"{variant.size[0]} × {variant.size[1]} pixels are more than the {most} million "
                "that the studio paints; use `contentsvc posters render`"
            )
        with self._place():
            try:
                return self.painter.paint(request, self._watch())
            except ContentsvcError:
                raise
            except Exception as error:
                raise _unforeseen(request, error) from error

    def _watch(self) -> Callable[[], None]:
        most = self._bounds.time
        end = time.monotonic() + most

        def watch() -> None:
            if time.monotonic() > end:
                raise RenderError(f"the template takes more than {most:g} seconds to paint")

        return watch

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._places.acquire(timeout=self._bounds.wait):
            raise StudioBusyError("other posters are being painted; try again in a moment")
        try:
            yield
        finally:
            self._places.release()


def _unforeseen(request: PosterRequest, error: Exception) -> RenderError:
    """Return what a person reads where a template or a picture fails the painter itself."""
    logger.error(
        "A poster could not be painted",
        exc_info=error,
        extra={"action": "poster_failed", "template": request.template.id, "size": request.size},
    )
    return RenderError(f"it could not be painted ({type(error).__name__}); it is in the log")


def with_samples(request: PosterRequest) -> tuple[PosterRequest, tuple[str, ...]]:
    """Put a template's sample words where the form says nothing, and name those fields."""
    given = {**request.defaults, **{name: text for name, text in request.fields.items() if text}}
    empty = tuple(
        name
        for name, spec in request.template.fields.items()
        if spec.sample and not (given.get(name) or given.get(spec.source or ""))
    )
    samples = {name: request.template.fields[name].sample for name in empty}
    return replace(request, fields={**request.fields, **samples}), empty


def file_name(request: PosterRequest, words: str) -> str:
    """Return what a poster's file is called: its template, its first words and its size."""
    parts = [request.template.name.zh, words, request.size]
    plain = [re.sub(r"[^\w-]+", "", part)[:_LONGEST_PART] for part in parts]
    return "-".join(filter(None, plain)) + f".{FORMATS[request.kind]}"


def _reduce(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(round(image.height * width / image.width), 1)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)

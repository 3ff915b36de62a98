"""The poster studio, which paints posters while a person types, with limits on time and memory."""

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
from contentsvc.posters import (
    CachedPoster,
    Format,
    Poster,
    PosterCache,
    Template,
    least_bytes,
)
from contentsvc.services.rendering.painting import Painter, PosterRequest
from contentsvc.services.runtime import Runtime

__all__ = [
    "FORMATS",
    "Bounds",
    "Sketch",
    "Studio",
    "StudioBusyError",
    "file_name",
    "fit_bytes",
    "with_samples",
]

logger = logging.getLogger(__name__)

#: The formats in which a poster can be downloaded, with the endings of their files.
FORMATS: Mapping[Format, str] = {"png": "png", "jpeg": "jpg", "webp": "webp"}
#: Width in pixels of a sketch beside the form, and of a thumbnail in the gallery.
_SKETCH, _THUMBNAIL = 720, 200
#: Their format: at the same quality, half as large as JPEG.
_REDUCED: Format = "webp"
#: The most bytes of a sketch and of a thumbnail, so that the studio's page and the gallery of
#: fifteen templates stay under 200 KB.
_SKETCH_BYTES, _THUMBNAIL_BYTES = 100_000, 6_400
#: A sketch is never made narrower than this to save bytes.
_NARROWEST = 120
#: The most bytes of sketches and thumbnails that are cached on disk.
_CACHE_BYTES = 64 * 1024 * 1024
#: The most characters of each part of a file name.
_LONGEST_PART = 24


class StudioBusyError(RenderError):
    """Raised if the studio is already painting the maximum number of posters. Try again later."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The studio's limits: simultaneous posters, waiting time, painting time and pixels."""

    #: The most posters that one process paints at the same time.
    at_once: int = 2
    #: Seconds that a request waits for other posters to be painted.
    wait: float = 6
    #: Seconds that painting one poster may take.
    time: float = 15
    #: The most pixels of a poster; 1080 × 1920 has two million.
    pixels: int = 9_000_000


@dataclass(frozen=True, slots=True)
class Sketch:
    """A poster in reduced size, for a page that shows it beside the poster's form."""

    poster: CachedPoster
    #: Fields that show sample text because they are empty in the form.
    sampled: tuple[str, ...]


class Studio:
    """Paints posters while people edit them in the web interface.

    All requests of a process share one Studio, so that its limits apply to them together.
    """

    def __init__(
        self, runtime: Runtime, painter: Painter | None = None, bounds: Bounds | None = None
    ) -> None:
        """Create a studio. It uses the caches of *painter*, or of a new painter."""
        self.painter = painter or Painter(runtime)
        self._bounds = bounds or Bounds()
        self._slots = threading.BoundedSemaphore(self._bounds.at_once)
        self._sketches = PosterCache(runtime.config.data_dir / "studio", _CACHE_BYTES)

    def thumbnail(self, template: Template, brand: str | None) -> CachedPoster:
        """Paint a small picture of *template* with its sample texts.

        Raises:
            RenderError: it cannot be painted.
        """
        request = PosterRequest(
            template, template.samples(), template.sizes[0], _REDUCED, brand=brand
        )
        return self._reduced(request, _THUMBNAIL, _THUMBNAIL_BYTES)

    def thumbnail_key(self, template: Template, brand: str | None) -> str:
        """Return a cache key that changes if the thumbnail of *template* would look different.

        The thumbnail is not painted.

        Raises:
            RenderError: the brand or a picture of the template is missing.
        """
        request = PosterRequest(
            template, template.samples(), template.sizes[0], _REDUCED, brand=brand
        )
        return self.painter.key(request)[:16]

    def sketch(self, request: PosterRequest, *, samples: bool = False) -> Sketch:
        """Paint a poster in reduced size. If *samples* is true, empty fields show sample text.

        Raises:
            StudioBusyError: too many posters are being painted.
            RenderError: the poster cannot be painted; `field` names the field at fault.
        """
        sampled: tuple[str, ...] = ()
        if samples:
            request, sampled = with_samples(request)
        request = replace(request, kind=_REDUCED, max_bytes=None)
        poster = self._reduced(request, _SKETCH, _SKETCH_BYTES)
        warnings = tuple(warning for warning in poster.warnings if warning.field not in sampled)
        return Sketch(replace(poster, warnings=warnings), sampled)

    def finish(self, request: PosterRequest) -> CachedPoster:
        """Paint a poster in full size, as a channel would get it.

        Raises:
            StudioBusyError: too many posters are being painted.
            RenderError: a poster cannot be painted; `field` names the field at fault.
        """
        return self.painter.make(request, self._paint)

    def bundle(self, requests: Sequence[tuple[str, PosterRequest]]) -> bytes:
        """Paint one poster for each pair of file name and request; return a ZIP file of them.

        Raises:
            StudioBusyError: too many posters are being painted.
            RenderError: a poster cannot be painted; `field` names the field at fault.
        """
        out = io.BytesIO()
        # Pictures are compressed already.
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
            for name, request in requests:
                bundle.writestr(name, self.finish(request).encoded.data)
        return out.getvalue()

    def _reduced(self, request: PosterRequest, width: int, most: int) -> CachedPoster:
        key = hashlib.sha256(f"{self.painter.key(request)}@{width}".encode()).hexdigest()

        def paint() -> Poster:
            poster = self._paint(request)
            return replace(poster, image=fit_bytes(poster.image, width, most))

        return self._sketches.get(key, request.kind, most, paint)

    def _paint(self, request: PosterRequest) -> Poster:
        variant = request.template.variants.get(request.size)
        if variant and variant.size[0] * variant.size[1] > self._bounds.pixels:
            width, height = variant.size
            most = self._bounds.pixels // 1_000_000
            raise RenderError("studio-too-large", width=width, height=height, most=most)
        with self._slot():
            try:
                return self.painter.paint(request, self._watch())
            except ContentsvcError:
                raise
            except Exception as error:
                raise _unexpected(request, error) from error

    def _watch(self) -> Callable[[], None]:
        most = self._bounds.time
        end = time.monotonic() + most

        def watch() -> None:
            if time.monotonic() > end:
                raise RenderError("studio-too-slow", most=most)

        return watch

    @contextmanager
    def _slot(self) -> Iterator[None]:
        if not self._slots.acquire(timeout=self._bounds.wait):
            raise StudioBusyError("studio-busy")
        try:
            yield
        finally:
            self._slots.release()


def _unexpected(request: PosterRequest, error: Exception) -> RenderError:
    """Log an unexpected error of the painter; return the error to show to people."""
    logger.error(
        "A poster could not be painted",
        exc_info=error,
        extra={"action": "poster_failed", "template": request.template.id, "size": request.size},
    )
    return RenderError("studio-failed", reason=type(error).__name__)


def with_samples(request: PosterRequest) -> tuple[PosterRequest, tuple[str, ...]]:
    """Return *request* with sample text in its empty fields, and the names of these fields."""
    filled = {**request.defaults, **{name: text for name, text in request.fields.items() if text}}
    empty = tuple(
        name
        for name, spec in request.template.fields.items()
        if spec.sample and not (filled.get(name) or filled.get(spec.source or ""))
    )
    samples = {name: request.template.fields[name].sample for name in empty}
    return replace(request, fields={**request.fields, **samples}), empty


def file_name(request: PosterRequest, text: str) -> str:
    """Return a file name for a poster, made of the template's name, *text* and the size."""
    parts = [request.template.name.zh, text, request.size]
    plain = [re.sub(r"[^\w-]+", "", part)[:_LONGEST_PART] for part in parts]
    return "-".join(filter(None, plain)) + f".{FORMATS[request.kind]}"


def fit_bytes(image: Image.Image, width: int, most: int) -> Image.Image:
    """Reduce *image* to a width of at most *width* pixels, or less if it exceeds *most* bytes.

    The bytes are those at the lowest quality.
    """
    reduced = _reduce(image, width)
    while reduced.width > _NARROWEST and (least := least_bytes(reduced, _REDUCED)) > most:
        # Not narrower than needed: the bytes grow a little slower than the area.
        share = max(3 / 4, (most / least) ** 0.7)
        reduced = _reduce(image, min(int(reduced.width * share), reduced.width - 1))
    return reduced


def _reduce(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    height = max(round(image.height * width / image.width), 1)
    return image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3)

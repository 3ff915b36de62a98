"""Paints posters with their brand and fonts, and caches the results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from contentsvc.config import shipped
from contentsvc.errors import NotFoundError
from contentsvc.posters import (
    Brand,
    CachedPoster,
    Fonts,
    Format,
    Library,
    PaintCache,
    Poster,
    PosterCache,
    Template,
    brand_fonts,
    poster_key,
    render,
    shared_cache,
)
from contentsvc.services.rendering.branding import find_brand
from contentsvc.services.runtime import Runtime

__all__ = ["UPLOAD", "Painter", "PosterRequest", "asset_path", "asset_pictures", "template_folders"]

#: The prefix of a reference to an uploaded picture.
UPLOAD = "sha256:"
_PICTURES = {".png", ".jpg", ".jpeg", ".webp"}


def asset_path(folders: Sequence[Path], name: str) -> Path:
    """Return the path of the file *name* in the first of *folders* that contains it.

    Raises:
        NotFoundError: no folder has it, or the name leads out of the folder.
    """
    for folder in folders:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    raise NotFoundError("asset-picture-missing", field="pictures", name=name)


def asset_pictures(folders: Sequence[Path], most: int) -> list[str]:
    """Return the relative paths of the first *most* picture files in *folders*, sorted."""
    names = {
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in _PICTURES and path.is_file()
    }
    return sorted(names)[:most]


def template_folders(runtime: Runtime) -> list[Path]:
    """Return the folders with poster templates: the team's, then plugins', then contentsvc's."""
    shipped_assets = shipped("assets").resolve()
    folders = [folder for folder in runtime.config.asset_folders() if folder != shipped_assets]
    own = [folder / "posters" for folder in folders]
    return [*own, *runtime.registry.poster_folders(), shipped_assets / "posters"]


@dataclass(frozen=True, slots=True)
class PosterRequest:
    """A request for one poster: its template, fields, size and file format."""

    template: Template
    fields: Mapping[str, object]
    size: str
    kind: Format = "png"
    max_bytes: int | None = None
    #: The name of a brand kit; None for the default brand.
    brand: str | None = None
    #: Values of fields that are empty.
    defaults: Mapping[str, object] = field(default_factory=dict)
    #: The community's name, which stands on the poster if the brand kit has no name.
    community: str = ""


class Painter:
    """Paints posters. It caches templates, fonts and, on disk, finished posters."""

    def __init__(self, runtime: Runtime) -> None:
        """Create a painter that finds templates, brands and pictures in the configured folders."""
        self._runtime = runtime
        self._folders = runtime.config.asset_folders()
        self.library = Library(template_folders(runtime))
        self._fonts: dict[str | None, Fonts] = {}
        self._shelf = PosterCache(runtime.config.data_dir / "posters")
        # A render worker forks for every job; forks share painted layers through this folder.
        self._cache = shared_cache(runtime.config.data_dir / "posters" / "layers")

    @property
    def cache(self) -> PaintCache:
        """The cache of painted layers, for callers of the painting functions."""
        return self._cache

    def template(self, name: str) -> Template:
        """Return the poster template with the id *name*.

        Raises:
            RenderError: there is no such template, or it is broken.
        """
        return self.library.load(name)

    def brand(self, name: str | None = None) -> Brand:
        """Return the brand kit *name*, or the default brand if *name* is None.

        Raises:
            RenderError: there is no such brand, or it is broken.
        """
        return find_brand(self._folders, name)

    def _brand_of(self, request: PosterRequest) -> Brand:
        return self.brand(request.brand).named(request.community)

    def fonts(self, brand: Brand) -> Fonts:
        """Return the opened fonts of *brand*. Later calls return the same fonts.

        Raises:
            RenderError: no font can be read.
        """
        if brand.fonts not in self._fonts:
            self._fonts[brand.fonts] = brand_fonts(brand, self._folders)
        return self._fonts[brand.fonts]

    def picture_bytes(self, source: str) -> bytes:
        """Return the content of the picture *source*: an upload, or an asset file.

        Raises:
            LookupError: there is no such picture.
        """
        try:
            if source.startswith(UPLOAD):
                return self._runtime.storage.get(source.removeprefix(UPLOAD))
            return asset_path(self._folders, source).read_bytes()
        except NotFoundError as error:
            raise LookupError(error.message) from error

    def paint(self, request: PosterRequest, watch: Callable[[], None] | None = None) -> Poster:
        """Paint the poster that *request* describes and return it.

        *watch* is called before each layer. If it raises an exception, painting ends with it.

        Raises:
            RenderError: the poster cannot be painted; `field` names the field at fault.
        """
        brand = self._brand_of(request)
        return render(
            request.template,
            request.fields,
            brand=brand,
            pictures=self.picture_bytes,
            fonts=self.fonts(brand),
            size=request.size,
            defaults=request.defaults,
            cache=self._cache,
            watch=watch,
        )

    def key(self, request: PosterRequest) -> str:
        """Return a poster's cache key: a hash of its template, texts, brand, pictures and format.

        Raises:
            RenderError: the poster cannot be painted.
        """
        brand = self._brand_of(request)
        return poster_key(
            request.template,
            request.fields,
            brand=brand,
            pictures=self.picture_bytes,
            fonts=self.fonts(brand),
            size=request.size,
            kind=request.kind,
            max_bytes=request.max_bytes,
            defaults=request.defaults,
        )

    def make(
        self, request: PosterRequest, paint: Callable[[PosterRequest], Poster] | None = None
    ) -> CachedPoster:
        """Return the finished poster for *request*, from the disk cache if possible.

        *paint* replaces the method `paint`, for a caller that limits or changes the painting.

        Raises:
            RenderError: the poster cannot be painted, or does not fit in `max_bytes` bytes.
        """
        if request.size not in request.template.variants:
            # `paint` raises an error that lists the sizes.
            self.paint(request)
        painter = paint or self.paint
        return self._shelf.get(
            self.key(request), request.kind, request.max_bytes, lambda: painter(request)
        )

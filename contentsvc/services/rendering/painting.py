"""Posters painted once each: with their brand, its fonts, and what was painted before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
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

#: The reference of an upload begins with this.
UPLOAD = "sha256:"
_PICTURES = {".png", ".jpg", ".jpeg", ".webp"}


def asset_path(folders: Sequence[Path], name: str) -> Path:
    """Return the file *name* below the first of *folders* that has it.

    Raises:
        NotFoundError: none has it, or the name leads out of the folder.
    """
    for folder in folders:
        path = (folder / name).resolve()
        if path.is_relative_to(folder.resolve()) and path.is_file():
            return path
    raise NotFoundError(f"there is no picture {name!r} in the assets folder", field="pictures")


def asset_pictures(folders: Sequence[Path], most: int) -> list[str]:
    """Return the names of the assets' pictures, as entries and posters name them."""
    found = (
        path.relative_to(folder).as_posix()
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in _PICTURES and path.is_file()
    )
    return sorted(set(islice(found, most)))


def template_folders(runtime: Runtime) -> list[Path]:
    """Return where poster templates are looked for: the team's own, plugins', then the shipped."""
    shipped_assets = shipped("assets").resolve()
    folders = [folder for folder in runtime.config.asset_folders() if folder != shipped_assets]
    own = [folder / "posters" for folder in folders]
    return [*own, *runtime.registry.poster_folders(), shipped_assets / "posters"]


@dataclass(frozen=True, slots=True)
class PosterRequest:
    """One poster to be made, and the file it becomes."""

    template: Template
    fields: Mapping[str, object]
    size: str
    kind: Format = "png"
    max_bytes: int | None = None
    #: A brand kit's name; None means the assets' own.
    brand: str | None = None
    #: Values for what the fields leave empty.
    defaults: Mapping[str, object] = field(default_factory=dict)


class Painter:
    """Paints posters; keeps templates, fonts and, on disk, what is finished."""

    def __init__(self, runtime: Runtime) -> None:
        """Look for assets where the settings say."""
        self._runtime = runtime
        self._folders = runtime.config.asset_folders()
        self.library = Library(template_folders(runtime))
        self._fonts: dict[str | None, Fonts] = {}
        self._shelf = PosterCache(runtime.config.data_dir / "posters")
        # A render worker forks for each batch, and a fork finds here what the one before painted.
        self._cache = shared_cache(runtime.config.data_dir / "posters" / "layers")

    @property
    def cache(self) -> PaintCache:
        """Return what it keeps of half-painted posters, for who paints by itself."""
        return self._cache

    def template(self, name: str) -> Template:
        """Return a template; RenderError where there is none or it is broken."""
        return self.library.load(name)

    def brand(self, name: str | None = None) -> Brand:
        """Return a brand kit, the assets' own where none is named; RenderError without it."""
        return find_brand(self._folders, name)

    def fonts(self, brand: Brand) -> Fonts:
        """Return a brand's fonts, opened once; RenderError where none can be read."""
        if brand.fonts not in self._fonts:
            self._fonts[brand.fonts] = brand_fonts(brand, self._folders)
        return self._fonts[brand.fonts]

    def picture_bytes(self, source: str) -> bytes:
        """Return a picture's bytes: an upload by its hash, or a file of the assets.

        Raises:
            LookupError: there is none.
        """
        try:
            if source.startswith(UPLOAD):
                return self._runtime.storage.get(source.removeprefix(UPLOAD))
            return asset_path(self._folders, source).read_bytes()
        except NotFoundError as error:
            raise LookupError(str(error)) from error

    def paint(self, request: PosterRequest, watch: Callable[[], None] | None = None) -> Poster:
        """Paint a poster; RenderError with the field at fault where it cannot be painted.

        *watch* is called before each layer, and ends the painting by what it raises.
        """
        brand = self.brand(request.brand)
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
        """Name a poster by all that it is made of; RenderError where it cannot be painted."""
        brand = self.brand(request.brand)
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
        """Return a finished poster; the same request is painted once.

        *paint* paints in this painter's place, where a caller bounds or changes it.

        Raises:
            RenderError: it cannot be painted, or not be encoded within its bytes.
        """
        if request.size not in request.template.variants:
            # The painter's words say which sizes there are.
            self.paint(request)
        work = paint or self.paint
        return self._shelf.get(
            self.key(request), request.kind, request.max_bytes, lambda: work(request)
        )

"""Posters and pictures of an entry: from its template, its uploads and the assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from contentsvc.channels import Notice, NoticeState, Picture, RenditionWarning, WarningLevel
from contentsvc.config import shipped
from contentsvc.db.models import Upload
from contentsvc.domain.entries import PictureRef
from contentsvc.errors import NotFoundError, RenderError
from contentsvc.posters import (
    Brand,
    Fonts,
    PosterWarning,
    Template,
    clean_picture,
    encode,
    load_brand,
    load_template,
    render,
)
from contentsvc.services.pieces import Piece
from contentsvc.services.runtime import Runtime

__all__ = ["PosterMaker", "Press", "asset_path", "poster_defaults", "template_folders"]

#: The reference of an upload begins with this.
UPLOAD = "sha256:"
_FORMATS = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_WEEKDAYS = "一二三四五六日"
_STATES = {
    NoticeState.BEFORE: "直播预告",
    NoticeState.TOMORROW: "明天开播",
    NoticeState.NOW: "正在直播",
    NoticeState.REPLAY: "精彩回放",
}


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


def template_folders(runtime: Runtime) -> list[Path]:
    """Return where poster templates are looked for: the team's own, plugins', then the shipped."""
    shipped_assets = shipped("assets").resolve()
    folders = [folder for folder in runtime.config.asset_folders() if folder != shipped_assets]
    own = [folder / "posters" for folder in folders]
    return [*own, *runtime.registry.poster_folders(), shipped_assets / "posters"]


def poster_defaults(piece: Piece) -> dict[str, Any]:
    """Return what an entry itself says for fields that its poster leaves empty."""
    local = piece.starts_at.astimezone(piece.zone)
    defaults: dict[str, Any] = {"title": piece.content.title, **_when(local)}
    livestream = piece.content.livestream
    if livestream is not None:
        defaults |= {"host": livestream.host, "points": list(livestream.points)}
        defaults["state"] = _state(piece.notice)
        replay = piece.notice is not None and piece.notice.state is NoticeState.REPLAY
        defaults["url"] = (livestream.replay_url if replay else "") or livestream.url
    return {name: value for name, value in defaults.items() if value}


def _when(local: datetime) -> dict[str, str]:
    return {
        "date": f"{local.month}月{local.day}日",
        "month": str(local.month),
        "day": str(local.day),
        "weekday": f"周{_WEEKDAYS[local.weekday()]}",
        "time": f"{local:%H:%M}",
    }


def _state(notice: Notice | None) -> str:
    """Return the badge of a livestream's poster: how far off it is."""
    if notice is None:
        return _STATES[NoticeState.BEFORE]
    if notice.state is not NoticeState.SOON:
        return _STATES[notice.state]
    minutes = int(-notice.offset.total_seconds() // 60)
    return f"{minutes // 60} 小时后开播" if minutes % 60 == 0 else f"{minutes} 分钟后开播"


class PosterMaker:
    """Makes entries' posters and loads their pictures; keeps fonts, templates and the brand."""

    def __init__(self, runtime: Runtime) -> None:
        """Look for assets where the settings say."""
        self._runtime = runtime
        self._folders = runtime.config.asset_folders()
        self._template_folders = template_folders(runtime)
        self._fonts = Fonts()
        self._templates: dict[str, tuple[tuple[int, ...], Template]] = {}

    def press(self, piece: Piece) -> Press:
        """Return the press for one piece."""
        return Press(self, piece)

    def template(self, name: str) -> Template:
        """Return a template; RenderError where there is none or it is broken."""
        folders = self._template_folders
        stamp = tuple(
            path.stat().st_mtime_ns for folder in folders for path in folder.glob(f"{name}.y*ml")
        )
        kept = self._templates.get(name)
        if kept is None or kept[0] != stamp:
            kept = self._templates[name] = (stamp, load_template(name, folders))
        return kept[1]

    def brand(self) -> Brand:
        """Return the brand kit: the team's own, else the one that came along."""
        for folder in self._folders:
            if (folder / "brand.yaml").is_file():
                return load_brand(folder / "brand.yaml")
        return Brand()

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

    def pictures(self, refs: Sequence[PictureRef]) -> tuple[Picture, ...]:
        """Return an entry's pictures, whole, named `1.jpg`, `2.png` … in their order.

        Raises:
            RenderError: one of them is not there or cannot be used.
        """
        return tuple(self._picture(ref, number) for number, ref in enumerate(refs, 1))

    def _picture(self, ref: PictureRef, number: int) -> Picture:
        try:
            data = self.picture_bytes(ref.source)
        except LookupError as error:
            raise RenderError(str(error), field="pictures") from error
        if ref.source.startswith(UPLOAD):
            with self._runtime.database.read() as session:
                upload = session.get(Upload, ref.source.removeprefix(UPLOAD))
            if upload is None:
                raise RenderError(f"the upload {ref.source[:20]}… is gone", field="pictures")
            facts = (upload.media_type, upload.width, upload.height)
        else:
            clean = clean_picture(data, field="pictures")
            data, facts = clean.data, (clean.media_type, clean.width, clean.height)
        name = f"{number}.{_ENDINGS[facts[0]]}"
        return Picture(name, *facts, content=data, alt=ref.alt)

    def paint(
        self, piece: Piece, size: str, media_type: str, max_bytes: int | None
    ) -> tuple[Picture, tuple[PosterWarning, ...], Template]:
        """Return a piece's poster, what is to be said of it, and its template."""
        spec = piece.content.poster
        if spec is None:
            raise RenderError("the entry has no poster", field="poster.template")
        template = self.template(spec.template)
        fields: Mapping[str, object] = {
            name: value if isinstance(value, str) else list(value)
            for name, value in spec.fields.items()
        }
        form = (size, max_bytes, media_type)
        picture, found = self._paint(template, fields, form, "poster", poster_defaults(piece))
        return picture, found, template

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        size: str,
        max_bytes: int | None,
        media_type: str,
    ) -> Picture:
        """Return a picture of any template, for a channel's own use; RenderError otherwise."""
        form = (size, max_bytes, media_type)
        return self._paint(self.template(template), fields, form, template, {})[0]

    def _paint(
        self,
        template: Template,
        fields: Mapping[str, object],
        form: tuple[str, int | None, str],
        name: str,
        defaults: Mapping[str, object],
    ) -> tuple[Picture, tuple[PosterWarning, ...]]:
        """Paint a template in a *form*: its size, the most bytes and the media type."""
        size, max_bytes, media_type = form
        if media_type not in _FORMATS:
            raise RenderError(f"a poster is no {media_type}; ask for {', '.join(_FORMATS)}")
        poster = render(
            template,
            fields,
            brand=self.brand(),
            pictures=self.picture_bytes,
            fonts=self._fonts,
            size=size,
            defaults=defaults,
        )
        encoded = encode(poster.image, _FORMATS[media_type], max_bytes)  # type: ignore[arg-type]
        file = f"{name}-{size}.{_ENDINGS[media_type]}"
        width, height = poster.image.size
        return Picture(file, media_type, width, height, encoded.data, poster.alt), poster.warnings


@dataclass(slots=True)
class Press:
    """Makes one piece's posters and remembers what is to be said of them."""

    maker: PosterMaker
    piece: Piece
    warnings: list[RenditionWarning] = field(default_factory=list)

    def make(self, size: str, max_bytes: int | None, media_type: str) -> Picture:
        """Return the poster in a size; RenderError with the form field at fault."""
        try:
            picture, found, template = self.maker.paint(self.piece, size, media_type, max_bytes)
        except RenderError as error:
            place = f"poster.{error.field}" if error.field else "poster.template"
            raise RenderError(str(error), field=place) from error
        for warning in found:
            level = _level(warning, template)
            place = f"poster.{warning.field}" if warning.field else "poster.template"
            self.warnings.append(RenditionWarning(level, place, warning.message))
        return picture


def _level(warning: PosterWarning, template: Template) -> WarningLevel:
    """A required field that lost words must not go out."""
    spec = template.fields.get(warning.field or "")
    cut = warning.code == "cut" and spec is not None and spec.required
    return WarningLevel.BLOCK if cut else WarningLevel.WARN

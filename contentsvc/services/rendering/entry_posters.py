"""Posters and pictures of an entry: from its template, its uploads and the assets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.channels import Notice, NoticeState, Picture, RenditionWarning, WarningLevel
from contentsvc.db.models import Upload
from contentsvc.domain.entries import PictureRef
from contentsvc.errors import RenderError
from contentsvc.posters import Format, PosterWarning, Template, clean_picture
from contentsvc.services.rendering.painting import UPLOAD, Painter, PosterRequest
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.runtime import Runtime

__all__ = ["ItemPosters", "PosterMaker", "poster_defaults"]

_FORMATS: dict[str, Format] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_WEEKDAYS = "一二三四五六日"
_AHEAD = {0: "今天开播", 1: "明天开播", 2: "后天开播"}
#: What a poster says around its facts once the livestream is on, and afterwards.
_AROUND = {
    NoticeState.NOW: {
        "time_note": "已开播",
        "action": "扫码进直播间",
        "offer": "正在播",
        "offer_note": "点开就能看，随时进来",
    },
    NoticeState.REPLAY: {
        "time_note": "可看回放",
        "action": "扫码看回放",
        "offer": "看回放",
        "offer_note": "错过直播，也能从头看",
    },
}
#: From this hour on it is evening.
_EVENING = 18


def poster_defaults(item: RenderItem) -> dict[str, Any]:
    """Return what an entry itself says for fields that its poster leaves empty."""
    local = item.starts_at.astimezone(item.zone)
    defaults: dict[str, Any] = {"title": item.content.title, **_when(local)}
    livestream = item.content.livestream
    if livestream is not None:
        defaults |= {"host": livestream.host, "points": list(livestream.points)}
        defaults |= {"state": "直播预告", "url": item.link}
        if item.notice is not None:
            defaults |= _notice_fields(item.notice, item.starts_at, item.zone)
    return {name: value for name, value in defaults.items() if value}


def _own_fields(item: RenderItem) -> Mapping[str, str | tuple[str, ...]]:
    """Return the poster fields in which a notice differs from its entry."""
    return item.content.notice_version(item.notice).poster if item.notice else {}


def _when(local: datetime) -> dict[str, str]:
    return {
        "date": f"{local.month}月{local.day}日",
        "month": str(local.month),
        "day": str(local.day),
        "weekday": f"周{_WEEKDAYS[local.weekday()]}",
        "time": f"{local:%H:%M}",
    }


def _notice_fields(notice: Notice, starts_at: datetime, zone: ZoneInfo) -> dict[str, str]:
    """Return the badge, the note on the time, the countdown and the call of a notice's poster."""
    has_begun = notice.offset >= timedelta(0)
    fields = {"state": _state(notice, starts_at, zone)}
    fields |= _AROUND.get(notice.state, {}) if has_begun else {}
    if notice.state is NoticeState.SOON:
        hours, minutes = divmod(int(-notice.offset.total_seconds() // 60), 60)
        fields |= {"left": f"{hours:02}:{minutes:02}:00"}
    elif notice.state is NoticeState.TOMORROW and notice.days_ahead(starts_at, zone) == 1:
        evening = starts_at.astimezone(zone).hour >= _EVENING
        fields |= {"time_note": "明晚见" if evening else "明天见"}
    return fields


def _state(notice: Notice, starts_at: datetime, zone: ZoneInfo) -> str:
    """Return the badge of a notice's poster: how far off the livestream is."""
    if notice.state is NoticeState.REPLAY:
        return "精彩回放"
    if notice.state is NoticeState.NOW:
        return "马上开播" if notice.offset < timedelta(0) else "正在直播"
    if notice.state is NoticeState.SOON:
        minutes = int(-notice.offset.total_seconds() // 60)
        return f"{minutes // 60} 小时后开播" if minutes % 60 == 0 else f"{minutes} 分钟后开播"
    days = notice.days_ahead(starts_at, zone)
    return _AHEAD.get(days, f"还有 {days} 天")


class PosterMaker:
    """Makes entries' posters and loads their pictures."""

    def __init__(self, runtime: Runtime) -> None:
        """Look for assets where the settings say."""
        self._runtime = runtime
        self.painter = Painter(runtime)

    def posters_of(self, item: RenderItem) -> ItemPosters:
        """Return the posters_of for one item."""
        return ItemPosters(self, item)

    def pictures(self, refs: Sequence[PictureRef]) -> tuple[Picture, ...]:
        """Return an entry's pictures, whole, named `1.jpg`, `2.png` … in their request.

        Raises:
            RenderError: one of them is not there or cannot be used.
        """
        return tuple(self._picture(ref, number) for number, ref in enumerate(refs, 1))

    def _picture(self, ref: PictureRef, number: int) -> Picture:
        try:
            data = self.painter.picture_bytes(ref.source)
        except LookupError as error:
            raise RenderError("picture-missing", name=ref.source, field="pictures") from error
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
        self, item: RenderItem, size: str, media_type: str, max_bytes: int | None
    ) -> tuple[Picture, tuple[PosterWarning, ...], Template]:
        """Return a item's poster, what is to be said of it, and its template."""
        spec = item.content.poster
        if spec is None:
            raise RenderError("the entry has no poster", field="poster.template")
        fields: Mapping[str, object] = {
            name: value if isinstance(value, str) else list(value)
            for name, value in {**spec.fields, **_own_fields(item)}.items()
        }
        request = PosterRequest(
            self.painter.template(spec.template),
            fields,
            size,
            _format(media_type),
            max_bytes,
            item.brand,
            poster_defaults(item),
        )
        picture, found = self._make(request, "poster")
        return picture, found, request.template

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        size: str,
        max_bytes: int | None,
        media_type: str,
        *,
        brand: str | None = None,
    ) -> Picture:
        """Return a picture of any template, for a channel's own use; RenderError otherwise."""
        kind = _format(media_type)
        request = PosterRequest(
            self.painter.template(template), fields, size, kind, max_bytes, brand
        )
        return self._make(request, template)[0]

    def _make(self, request: PosterRequest, name: str) -> tuple[Picture, tuple[PosterWarning, ...]]:
        """Make a poster's file; its own name is *name* with its size."""
        kept = self.painter.make(request)
        media_type = kept.encoded.media_type
        file = f"{name}-{request.size}.{_ENDINGS[media_type]}"
        picture = Picture(file, media_type, *kept.size, kept.encoded.data, kept.alt)
        return picture, kept.warnings


def _format(media_type: str) -> Format:
    if media_type not in _FORMATS:
        raise RenderError(f"a poster is no {media_type}; ask for {', '.join(_FORMATS)}")
    return _FORMATS[media_type]


@dataclass(slots=True)
class ItemPosters:
    """Makes one item's posters and remembers what is to be said of them."""

    maker: PosterMaker
    item: RenderItem
    warnings: list[RenditionWarning] = field(default_factory=list)

    def make(self, size: str, max_bytes: int | None, media_type: str) -> Picture:
        """Return the poster in a size; RenderError with the form field at fault."""
        try:
            picture, found, template = self.maker.paint(self.item, size, media_type, max_bytes)
        except RenderError as error:
            place = f"poster.{error.field}" if error.field else "poster.template"
            raise RenderError(error.message, field=place) from error
        for warning in found:
            level = _level(warning, template)
            place = f"poster.{warning.field}" if warning.field else "poster.template"
            self.warnings.append(RenditionWarning(level, place, warning.message))
        return picture

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        size: str,
        max_bytes: int | None,
        media_type: str,
    ) -> Picture:
        """Return a picture of any template in the community's brand; RenderError otherwise."""
        brand = self.item.brand
        return self.maker.card(template, fields, size, max_bytes, media_type, brand=brand)


def _level(warning: PosterWarning, template: Template) -> WarningLevel:
    """A required field that lost words must not go out."""
    spec = template.fields.get(warning.field or "")
    cut = warning.code == "cut" and spec is not None and spec.required
    return WarningLevel.BLOCK if cut else WarningLevel.WARN

"""Makes the posters of an entry and loads its pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from contentsvc.channels import Notice, NoticeState, Picture, RenditionWarning, WarningLevel
from contentsvc.db.models import Upload
from contentsvc.domain.entries import PictureRef
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import RenderError
from contentsvc.messages import Message
from contentsvc.posters import Format, PosterWarning, Template, clean_picture
from contentsvc.services.rendering.painting import UPLOAD, Painter, PosterRequest
from contentsvc.services.rendering.render_items import RenderItem
from contentsvc.services.runtime import Runtime

__all__ = ["ItemPosters", "PosterMaker", "poster_defaults"]

_FORMATS: dict[str, Format] = {"image/png": "png", "image/jpeg": "jpeg", "image/webp": "webp"}
_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
_DAY_BADGES = {
    0: Message("poster-badge-today"),
    1: Message("poster-badge-tomorrow"),
    2: Message("poster-badge-day-after"),
}
#: Texts of poster fields while the livestream is on, and after it has ended.
_STARTED_FIELDS = {
    NoticeState.NOW: {
        "time_note": Message("poster-time-live"),
        "action": Message("poster-action-live"),
        "offer": Message("poster-offer-live"),
        "offer_note": Message("poster-offer-note-live"),
    },
    NoticeState.REPLAY: {
        "time_note": Message("poster-time-replay"),
        "action": Message("poster-action-replay"),
        "offer": Message("poster-offer-replay"),
        "offer_note": Message("poster-offer-note-replay"),
    },
}
#: The hour at which the evening begins.
_EVENING = 18


def poster_defaults(item: RenderItem, language: str) -> dict[str, Any]:
    """Return default values, by field name, for poster fields that the writer left empty.

    The values are the entry's title, date and time, and for a livestream its host, points, link
    and badge. *language* (`en` or `zh`) is the language of badge, notes, date and weekday.
    """
    local = item.starts_at.astimezone(item.zone)
    defaults: dict[str, Any] = {"title": item.content.title, **_time_fields(local, language)}
    livestream = item.content.livestream
    if livestream is not None:
        defaults |= {"host": livestream.host, "points": list(livestream.points)}
        badge = Message("poster-badge-preview")
        fields = {"state": badge}
        if item.notice is not None:
            fields = _notice_fields(item.notice, item.starts_at, item.zone)
        defaults |= {"url": item.link}
        defaults |= {name: message.text(language) for name, message in fields.items()}
    return {name: value for name, value in defaults.items() if value}


def _own_fields(item: RenderItem) -> Mapping[str, str | tuple[str, ...]]:
    """Return the poster fields that the writer set only for this notice of a livestream."""
    return item.content.notice_version(item.notice).poster if item.notice else {}


def _time_fields(local: datetime, language: str) -> dict[str, str]:
    month = Message(f"poster-month-{local.month}")
    weekday = list(Weekday)[local.weekday()]
    return {
        "date": Message("poster-date", month=month, day=local.day).text(language),
        "month": str(local.month),
        "day": str(local.day),
        "weekday": Message(f"poster-weekday-{weekday}").text(language),
        "time": f"{local:%H:%M}",
    }


def _notice_fields(notice: Notice, starts_at: datetime, zone: ZoneInfo) -> dict[str, Message]:
    """Return texts for a notice's poster by field: badge, time note, countdown, call to action."""
    has_begun = notice.offset >= timedelta(0)
    fields = {"state": _badge(notice, starts_at, zone)}
    fields |= _STARTED_FIELDS.get(notice.state, {}) if has_begun else {}
    if notice.state is NoticeState.SOON:
        hours, minutes = divmod(int(-notice.offset.total_seconds() // 60), 60)
        fields |= {"left": Message.plain(f"{hours:02}:{minutes:02}:00")}
    elif notice.state is NoticeState.TOMORROW and notice.days_ahead(starts_at, zone) == 1:
        evening = starts_at.astimezone(zone).hour >= _EVENING
        code = "poster-time-tomorrow-evening" if evening else "poster-time-tomorrow"
        fields |= {"time_note": Message(code)}
    return fields


def _badge(notice: Notice, starts_at: datetime, zone: ZoneInfo) -> Message:
    """Return the label on a notice's poster, such as the number of days until the livestream."""
    if notice.state is NoticeState.REPLAY:
        return Message("poster-badge-replay")
    if notice.state is NoticeState.NOW:
        is_before = notice.offset < timedelta(0)
        return Message("poster-badge-soon" if is_before else "poster-badge-live")
    if notice.state is NoticeState.SOON:
        minutes = int(-notice.offset.total_seconds() // 60)
        if minutes % 60 == 0:
            return Message("poster-badge-hours", hours=minutes // 60)
        return Message("poster-badge-minutes", minutes=minutes)
    days = notice.days_ahead(starts_at, zone)
    return _DAY_BADGES.get(days, Message("poster-badge-days", days=days))


class PosterMaker:
    """Makes the posters of entries and loads their pictures."""

    def __init__(self, runtime: Runtime) -> None:
        """Create a maker. It uses the templates, brands and pictures in the configured folders."""
        self._runtime = runtime
        self.painter = Painter(runtime)

    def posters_of(self, item: RenderItem) -> ItemPosters:
        """Return an object that makes the posters of one entry or notice."""
        return ItemPosters(self, item)

    def pictures(self, refs: Sequence[PictureRef]) -> tuple[Picture, ...]:
        """Load an entry's pictures in order; name them `1.jpg`, `2.png` and so on.

        Raises:
            RenderError: a picture is missing or cannot be used.
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
                raise RenderError("upload-gone", field="pictures", reference=ref.source[:20])
            facts = (upload.media_type, upload.width, upload.height)
        else:
            clean = clean_picture(data, field="pictures")
            data, facts = clean.data, (clean.media_type, clean.width, clean.height)
        name = f"{number}.{_ENDINGS[facts[0]]}"
        return Picture(name, *facts, content=data, alt=ref.alt)

    def paint(
        self, item: RenderItem, size: str, media_type: str, max_bytes: int | None
    ) -> tuple[Picture, tuple[PosterWarning, ...], Template]:
        """Paint the poster of an entry or notice. Return it with its warnings and its template.

        Raises:
            RenderError: the entry has no poster, or it cannot be painted.
        """
        spec = item.content.poster
        if spec is None:
            raise RenderError("entry-without-poster", field="poster.template")
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
            poster_defaults(item, self._runtime.config.language),
            item.community,
        )
        picture, warnings = self._make(request, "poster")
        return picture, warnings, request.template

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        size: str,
        max_bytes: int | None,
        media_type: str,
        *,
        item: RenderItem | None = None,
    ) -> Picture:
        """Make a picture from a template for a channel's own use, such as a link preview.

        It has the brand and the community of *item*, or else the default brand.

        Raises:
            RenderError: there is no such template, or it cannot be painted.
        """
        kind = _format(media_type)
        request = PosterRequest(
            self.painter.template(template),
            fields,
            size,
            kind,
            max_bytes,
            item.brand if item else None,
            community=item.community if item else "",
        )
        return self._make(request, template)[0]

    def _make(self, request: PosterRequest, name: str) -> tuple[Picture, tuple[PosterWarning, ...]]:
        """Return a finished poster and its warnings. Its file name is *name* and the size."""
        poster = self.painter.make(request)
        media_type = poster.encoded.media_type
        file = f"{name}-{request.size}.{_ENDINGS[media_type]}"
        picture = Picture(file, media_type, *poster.size, poster.encoded.data, poster.alt)
        return picture, poster.warnings


def _format(media_type: str) -> Format:
    if media_type not in _FORMATS:
        raise RenderError("poster-type-unknown", type=media_type, allowed=tuple(_FORMATS))
    return _FORMATS[media_type]


@dataclass(slots=True)
class ItemPosters:
    """Makes the posters of one entry or notice, and collects their warnings."""

    maker: PosterMaker
    item: RenderItem
    warnings: list[RenditionWarning] = field(default_factory=list)

    def make(self, size: str, max_bytes: int | None, media_type: str) -> Picture:
        """Make the poster in the size named *size*, and append its warnings to `warnings`.

        Raises:
            RenderError: it cannot be painted; `field` names the field of the entry's form.
        """
        try:
            picture, warnings, template = self.maker.paint(self.item, size, media_type, max_bytes)
        except RenderError as error:
            form_field = f"poster.{error.field}" if error.field else "poster.template"
            raise RenderError(error.message, field=form_field) from error
        for warning in warnings:
            level = _level(warning, template)
            form_field = f"poster.{warning.field}" if warning.field else "poster.template"
            self.warnings.append(RenditionWarning(level, form_field, warning.message))
        return picture

    def card(
        self,
        template: str,
        fields: Mapping[str, object],
        size: str,
        max_bytes: int | None,
        media_type: str,
    ) -> Picture:
        """Make a picture from a template, in the community's brand, for a channel's own use.

        Raises:
            RenderError: there is no such template, or it cannot be painted.
        """
        return self.maker.card(template, fields, size, max_bytes, media_type, item=self.item)


def _level(warning: PosterWarning, template: Template) -> WarningLevel:
    """Return BLOCK, which prevents approval, if the text of a required field was cut; else WARN."""
    spec = template.fields.get(warning.field or "")
    cut = warning.code == "cut" and spec is not None and spec.required
    return WarningLevel.BLOCK if cut else WarningLevel.WARN

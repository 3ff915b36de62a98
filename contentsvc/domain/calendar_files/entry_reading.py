"""Reads one entry of a calendar file into an EntryContent."""

from __future__ import annotations

from collections.abc import Collection

from contentsvc.domain.calendar_files.file_values import FileFields, FileValue
from contentsvc.domain.calendar_files.parsers import (
    MOST_BODY,
    MOST_CHANNELS,
    MOST_NAME,
    MOST_NOTICES,
    MOST_PICTURES,
    MOST_POINTS,
    MOST_POSTER_FIELDS,
    MOST_SLOT,
    MOST_TEXT,
    MOST_TITLE,
    address,
    asset_path,
    channel_names,
    field_name,
    one_of,
    slug,
    template_name,
    whole_number,
)
from contentsvc.domain.calendars import CalendarHead
from contentsvc.domain.elements import Element
from contentsvc.domain.entries import (
    EntryContent,
    EntryKind,
    EntryStatus,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice
from contentsvc.domain.typed_text import split_list
from contentsvc.domain.walltime import parse_time
from contentsvc.domain.weeks import Weekday
from contentsvc.errors import InputError

__all__ = ["ENTRY_FIELDS", "read_entry"]

#: The field names of an entry and of the mappings in it, in the order in which they are written.
ENTRY_FIELDS: dict[str, tuple[str, ...]] = {
    "entry": (
        "key",
        "day",
        "slot",
        "time",
        "kind",
        "element",
        "title",
        "body",
        "versions",
        "channels",
        "livestream",
        "notices",
        "poster",
        "pictures",
        "status",
    ),
    "version": ("title", "body"),
    "livestream": ("host", "url", "minutes", "points", "replay_url", "booking_url"),
    "notice": ("at", "title", "body", "poster"),
    "poster": ("template", "fields"),
    "picture": ("file", "alt"),
}


def read_entry(value: FileValue, head: CalendarHead) -> EntryContent:
    """Convert *value* to a calendar entry, and add every problem to `value.problems`.

    *head* has the settings of the entry's calendar. A field that is missing or invalid gets a
    default value.
    """
    fields = value.fields(ENTRY_FIELDS["entry"], required=("key", "day", "kind", "title"))
    _check_time(value, fields, head.slots)
    kind = fields.read("kind", one_of(EntryKind), None)
    if kind is not None:
        _check_kind(value, fields, kind)
    channels = _own_channels(fields)
    notices = _read_notices(fields.get("notices"), has_poster="poster" in fields)
    return EntryContent(
        key=fields.read("key", slug, ""),
        day=fields.read("day", one_of(Weekday), Weekday.MON),
        kind=kind or EntryKind.POST,
        title=fields.text("title", MOST_TITLE) or "",
        slot=fields.text("slot", MOST_SLOT),
        time=fields.read("time", parse_time, None),
        element=fields.read("element", one_of(Element), None),
        body=fields.text("body", MOST_BODY, lines=True, empty=True) or "",
        versions=_read_versions(
            fields.get("versions"), head.channels if channels is None else channels
        ),
        channels=channels,
        livestream=_read_livestream(fields.get("livestream")),
        notices=tuple(sorted(notices)),
        notice_versions={
            str(notice): version
            for notice, version in sorted(notices.items())
            if version != NoticeVersion()
        },
        poster=_read_poster(fields.get("poster")),
        pictures=_read_pictures(fields.items("pictures", MOST_PICTURES)),
        status=fields.read("status", one_of(EntryStatus), EntryStatus.DRAFT),
    )


def _check_time(value: FileValue, fields: FileFields, slots: Collection[str]) -> None:
    slot = fields.get("slot")
    if slot is not None and "time" in fields:
        slot.add_problem("file-slot-and-time")
    elif slot is None and "time" not in fields and value.is_mapping:
        value.add_problem("file-time-missing")
    elif slot is not None:
        name = slot.text(MOST_SLOT)
        if name is not None and not slots:
            slot.add_problem("file-slots-none", slot=name)
        elif name is not None and name not in slots:
            slot.add_problem("file-slot-unknown", slot=name, known=list(slots))


def _check_kind(value: FileValue, fields: FileFields, kind: EntryKind) -> None:
    """Add a problem for each field that *kind* requires but lacks, and each that it forbids."""
    if kind is EntryKind.LIVESTREAM and "livestream" not in fields:
        value.add_problem("file-livestream-missing")
    if kind is EntryKind.POSTER and "poster" not in fields:
        value.add_problem("file-poster-missing")
    if kind is not EntryKind.LIVESTREAM:
        for name in ("livestream", "notices"):
            field = fields.get(name)
            if field is not None:
                field.add_problem("file-not-a-livestream", field_name=name, kind=kind)
    poster = fields.get("poster")
    if kind is EntryKind.POST and poster is not None:
        poster.add_problem("file-post-with-poster")


def _own_channels(fields: FileFields) -> tuple[str, ...] | None:
    if "channels" not in fields:
        return None
    return channel_names(fields.items("channels", MOST_CHANNELS))


def _read_versions(value: FileValue | None, channels: tuple[str, ...]) -> dict[str, Version]:
    versions: dict[str, Version] = {}
    for channel, version in value.pairs().items() if value else ():
        if channel not in channels and channels:
            version.add_problem("file-version-stray", channel=channel, channels=channels)
        elif channel not in channels:
            version.add_problem("file-version-nowhere", channel=channel)
        fields = version.fields(ENTRY_FIELDS["version"])
        if version.is_absent or (version.is_mapping and not fields.given):
            version.add_problem("file-version-empty")
        versions[channel] = Version(
            title=fields.text("title", MOST_TITLE),
            body=fields.text("body", MOST_BODY, lines=True, empty=True),
        )
    return versions


def _read_livestream(value: FileValue | None) -> Livestream | None:
    if value is None:
        return None
    fields = value.fields(ENTRY_FIELDS["livestream"])
    points = [point.text(MOST_TITLE) or "" for point in fields.items("points", MOST_POINTS)]
    return Livestream(
        host=fields.text("host", MOST_NAME) or "",
        url=fields.read("url", address, ""),
        minutes=fields.read("minutes", whole_number(1, 1440), 60),
        points=tuple(points),
        replay_url=fields.read("replay_url", address, ""),
        booking_url=fields.read("booking_url", address, ""),
    )


def _read_notices(value: FileValue | None, *, has_poster: bool) -> dict[Notice, NoticeVersion]:
    if value is None:
        return {}
    items = value.items(MOST_NOTICES)
    if not items and value.is_list:
        value.add_problem("file-notices-empty")
    chain: dict[Notice, NoticeVersion] = {}
    for item in items:
        for notice, version in _read_notice(item, has_poster=has_poster):
            if notice in chain:
                item.add_problem("file-notice-twice", notice=str(notice))
            else:
                chain[notice] = version
    return chain


def _read_notice(value: FileValue, *, has_poster: bool) -> list[tuple[Notice, NoticeVersion]]:
    """Return the notices that *value* describes, each with the texts written for it.

    *value* is an offset such as `-24h`, or a mapping such as `{at: -24h, title: …}`. A text with
    several offsets, divided by full-width commas, gives several notices. An invalid offset gives
    none.
    """
    if not value.is_mapping:
        return [(notice, NoticeVersion()) for notice in value.read(_notices) or ()]
    fields = value.fields(ENTRY_FIELDS["notice"], required=("at",))
    poster = fields.get("poster")
    if poster is not None and not has_poster:
        poster.add_problem("file-notice-poster")
    poster_fields = poster.fields(("fields",)) if poster else None
    version = NoticeVersion(
        title=fields.text("title", MOST_TITLE),
        body=fields.text("body", MOST_BODY, lines=True, empty=True),
        poster=_read_poster_fields(poster_fields.get("fields") if poster_fields else None),
    )
    notice = fields.read("at", Notice.parse, None)
    return [] if notice is None else [(notice, version)]


def _notices(text: str) -> list[Notice]:
    return [Notice.parse(offset) for offset in split_list(text) or [text]]


def _read_poster(value: FileValue | None) -> PosterSpec | None:
    if value is None:
        return None
    fields = value.fields(ENTRY_FIELDS["poster"], required=("template",))
    return PosterSpec(
        template=fields.read("template", template_name, ""),
        fields=_read_poster_fields(fields.get("fields")),
    )


def _read_poster_fields(value: FileValue | None) -> dict[str, str | tuple[str, ...]]:
    texts: dict[str, str | tuple[str, ...]] = {}
    pairs = value.pairs() if value else {}
    if value and len(pairs) > MOST_POSTER_FIELDS:
        value.add_problem("file-poster-fields", used=len(pairs), most=MOST_POSTER_FIELDS)
        return {}
    for name, field in pairs.items():
        try:
            field_name(name)
        except InputError as error:
            field.add_problem(error.message)
        if field.is_list:
            items = field.items(MOST_POINTS)
            texts[name] = tuple(item.text(MOST_TEXT, lines=True) or "" for item in items)
        else:
            texts[name] = field.text(MOST_TEXT, lines=True, empty=True) or ""
    return texts


def _read_pictures(values: list[FileValue]) -> tuple[PictureRef, ...]:
    return tuple(_read_picture(value) for value in values)


def _read_picture(value: FileValue) -> PictureRef:
    if not value.is_mapping:
        return PictureRef(value.read(asset_path) or "")
    fields = value.fields(ENTRY_FIELDS["picture"], required=("file",))
    return PictureRef(
        source=fields.read("file", asset_path, ""), alt=fields.text("alt", MOST_TITLE) or ""
    )

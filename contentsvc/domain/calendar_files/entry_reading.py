"""One entry of a calendar file read into an EntryContent."""

from __future__ import annotations

from dataclasses import dataclass

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
    field_name,
    names,
    one_of,
    slug,
    template_name,
    whole_number,
)
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
from contentsvc.domain.walltime import parse_time
from contentsvc.domain.weeks import Weekday

__all__ = ["ENTRY_FIELDS", "CalendarContext", "read_entry"]

#: FileFields of an entry and of what stands in it, in the order in which they are written.
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


@dataclass(frozen=True, slots=True)
class CalendarContext:
    """What the calendar around an entry offers it."""

    slots: tuple[str, ...]
    channels: tuple[str, ...]


def read_entry(spot: FileValue, context: CalendarContext) -> EntryContent:
    """Return the entry at *spot*; what is wrong with it is noted there."""
    fields = spot.fields(ENTRY_FIELDS["entry"], required=("key", "day", "kind", "title"))
    _check_time(spot, fields, context)
    kind = fields.read("kind", one_of(EntryKind), None)
    if kind is not None:
        _check_kind(spot, fields, kind)
    channels = _own_channels(fields)
    notices = _notices(fields.get("notices"), has_poster="poster" in fields)
    return EntryContent(
        key=fields.read("key", slug, ""),
        day=fields.read("day", one_of(Weekday), Weekday.MON),
        kind=kind or EntryKind.POST,
        title=fields.text("title", MOST_TITLE) or "",
        slot=fields.text("slot", MOST_SLOT),
        time=fields.read("time", parse_time, None),
        element=fields.read("element", one_of(Element), None),
        body=fields.text("body", MOST_BODY, lines=True, empty=True) or "",
        versions=_versions(
            fields.get("versions"), context.channels if channels is None else channels
        ),
        channels=channels,
        livestream=_livestream(fields.get("livestream")),
        notices=tuple(sorted(notices)),
        notice_versions={
            str(notice): version
            for notice, version in sorted(notices.items())
            if version != NoticeVersion()
        },
        poster=_poster(fields.get("poster")),
        pictures=_pictures(fields.items("pictures", MOST_PICTURES)),
        status=fields.read("status", one_of(EntryStatus), EntryStatus.DRAFT),
    )


def _check_time(spot: FileValue, fields: FileFields, context: CalendarContext) -> None:
    slot = fields.get("slot")
    if slot is not None and "time" in fields:
        slot.wrong("slot and time are both given; keep one of them")
    elif slot is None and "time" not in fields and spot.is_mapping:
        spot.wrong('neither slot nor time is given; add one, such as time: "20:00"')
    elif slot is not None:
        name = slot.text(MOST_SLOT)
        if name is not None and name not in context.slots:
            there = ", ".join(context.slots) or "none"
            slot.wrong(f"there is no slot {name!r}; the calendar's slots are: {there}")


def _check_kind(spot: FileValue, fields: FileFields, kind: EntryKind) -> None:
    """Note what belongs to another kind, or is missing for this one."""
    if kind is EntryKind.LIVESTREAM and "livestream" not in fields:
        spot.wrong("a livestream needs its block; add livestream: {host: …, minutes: 60}")
    if kind is EntryKind.POSTER and "poster" not in fields:
        spot.wrong("a poster needs its block; add poster: {template: …, fields: {…}}")
    if kind is not EntryKind.LIVESTREAM:
        for name in ("livestream", "notices"):
            _misplaced(fields.get(name), f"only an entry of kind livestream has {name}, not {kind}")
    if kind is EntryKind.POST:
        _misplaced(fields.get("poster"), "a post has no poster; make the kind poster or livestream")


def _misplaced(spot: FileValue | None, message: str) -> None:
    if spot is not None:
        spot.wrong(message)


def _own_channels(fields: FileFields) -> tuple[str, ...] | None:
    return names(fields.items("channels", MOST_CHANNELS)) if "channels" in fields else None


def _versions(spot: FileValue | None, channels: tuple[str, ...]) -> dict[str, Version]:
    versions: dict[str, Version] = {}
    for channel, value in spot.pairs().items() if spot else ():
        if channel not in channels:
            there = ", ".join(channels) or "no channel"
            value.wrong(f"the entry does not go to {channel!r}; it goes to: {there}")
        fields = value.fields(ENTRY_FIELDS["version"])
        if value.is_absent or (value.is_mapping and not fields.given):
            value.wrong("changes nothing; give title or body, or leave it out")
        versions[channel] = Version(
            title=fields.text("title", MOST_TITLE),
            body=fields.text("body", MOST_BODY, lines=True, empty=True),
        )
    return versions


def _livestream(spot: FileValue | None) -> Livestream | None:
    if spot is None:
        return None
    fields = spot.fields(ENTRY_FIELDS["livestream"])
    points = [point.text(MOST_TITLE) or "" for point in fields.items("points", MOST_POINTS)]
    return Livestream(
        host=fields.text("host", MOST_NAME) or "",
        url=fields.read("url", address, ""),
        minutes=fields.read("minutes", whole_number(1, 1440), 60),
        points=tuple(points),
        replay_url=fields.read("replay_url", address, ""),
        booking_url=fields.read("booking_url", address, ""),
    )


def _notices(spot: FileValue | None, *, has_poster: bool) -> dict[Notice, NoticeVersion]:
    if spot is None:
        return {}
    items = spot.items(MOST_NOTICES)
    if not items and spot.is_list:
        spot.wrong("is an empty list; leave it out for the usual chain")
    chain: dict[Notice, NoticeVersion] = {}
    for item in items:
        notice, version = _notice(item, has_poster=has_poster)
        if notice is not None and notice in chain:
            item.wrong(f"the notice {notice} is in the chain twice")
        elif notice is not None:
            chain[notice] = version
    return chain


def _notice(spot: FileValue, *, has_poster: bool) -> tuple[Notice | None, NoticeVersion]:
    """Read `-24h`, or a notice with words of its own: `{at: -24h, title: …}`."""
    if not spot.is_mapping:
        return spot.read(Notice.parse), NoticeVersion()
    fields = spot.fields(ENTRY_FIELDS["notice"], required=("at",))
    poster = fields.get("poster")
    if poster is not None and not has_poster:
        poster.wrong("the entry has no poster whose words could differ; add poster: {template: …}")
    own = poster.fields(("fields",)) if poster else None
    version = NoticeVersion(
        title=fields.text("title", MOST_TITLE),
        body=fields.text("body", MOST_BODY, lines=True, empty=True),
        poster=_poster_fields(own.get("fields") if own else None),
    )
    return fields.read("at", Notice.parse, None), version


def _poster(spot: FileValue | None) -> PosterSpec | None:
    if spot is None:
        return None
    fields = spot.fields(ENTRY_FIELDS["poster"], required=("template",))
    return PosterSpec(
        template=fields.read("template", template_name, ""),
        fields=_poster_fields(fields.get("fields")),
    )


def _poster_fields(spot: FileValue | None) -> dict[str, str | tuple[str, ...]]:
    values: dict[str, str | tuple[str, ...]] = {}
    pairs = spot.pairs() if spot else {}
    if spot and len(pairs) > MOST_POSTER_FIELDS:
        spot.wrong(f"has {len(pairs)} fields; {MOST_POSTER_FIELDS} are allowed")
        return {}
    for name, value in pairs.items():
        try:
            field_name(name)
        except ValueError as error:
            value.wrong(str(error))
        if value.is_list:
            items = value.items(MOST_POINTS)
            values[name] = tuple(item.text(MOST_TEXT, lines=True) or "" for item in items)
        else:
            values[name] = value.text(MOST_TEXT, lines=True, empty=True) or ""
    return values


def _pictures(values: list[FileValue]) -> tuple[PictureRef, ...]:
    return tuple(_picture(spot) for spot in values)


def _picture(spot: FileValue) -> PictureRef:
    if not spot.is_mapping:
        return PictureRef(spot.read(asset_path) or "")
    fields = spot.fields(ENTRY_FIELDS["picture"], required=("file",))
    return PictureRef(
        source=fields.read("file", asset_path, ""), alt=fields.text("alt", MOST_TITLE) or ""
    )

"""Converts database rows of calendars and entries to values of `contentsvc.domain`, and back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contentsvc.db.models import Calendar, Entry
from contentsvc.domain.calendars import CalendarHead, Community
from contentsvc.domain.elements import CommunityKind
from contentsvc.domain.entries import (
    EntryContent,
    Livestream,
    NoticeVersion,
    PictureRef,
    PosterSpec,
    Version,
)
from contentsvc.domain.notices import Notice
from contentsvc.domain.quotas import QuietHours, Quota
from contentsvc.domain.walltime import format_time, parse_time, parse_zone
from contentsvc.domain.weeks import Weekday

__all__ = ["content_hash", "content_of", "fill_calendar", "fill_entry", "head_of"]


def content_of(entry: Entry) -> EntryContent:
    """Return the content that the database row *entry* stores."""
    return EntryContent(
        key=entry.key,
        day=Weekday(entry.day),
        kind=entry.kind,
        title=entry.title,
        slot=entry.slot,
        time=parse_time(entry.time) if entry.time else None,
        element=entry.element,
        body=entry.body,
        versions={name: Version(**version) for name, version in entry.versions.items()},
        channels=None if entry.channels is None else tuple(entry.channels),
        livestream=_livestream(entry.livestream),
        notices=tuple(Notice.parse(_offset(stored)) for stored in entry.notices),
        notice_versions=_notice_versions(entry.notices),
        poster=_poster(entry.poster),
        pictures=tuple(PictureRef(**picture) for picture in entry.pictures),
        status=entry.status,
    )


def fill_entry(entry: Entry, content: EntryContent) -> None:
    """Set the columns of the database row *entry* to *content*.

    The status, the revision, the times and the last editor in the row are not changed.
    """
    for column, value in _columns(content).items():
        setattr(entry, column, value)


def content_hash(content: EntryContent) -> str:
    """Return the SHA-256, in hexadecimal, of *content* without its status."""
    text = json.dumps(_columns(content), ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _columns(content: EntryContent) -> dict[str, Any]:
    """Return *content* as values for the columns of Entry, by name; JSON can encode them all."""
    return {
        "key": content.key,
        "day": content.day.value,
        "kind": content.kind,
        "title": content.title,
        "slot": content.slot,
        "time": format_time(content.time) if content.time is not None else None,
        "element": content.element,
        "body": content.body,
        "versions": _stored_versions(content.versions),
        "channels": None if content.channels is None else list(content.channels),
        "livestream": _stored_livestream(content.livestream),
        "notices": [_stored_notice(content, notice) for notice in content.notices],
        "poster": _stored_poster(content.poster),
        "pictures": [asdict(picture) for picture in content.pictures],
    }


def fill_calendar(calendar: Calendar, head: CalendarHead) -> None:
    """Set the columns of the database row *calendar* to the settings in *head*."""
    calendar.slug = head.slug
    calendar.name = head.name
    calendar.timezone = head.zone.key
    calendar.community_kind = head.community.kind.value
    calendar.community_tier = head.community.tier
    calendar.community_tags = list(head.community.tags)
    calendar.brand = head.community.brand
    calendar.slots = [[name, format_time(wall)] for name, wall in head.slots.items()]
    calendar.channels = list(head.channels)
    calendar.quiet = str(head.quiet) if head.quiet else None
    calendar.quotas = {
        name: {"day": quota.day, "month": quota.month} for name, quota in head.quotas.items()
    }


def head_of(calendar: Calendar) -> CalendarHead:
    """Return the settings that the database row *calendar* stores."""
    return CalendarHead(
        slug=calendar.slug,
        name=calendar.name,
        zone=parse_zone(calendar.timezone),
        community=Community(
            kind=CommunityKind(calendar.community_kind),
            tier=calendar.community_tier,
            tags=tuple(calendar.community_tags),
            brand=calendar.brand,
        ),
        slots={name: parse_time(wall) for name, wall in calendar.slots},
        channels=tuple(calendar.channels),
        quiet=QuietHours.parse(calendar.quiet) if calendar.quiet else None,
        quotas={name: Quota(**quota) for name, quota in calendar.quotas.items()},
    )


def _livestream(stored: Mapping[str, Any] | None) -> Livestream | None:
    if stored is None:
        return None
    return Livestream(**{**stored, "points": tuple(stored.get("points", ()))})


def _stored_livestream(livestream: Livestream | None) -> dict[str, Any] | None:
    if livestream is None:
        return None
    return {**asdict(livestream), "points": list(livestream.points)}


def _poster(stored: Mapping[str, Any] | None) -> PosterSpec | None:
    if stored is None:
        return None
    return PosterSpec(template=stored["template"], fields=_fields(stored["fields"]))


def _fields(stored: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    return {
        name: tuple(value) if isinstance(value, list) else str(value)
        for name, value in stored.items()
    }


def _stored_poster(poster: PosterSpec | None) -> dict[str, Any] | None:
    if poster is None:
        return None
    return {"template": poster.template, "fields": _stored_fields(poster.fields)}


def _stored_fields(fields: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
    return {
        name: value if isinstance(value, str) else list(value) for name, value in fields.items()
    }


def _offset(stored: str | Mapping[str, Any]) -> str:
    return stored if isinstance(stored, str) else str(stored["at"])


def _notice_versions(stored: list[Any]) -> dict[str, NoticeVersion]:
    """Return each notice's own texts in *stored*, by the notice's offset such as `-1h`.

    Notices without such texts are stored as an offset only.
    """
    return {
        item["at"]: NoticeVersion(item["title"], item["body"], _fields(item["poster"]))
        for item in stored
        if not isinstance(item, str)
    }


def _stored_notice(content: EntryContent, notice: Notice) -> str | dict[str, Any]:
    version = content.notice_version(notice)
    if version == NoticeVersion():
        return str(notice)
    return {
        "at": str(notice),
        "title": version.title,
        "body": version.body,
        "poster": _stored_fields(version.poster),
    }


def _stored_versions(versions: Mapping[str, Version]) -> dict[str, Any]:
    return {
        name: {"title": version.title, "body": version.body}
        for name, version in versions.items()
        if version != Version()
    }
